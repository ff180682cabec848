"""The recorded past of one variant: who was in service when, and what was served in which minute."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.aws.engine.metrics.minute import Minute, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = 60
FOLD = 300


@dataclass(frozen=True, slots=True)
class Fleet:
    """The instances that are in service for a variant; none when it is not in service."""

    instances: int
    instance_type: str


NO_FLEET = Fleet(0, "")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that has one set of counts: a minute, or five once they are old."""

    start: int
    seconds: int
    traffic: Minute | None
    fleet: Fleet


@dataclass(slots=True)
class VariantSeries:
    """All that is kept of one variant. Times are whole seconds since the epoch, at minutes' starts.

    Minutes older than `keep_seconds` fold into spans of five minutes, those older than `forget_seconds`
    are dropped. A minute without a request costs nothing: that the fleet was there is known from its steps.
    """

    endpoint: str
    variant: str
    keep_seconds: int
    forget_seconds: int
    config: str = ""
    """The endpoint config whose fleet this is of, or empty if it is of whatever fleet the variant had."""
    folded_until: int = 0
    first_minute: int | None = None
    """Start of the first minute that saw a request."""
    last_minute: int | None = None
    """Start of the last minute that saw a request."""
    _minutes: dict[int, Minute] = field(default_factory=dict)
    _folded: dict[int, Minute] = field(default_factory=dict)
    _step_times: list[float] = field(default_factory=list)
    _step_fleets: list[Fleet] = field(default_factory=list)

    def set_fleet(self, *, at: float, fleet: Fleet) -> None:
        if self.fleet == fleet:
            return
        if self._step_times and self._step_times[-1] == at:
            self._step_fleets[-1] = fleet
            return
        self._step_times.append(at)
        self._step_fleets.append(fleet)

    @property
    def fleet(self) -> Fleet:
        return self._step_fleets[-1] if self._step_fleets else NO_FLEET

    @property
    def known_since(self) -> float | None:
        """When the variant first came into service."""
        return self._step_times[0] if self._step_times else None

    def in_service_until(self, now: float) -> float | None:
        """Return when the variant was last in service; None if it never was."""
        if self.fleet.instances:
            return now
        return self._step_times[-1] if self._step_times else None

    def fleet_at(self, time: float) -> Fleet:
        index = bisect_right(self._step_times, time)
        return self._step_fleets[index - 1] if index else NO_FLEET

    def record(self, served: Served, *, at: float) -> bool:
        """Take down a request; True when it is the first of its minute."""
        start = int(at) // MINUTE * MINUTE
        first = start != self.last_minute
        if first:
            self._begin(start)
        self._minutes[start].add(served, instances=max(self.fleet.instances, 1))
        return first

    def _begin(self, start: int) -> None:
        if self.last_minute is None:
            self.first_minute = start
        elif self.last_minute in self._minutes:
            self._minutes[self.last_minute].compact()
        self.last_minute = start
        self._minutes.setdefault(start, Minute())
        self._fold(start)

    def _fold(self, now: int) -> None:
        horizon = (now - self.keep_seconds) // FOLD * FOLD
        while (oldest := next(iter(self._minutes))) < horizon:
            block = self._folded.setdefault(oldest // FOLD * FOLD, Minute())
            block.merge(self._minutes.pop(oldest))
            block.compact()
        self.folded_until = max(self.folded_until, horizon)
        while self._folded and (first := next(iter(self._folded))) < now - self.forget_seconds:
            del self._folded[first]

    def minute(self, start: int) -> Minute | None:
        """Return what was served in the minute that starts there, if anything was."""
        return self._minutes.get(start)

    def spans(self, *, start: int, end: int) -> Iterator[Span]:
        """Yield the spans that start within [start, end), oldest first, those without traffic included."""
        at = start
        while at < min(end, self.folded_until):
            block = at // FOLD * FOLD
            if block >= start:
                yield Span(block, FOLD, self._folded.get(block), self.fleet_at(block + FOLD - 1))
            at = block + FOLD
        for minute in range(at, end, MINUTE):
            yield Span(minute, MINUTE, self._minutes.get(minute), self.fleet_at(minute + MINUTE - 1))
