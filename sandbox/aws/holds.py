"""Requests parked on order, before their effect or with the answer withheld, until they are released.

This is for kill matrices: whoever sent the request is killed while it is parked.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sandbox.aws.rules import BadRuleError, Match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.calls import CallRecord


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(slots=True)
class Hold:
    """An order to park the ``nth`` request that matches; it is spent by the first that it parks.

    ``settled`` is set when the request has run its course, with or without an effect and an answer.
    """

    match: Match
    when: When
    seen: int = 0
    settled: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Parked:
    id: int
    record: CallRecord
    hold: Hold
    released: asyncio.Event = field(default_factory=asyncio.Event)
    drop: bool = False

    def describe(self) -> dict[str, Any]:
        record = self.record
        return {
            "id": self.id,
            "n": record.n,
            "operation": record.operation,
            "resource": record.resource,
            "write_number": record.write_number,
            "when": self.hold.when.value,
        }


class Holds:
    def __init__(self) -> None:
        self._orders: list[Hold] = []
        self._parked: dict[int, Parked] = {}
        self._ids = itertools.count(1)
        self._changed = asyncio.Event()

    def order(self, raw: Mapping[str, Any]) -> None:
        """Park a coming request; raises BadRuleError."""
        try:
            when = When(raw["when"])
        except (KeyError, ValueError):
            raise BadRuleError("a hold has a match, and when: before or after") from None
        self._orders.append(Hold(Match.parse(raw.get("match", {})), when))

    def forget_orders(self) -> None:
        self._orders.clear()

    def pick(self, record: CallRecord) -> Hold | None:
        """Return the order that parks this request, now spent, or None."""
        for hold in list(self._orders):
            if hold.match.fits(record):
                hold.seen += 1
                if hold.seen == hold.match.nth:
                    self._orders.remove(hold)
                    return hold
        return None

    async def park(self, record: CallRecord, hold: Hold) -> bool:
        """Wait for the release of a request; returns whether its connection is to be dropped."""
        parked = Parked(next(self._ids), record, hold)
        self._parked[parked.id] = parked
        self._changed.set()
        try:
            await parked.released.wait()
        finally:
            del self._parked[parked.id]
        return parked.drop

    async def held(self, timeout: float) -> list[dict[str, Any]]:  # noqa: ASYNC109  a long poll's own parameter
        """Return what is parked, as soon as anything is or the time is up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not self._parked and loop.time() < deadline:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - loop.time())
            except TimeoutError:
                break
        return [parked.describe() for parked in self._parked.values()]

    async def release(self, *, parked_id: int | None, drop: bool) -> int:
        """Let one parked request, or all, go on; returns how many, once they have run their course."""
        chosen = [one for one in self._parked.values() if parked_id in {None, one.id}]
        for parked in chosen:
            parked.drop = drop
            parked.released.set()
        for parked in chosen:
            await parked.hold.settled.wait()
        return len(chosen)
