"""The state of a breaker: an absolute bound on the last few minutes of one variant, without statistics.

Every minute is checked, however rarely the run is evaluated. Minutes without the metric are skipped, because
absent data is not zero.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from sagemaker_ab.api.policies.common import LATENCY, Breaker
from sagemaker_ab.traffic.counts import Counts, Minute, metric_reader

_NEVER: Final = -1.0


class BreakerState:
    """Whether the breaker of one variant has tripped.

    `tripped_value` is the value that first exceeded the bound, a rate or microseconds; None if none did.
    `last_seen` is the last minute with the metric, in minutes since 1970-01-01 UTC, -1 before the first.
    """

    __slots__ = ("_breaker", "_read", "_recent", "_variant", "last_seen", "tripped_value")

    def __init__(self, breaker: Breaker, *, variant: str) -> None:
        self._breaker = breaker
        self._variant = variant
        self._read = _read_p99 if breaker.metric == LATENCY else metric_reader(breaker.metric)
        # (minute, value, calls) of the last minutes with the metric; value is events or p99 microseconds.
        self._recent = deque([(_NEVER, 0.0, 0.0)] * breaker.for_minutes, maxlen=breaker.for_minutes)
        self.last_seen = _NEVER
        self.tripped_value: float | None = None

    def add(self, minute: Minute) -> None:
        counts = minute.counts.get(self._variant)
        value, calls = (None, None) if counts is None else self._read(counts)
        if value is None or calls is None:
            return
        self.last_seen = float(minute.at)
        self._recent.append((self.last_seen, value, calls))
        if self.tripped_value is None:
            self.tripped_value = self._exceeding()

    def _exceeding(self) -> float | None:
        """Return the value of the last `for_minutes` minutes if it exceeds the bound; None below minRequests.

        A p99 must exceed the bound in every one of the minutes; the lowest is returned.
        """
        oldest = self.last_seen - self._breaker.for_minutes
        recent = [(value, calls) for at, value, calls in self._recent if at > max(oldest, _NEVER)]
        total_calls = sum(calls for _, calls in recent)
        if total_calls < self._breaker.min_requests:
            return None
        bound = self._breaker.bound
        if self._breaker.metric == LATENCY:
            lowest = min(value for value, _ in recent)
            complete = len(recent) == self._breaker.for_minutes
            return lowest if complete and lowest > bound else None
        events = sum(value for value, _ in recent)
        return events / total_calls if events > bound * total_calls else None

    def numbers(self) -> list[float]:
        tripped_value = _NEVER if self.tripped_value is None else self.tripped_value
        return [self.last_seen, tripped_value, *(number for each in self._recent for number in each)]

    def restore(self, numbers: Sequence[float]) -> None:
        self.last_seen = numbers[0]
        self.tripped_value = None if numbers[1] == _NEVER else numbers[1]
        rest = iter(numbers[2:])
        self._recent.extend(zip(rest, rest, rest, strict=True))


def _read_p99(counts: Counts) -> tuple[float | None, float | None]:
    return counts.latency_p99_micros, counts.invocations
