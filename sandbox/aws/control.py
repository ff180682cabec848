"""The control of a simulated AWS from Python, for tests and the demo (``docs/simulated-aws.md``)."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = dict[str, Any]


class ControlError(Exception):
    """The simulation did not understand what was asked of its control."""


class Control:
    """Speaks to ``/_sandbox/`` of the simulation at ``url``. Times are virtual, time-outs real seconds."""

    def __init__(self, url: str, *, timeout: float = 150.0) -> None:
        self._base = url.rstrip("/") + "/_sandbox/"
        self._timeout = timeout

    def now(self) -> float:
        """Virtual epoch seconds."""
        return float(self._ask("GET", "clock")["now"])

    def speed(self) -> float:
        """How many times as fast as real time it runs."""
        return float(self._ask("GET", "clock")["speed"])

    def set_speed(self, speed: float) -> None:
        """Let time run so many times as fast as real time from now on; 0 stops it."""
        self._ask("POST", "clock", {"speed": speed})

    def advance(self, seconds: float) -> float:
        """Move time on at once; returns the new time."""
        return float(self._ask("POST", "clock", {"advance": seconds})["now"])

    def calls(self, since: int = 0) -> list[JSON]:
        """Return the logged requests after number ``since``, oldest first."""
        return cast("list[JSON]", self._ask("GET", f"calls?since={since}")["calls"])

    def counts(self) -> dict[str, int]:
        """Return how many requests there were of each operation since the log was cleared."""
        return cast("dict[str, int]", self._ask("GET", "calls?since=999999999")["counts"])

    def clear_calls(self) -> None:
        """Empty the log, and count requests and writes from 1 again."""
        self._ask("DELETE", "calls")

    def state(self) -> JSON:
        """Return everything that AWS remembers, by ``account/region``, without times and random ids."""
        return self._ask("GET", "state")

    def record(self) -> None:
        """Note, from now on, what AWS holds at each request about endpoints."""
        self._ask("POST", "recording", {"on": True})

    def recording(self, since: int = 0) -> JSON:
        """Return the recorded requests after number ``since``, and the states that they name."""
        return self._ask("GET", f"recording?since={since}")

    def edit(self, *, account: str = "123456789012", region: str = "us-east-1", **edits: object) -> JSON:
        """Do something to AWS behind everybody's back, such as ``missing={"role": arn}``."""
        return self._ask("POST", "edits", {"account": account, "region": region, **edits})

    def set_traffic(self, endpoint: str, *, per_minute: float) -> None:
        """Make so many requests a minute at an endpoint inside the simulation from now on; 0 ends it."""
        self._ask("POST", "traffic", {"endpoint": endpoint, "ratePerMinute": per_minute})

    def add_fault(
        self,
        effect: Mapping[str, Any],
        *,
        match: Mapping[str, Any] | None = None,
        count: int | None = 1,
        probability: float = 1.0,
    ) -> str:
        """Order a fault; returns its id."""
        rule = {"match": match or {}, "effect": effect, "count": count, "probability": probability}
        return str(self._ask("POST", "faults", rule)["id"])

    def faults(self) -> list[JSON]:
        """Return the rules in force, with how many requests each has seen and how often it fired."""
        return cast("list[JSON]", self._ask("GET", "faults")["faults"])

    def remove_fault(self, fault_id: str) -> None:
        self._ask("DELETE", f"faults/{fault_id}")

    def chaos(self) -> dict[str, bool]:
        """Return which of stale reads, lost answers and throttling are on."""
        return cast("dict[str, bool]", self._ask("GET", "chaos"))

    def set_chaos(
        self,
        *,
        stale: bool | None = None,
        lost_answers: bool | None = None,
        throttling: bool | None = None,
    ) -> None:
        """Switch stale reads, lost answers and throttling on or off."""
        asked = {"stale": stale, "lost_answers": lost_answers, "throttling": throttling}
        self._ask("POST", "chaos", {name: value for name, value in asked.items() if value is not None})

    def hold(self, match: Mapping[str, Any], *, when: str) -> None:
        """Park the next request that matches, ``before`` its effect or ``after`` it."""
        self._ask("POST", "hold", {"match": match, "when": when})

    def forget_holds(self) -> None:
        """Withdraw the orders to park that are not spent; what is parked stays parked."""
        self._ask("DELETE", "hold")

    def held(self, timeout: float = 30.0) -> list[JSON]:
        """Return what is parked, as soon as anything is; an empty list when the time is up."""
        return cast("list[JSON]", self._ask("GET", f"held?timeout={timeout}")["held"])

    def release(self, *, parked_id: int | None = None, drop: bool = False) -> int:
        """Let what is parked go on, or drop its connection; returns how many requests that were."""
        return int(self._ask("POST", "release", {"id": parked_id, "drop": drop})["released"])

    def permissions(self) -> JSON:
        """Return, by ``account/principal`` of those with policies, what was needed: actions on resources."""
        return self._ask("GET", "permissions")

    def ledger(self) -> JSON:
        """Return the seed, and what it chose for each row that has variants."""
        return self._ask("GET", "ledger")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> JSON:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data=data, method=method)  # noqa: S310  our own URL
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as answer:  # noqa: S310  our own URL
                return cast("JSON", json.load(answer))
        except urllib.error.HTTPError as error:
            raise ControlError(f"{method} {path}: {error.read().decode(errors='replace')}") from None
