"""Whether a breaker ever tripped: an absolute bound on a few minutes of one variant together.

No statistics. Every minute is walked, however seldom it is looked, and only minutes in which the metric is
known count: absent is not zero.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from sagemaker_ab.api.policies.common import LATENCY, Breaker
from sagemaker_ab.traffic.counts import Counts, Minute, reading

_NEVER: Final = -1.0


class BreakerWatch:
    """`tripped_at` is the value that broke the bound first (a rate, or microseconds); None before."""

    __slots__ = ("_breaker", "_read", "_recent", "_variant", "last", "tripped_at")

    def __init__(self, breaker: Breaker, *, variant: str) -> None:
        self._breaker = breaker
        self._variant = variant
        self._read = _p99 if breaker.metric == LATENCY else reading(breaker.metric)
        nothing = (_NEVER, 0.0, 0.0)
        self._recent = deque([nothing] * breaker.for_minutes, maxlen=breaker.for_minutes)
        self.last = _NEVER
        self.tripped_at: float | None = None

    def add(self, minute: Minute) -> None:
        counts = minute.counts.get(self._variant)
        value, calls = (None, None) if counts is None else self._read(counts)
        if value is None or calls is None:
            return
        self.last = float(minute.at)
        self._recent.append((self.last, value, calls))
        if self.tripped_at is None:
            self.tripped_at = self._beyond()

    def _beyond(self) -> float | None:
        """Return the value of the last minutes where it is beyond the bound, and enough was asked."""
        oldest = self.last - self._breaker.for_minutes
        recent = [(value, calls) for at, value, calls in self._recent if at > max(oldest, _NEVER)]
        asked = sum(calls for _, calls in recent)
        if asked < self._breaker.min_requests:
            return None
        if self._breaker.max_micros is not None:
            least = min(value for value, _ in recent)
            lasted = len(recent) == self._breaker.for_minutes
            return least if lasted and least > self._breaker.max_micros else None
        failed = sum(value for value, _ in recent)
        return failed / asked if failed > float(self._breaker.max_rate or 1) * asked else None

    def numbers(self) -> list[float]:
        tripped_at = _NEVER if self.tripped_at is None else self.tripped_at
        return [self.last, tripped_at, *(number for each in self._recent for number in each)]

    def restore(self, numbers: Sequence[float]) -> None:
        self.last = numbers[0]
        self.tripped_at = None if numbers[1] == _NEVER else numbers[1]
        rest = iter(numbers[2:])
        self._recent.extend(zip(rest, rest, rest, strict=True))


def _p99(counts: Counts) -> tuple[float | None, float | None]:
    return counts.latency_p99_micros, counts.invocations
