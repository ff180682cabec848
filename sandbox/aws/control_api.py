"""The control of the simulation, under ``/_sandbox/``: JSON in, JSON out. No part of AWS."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sandbox.aws.engine.core import EDITS, STATE_SECTIONS, Engine
from sandbox.aws.engine.iam.identities import needed
from sandbox.aws.errors import AwsError
from sandbox.aws.faults import Chaos
from sandbox.aws.http import DEFAULT_ACCOUNT
from sandbox.aws.rules import BadRuleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.gateway import Gateway
    from sandbox.aws.holds import Holds

PREFIX = "/_sandbox/"
DEFAULT_REGION = "us-east-1"
MAX_POLL_SECONDS = 120.0


class BadControlError(ValueError):
    """A request to the control that it does not understand."""


def state_of(engine: Engine) -> dict[str, Any]:
    """Return the whole state by ``account/region``, without times and random ids, in a stable order."""
    found = {}
    for region in engine.regions():
        sections = {name: section(region) for name, section in STATE_SECTIONS.items()}
        filled = {name: content for name, content in sections.items() if content}
        if filled:
            found[f"{region.account}/{region.name}"] = filled
    return found


def _plain(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def to_json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=_plain).encode()


class ControlApi:
    """What can be asked for, by method and path."""

    def __init__(self, gateway: Gateway, holds: Holds) -> None:
        self._gateway = gateway
        self._engine = gateway.engine
        self._holds = holds
        self._routes: dict[str, Callable[[dict[str, Any]], Any]] = {
            "GET clock": self._clock,
            "POST clock": self._set_clock,
            "GET calls": self._calls,
            "DELETE calls": self._clear_calls,
            "GET state": lambda _: state_of(self._engine),
            "GET recording": lambda asked: gateway.recorder.since(int(asked.get("since", 0))),
            "POST recording": self._record,
            "POST edits": self._edit,
            "POST traffic": self._traffic,
            "GET faults": lambda _: {"faults": [asdict(rule) for rule in gateway.faults.rules()]},
            "POST faults": lambda asked: {"id": gateway.faults.add(asked).id},
            "GET chaos": lambda _: self._chaos(),
            "POST chaos": self._set_chaos,
            "POST hold": self._hold,
            "DELETE hold": self._forget_holds,
            "GET permissions": lambda _: needed(self._engine),
            "GET ledger": lambda _: self._ledger(),
        }

    def paths(self) -> set[str]:
        """Return what can be asked for: methods with paths, those with an id in them up to it."""
        return {*self._routes, "GET held", "POST release", "DELETE faults/"}

    async def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request with a status and JSON; what is wrong with it comes back as 400 or 404."""
        path, _, query = target.removeprefix(PREFIX).partition("?")
        try:
            asked: dict[str, Any] = json.loads(body) if body else dict(parse_qsl(query))
            if f"{method} {path}" == "GET held":
                timeout = min(float(asked.get("timeout", 30)), MAX_POLL_SECONDS)
                return 200, to_json({"held": await self._holds.held(timeout)})
            if f"{method} {path}" == "POST release":
                drop = bool(asked.get("drop", False))
                released = await self._holds.release(parked_id=asked.get("id"), drop=drop)
                return 200, to_json({"released": released})
            return self._answer_now(method, path, asked)
        except (BadControlError, BadRuleError, AwsError, KeyError, TypeError, ValueError) as error:
            return 400, to_json({"error": f"{type(error).__name__}: {error}"})

    def _answer_now(self, method: str, path: str, asked: dict[str, Any]) -> tuple[int, bytes]:
        self._engine.clock.tick()
        route = self._routes.get(f"{method} {path}")
        if method == "DELETE" and path.startswith("faults/"):
            return (200 if self._gateway.faults.remove(path.removeprefix("faults/")) else 404), b"{}"
        if route is None:
            return 404, to_json({"error": f"no {method} {path}", "known": sorted(self._routes)})
        return 200, to_json(route(asked))

    def _clock(self, _: dict[str, Any]) -> dict[str, Any]:
        clock = self._engine.clock
        return {"now": clock.now(), "speed": clock.speed}

    def _set_clock(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "speed" in asked:
            self._engine.clock.set_speed(float(asked["speed"]))
        if "advance" in asked:
            self._engine.clock.advance(float(asked["advance"]))
        return self._clock(asked)

    def _calls(self, asked: dict[str, Any]) -> dict[str, Any]:
        calls = list(self._gateway.calls.since(int(asked.get("since", 0))))
        return {"calls": calls, "counts": self._gateway.calls.counts()}

    def _clear_calls(self, _: dict[str, Any]) -> dict[str, Any]:
        self._gateway.calls.clear()
        return {}

    def _record(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(asked.get("on"), bool):
            raise BadControlError('recording is {"on": true} or {"on": false}')
        self._gateway.recorder.on = asked["on"]
        return {}

    def _edit(self, asked: dict[str, Any]) -> dict[str, Any]:
        region = self._engine.region(
            asked.pop("account", DEFAULT_ACCOUNT), asked.pop("region", DEFAULT_REGION)
        )
        unknown = asked.keys() - EDITS.keys()
        if unknown:
            raise BadControlError(f"no edit {sorted(unknown)}; there are {sorted(EDITS)}")
        return {name: EDITS[name](region, argument) for name, argument in asked.items()}

    def _traffic(self, asked: dict[str, Any]) -> dict[str, Any]:
        place: dict[str, Any] = {key: asked.pop(key) for key in ("account", "region") if key in asked}
        return self._edit(place | {"traffic": asked})

    def _chaos(self) -> dict[str, bool]:
        return asdict(self._gateway.faults.chaos)

    def _set_chaos(self, asked: dict[str, Any]) -> dict[str, bool]:
        chaos = self._chaos()
        if asked.keys() - chaos or not all(isinstance(on, bool) for on in asked.values()):
            raise BadControlError(f"chaos has {sorted(chaos)}, each true or false")
        self._gateway.faults.chaos = Chaos(**(chaos | asked))
        return self._chaos()

    def _hold(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._holds.order(asked)
        return {}

    def _forget_holds(self, _: dict[str, Any]) -> dict[str, Any]:
        self._holds.forget_orders()
        return {}

    def _ledger(self) -> dict[str, Any]:
        ledger = self._engine.ledger
        choices = {row_id: asdict(outcome) for row_id, outcome in ledger.choices()}
        return {"seed": ledger.seed, "choices": choices}
