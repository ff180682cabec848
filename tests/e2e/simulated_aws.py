"""A simulated AWS of a test's own, behind a real socket, and what its call log and its state say."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sandbox.aws.engine.catalogue  # noqa: F401 - importing it registers the operations
from sandbox.aws.clock import VirtualClock
from sandbox.aws.control import Control
from sandbox.aws.engine.core import Engine
from sandbox.aws.gateway import Gateway
from sandbox.aws.server import Server

Eventually = Callable[..., Any]

SPEED = 100.0
START = datetime(2026, 1, 1, 0, 10, tzinfo=UTC).timestamp()
"""Ten minutes past the hour: an hourly window of metrics ends more than half a real minute later."""

_EXPLAINED = ("Cannot create already existing", "Could not find", "No scalable target found", "in-progress")
"""What AWS says of what exists already, is gone, or is busy."""

_REST_SECONDS = 120.0
"""Longer, on AWS's clock, than the operator waits for a read to show a write."""
_REST_PASSES = 6
"""More than the endpoint is read in a pass that lists garbage, and in the one after it."""


class SimulatedAws(Control):
    """Everything of one account and region, for nobody but this test."""

    def __init__(self, url: str, eventually: Eventually) -> None:
        super().__init__(url)
        self.url = url
        self._eventually = eventually

    def writes(self) -> list[str]:
        """Return the operations that took effect since the log was cleared, in their order."""
        return [call["operation"] for call in self.calls() if call["write"] and _took_effect(call)]

    def refusals(self) -> list[tuple[str, str]]:
        """Return each refused write with AWS's words."""
        return [
            (call["operation"], call["message"])
            for call in self.calls()
            if call["write"] and call["outcome"] == "refused"
        ]

    def unexplained_refusals(self) -> list[tuple[str, str]]:
        """Return the refused writes that no lost answer, stale read or busy endpoint explains."""
        return [
            (what, said) for what, said in self.refusals() if not any(word in said for word in _EXPLAINED)
        ]

    def last(self, operation: str) -> dict[str, Any]:
        """Return the parameters of the last call of an operation."""
        found: dict[str, Any] = next(
            call["params"] for call in reversed(self.calls()) if call["operation"] == operation
        )
        return found

    def rests(self) -> None:
        """Wait until the operator has looked several times from now on and found nothing to write."""
        now = max((call["n"] for call in self.calls()), default=0)
        self._eventually(lambda: self._rest(now), _rested, within=90)

    def _rest(self, since: int) -> tuple[int, float]:
        """Return how many passes have read an endpoint since the last write, and over how many seconds."""
        calls = self.calls(since)
        last_write = max((call["n"] for call in calls if call["write"]), default=since)
        reads = [call for call in calls if call["n"] > last_write and call["operation"] == "DescribeEndpoint"]
        return len(reads), reads[-1]["time"] - reads[0]["time"] if reads else 0.0

    def is_asked_again(self, passes: int = 3) -> None:
        """Wait until so many passes more have read an endpoint."""
        before = self.counts().get("DescribeEndpoint", 0)
        self._eventually(
            lambda: self.counts().get("DescribeEndpoint", 0), lambda now: now > before + passes, within=60
        )

    def everything(self) -> dict[str, Any]:
        """Return the whole state of the one account and region that the operator works in."""
        (content,) = self.state().values() or ({},)
        return dict(content)

    def section(self, name: str) -> dict[str, Any]:
        """Return a part of the state: models, endpointConfigs, endpoints, scalableTargets or tags."""
        return dict(self.everything().get(name, {}))

    def variant(self, name: str, endpoint: str = "reviews") -> dict[str, Any]:
        """Return a variant as the endpoint runs it."""
        found: dict[str, Any] = self.section("endpoints")[endpoint]["variants"][name]
        return found

    def weights(self, endpoint: str = "reviews") -> dict[str, float]:
        variants = self.section("endpoints")[endpoint]["variants"]
        return {name: variant["currentWeight"] for name, variant in variants.items()}


def _rested(rest: tuple[int, float]) -> bool:
    passes, seconds = rest
    return passes >= _REST_PASSES and seconds >= _REST_SECONDS


def _took_effect(call: dict[str, Any]) -> bool:
    return call["outcome"] in {"effect", "dropped-after-effect"}


@contextmanager
def simulated_aws(
    eventually: Eventually,
    *,
    seed: int = 0,
    speed: float = SPEED,
    start: float = START,
    stale: bool = False,
    lost_answers: bool = False,
) -> Iterator[SimulatedAws]:
    """Serve a fresh AWS in a thread of its own; it is empty, and everything that it needs exists."""
    clock = VirtualClock(start=start, speed=speed)
    gateway = Gateway(Engine(clock=clock, seed=seed), stale_reads=stale, lost_answers=lost_answers)
    loop, server = asyncio.new_event_loop(), Server(gateway)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    url = asyncio.run_coroutine_threadsafe(server.start("127.0.0.1", 0), loop).result(10)
    try:
        yield SimulatedAws(url, eventually)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        asyncio.run_coroutine_threadsafe(_end_what_runs(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end_what_runs() -> None:
    """Cancel the connections that are still open, so that none outlives its loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
