"""Monitors a breaker: an absolute bound on the last few minutes of one variant, without statistics.

Every minute is checked, however rarely the run is evaluated. Minutes without the metric are skipped, because
absent data is not zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sagemaker_ab.api.policies.common import LATENCY, Breaker
from sagemaker_ab.traffic.counts import Counts, Minute, metric_reader

_NEVER: Final = -1.0

_Sample = tuple[float, float]
"""(value, calls) of one minute. The value is a number of events, or a p99 in microseconds."""

_NO_SAMPLE: Final[_Sample] = (0.0, _NEVER)


@dataclass(slots=True)
class BreakerState:
    """`recent` are the samples of the last minutes, up to `last_seen`; of a minute without the metric none.

    `tripped_value` is the value that first exceeded the bound, -1 if none did.
    """

    recent: list[tuple[float, float]] = field(default_factory=list)
    last_seen: float = _NEVER
    tripped_value: float = _NEVER


class BreakerMonitor:
    """Whether the breaker of one variant has tripped."""

    __slots__ = ("_breaker", "_read", "_variant", "state")

    def __init__(self, breaker: Breaker, *, variant: str) -> None:
        self._breaker = breaker
        self._variant = variant
        self._read = _read_p99 if breaker.metric == LATENCY else metric_reader(breaker.metric)
        self.state = BreakerState()

    def add(self, minute: Minute) -> None:
        counts = minute.counts.get(self._variant)
        value, calls = (None, None) if counts is None else self._read(counts)
        if value is None or calls is None:
            return
        state, length = self.state, self._breaker.for_minutes
        skipped = min(minute.at - int(state.last_seen) - 1, length)
        state.recent = [*state.recent, *[_NO_SAMPLE] * skipped, (float(value), float(calls))][-length:]
        state.last_seen = float(minute.at)
        if state.tripped_value == _NEVER:
            state.tripped_value = self._exceeding([each for each in state.recent if each != _NO_SAMPLE])

    def _exceeding(self, recent: Sequence[_Sample]) -> float:
        """Return the value of the last `for_minutes` minutes if it exceeds the bound, else -1.

        It does not below `minRequests`. A p99 must exceed the bound in every one of the minutes; this returns
        the lowest.
        """
        total_calls = sum(calls for _, calls in recent)
        if total_calls < self._breaker.min_requests:
            return _NEVER
        bound = self._breaker.bound
        if self._breaker.metric == LATENCY:
            lowest = min(value for value, _ in recent)
            complete = len(recent) == self._breaker.for_minutes
            return lowest if complete and lowest > bound else _NEVER
        events = sum(value for value, _ in recent)
        return events / total_calls if events > bound * total_calls else _NEVER

    @property
    def tripped_value(self) -> float | None:
        """The value that first exceeded the bound, a rate or microseconds; None if none did."""
        return None if self.state.tripped_value == _NEVER else self.state.tripped_value

    @property
    def last_seen(self) -> float:
        """The last minute with the metric, in minutes since 1970-01-01 UTC, -1 before the first."""
        return self.state.last_seen


def _read_p99(counts: Counts) -> tuple[float | None, float | None]:
    return counts.latency_p99_micros, counts.invocations
