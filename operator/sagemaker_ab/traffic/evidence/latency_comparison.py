"""The comparison of two average latencies.

CloudWatch has no raw samples. Percentiles of unequal counts are not comparable, and the logarithm of a ratio
of averages is biased where counts differ; differences of averages are neither. At ratio θ a minute gives
h·(avg_b - θ·avg_a) with h = n_a n_b / (n_a + n_b), summed over blocks and scaled by the baseline's average of
the block before.
"""

from collections.abc import Sequence
from typing import Final

from sagemaker_ab.api.policies.common import LATENCY
from sagemaker_ab.traffic.counts import Minute, reading
from sagemaker_ab.traffic.evidence.block_sums import SUMS, Sums
from sagemaker_ab.traffic.evidence.signed_evidence import NOTHING, Finding, hull, together

_LENGTHS: Final = (10, 30, 90, 270)
_LEAST_INFORMATION: Final = 5.0


class _Length:
    """The open block of one length, and the sums of the closed ones."""

    __slots__ = ("a", "b", "calls", "closed", "micros", "minutes", "scale", "start", "u")

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        self.closed = Sums()
        self.scale = 0.0
        self._open()

    def _open(self) -> None:
        self.start = -1.0
        self.u = self.b = self.a = self.calls = self.micros = 0.0

    def add(self, at: int, a: tuple[float, float], b: tuple[float, float]) -> bool:
        """Take a minute's (average, calls) of both; return whether a block closed that counts."""
        (average_a, n_a), (average_b, n_b) = a, b
        if self.start < 0.0:
            self.start = float(at)
        h = n_a * n_b / (n_a + n_b)
        self.b += h * average_b
        self.a += h * average_a
        self.calls += n_a
        self.micros += n_a * average_a
        self.u += min(n_a, n_b)
        if at + 1 - self.start < self.minutes or self.u < _LEAST_INFORMATION:
            return False
        scaled = self.scale > 0.0
        if scaled:
            self.closed.add(self.b / self.scale, self.a / self.scale)
        self.scale = self.micros / self.calls
        self._open()
        return scaled

    def numbers(self) -> list[float]:
        open_block = [self.start, self.u, self.b, self.a, self.calls, self.micros]
        return [self.scale, *open_block, *self.closed.numbers()]

    def restore(self, numbers: Sequence[float]) -> None:
        self.scale, self.start, self.u, self.b, self.a = numbers[:5]
        self.calls, self.micros = numbers[5:7]
        self.closed.restore(numbers[7 : 7 + SUMS])


class LatencyComparison:
    """Two variants' average latencies."""

    __slots__ = ("_a", "_b", "_finding", "_lengths", "_read", "_totals", "last", "most")

    def __init__(self, *, baseline: str, challenger: str) -> None:
        self._a, self._b = baseline, challenger
        self._read = reading(LATENCY)
        self._lengths = [_Length(minutes) for minutes in _LENGTHS]
        self._totals = [0.0, 0.0, 0.0, 0.0]
        self._finding: Finding | None = NOTHING
        self.last = -1.0
        self.most = 0.0

    def add(self, minute: Minute) -> None:
        a, b = minute.counts.get(self._a), minute.counts.get(self._b)
        if a is None or b is None:
            return
        (average_a, n_a), (average_b, n_b) = self._read(a), self._read(b)
        # A minute without calls has no average.
        if not n_a or not n_b or average_a is None or average_b is None:
            return
        self.last = float(minute.at)
        taken = (n_a, n_a * average_a, n_b, n_b * average_b)
        self._totals = [sum(pair) for pair in zip(self._totals, taken, strict=True)]
        closed = [length.add(minute.at, (average_a, n_a), (average_b, n_b)) for length in self._lengths]
        if any(closed):
            self._finding = None
            self.most = max(self.most, self.finding().evidence)

    def finding(self, ratio: float = 1.0) -> Finding:
        if ratio != 1.0:
            return together((length.closed for length in self._lengths), ratio)
        if self._finding is None:
            self._finding = together((length.closed for length in self._lengths), 1.0)
        return self._finding

    def interval(self, needed: float) -> tuple[float, float] | None:
        return hull((length.closed for length in self._lengths), needed)

    @property
    def estimate(self) -> float | None:
        shortest = self._lengths[0].closed
        return shortest.b / shortest.a if shortest.a > 0.0 else None

    @property
    def values(self) -> tuple[float | None, float | None]:
        n_a, micros_a, n_b, micros_b = self._totals
        return (micros_a / n_a if n_a else None), (micros_b / n_b if n_b else None)

    def numbers(self) -> list[float]:
        lengths = [number for length in self._lengths for number in length.numbers()]
        return [self.last, self.most, *self._totals, *lengths]

    def restore(self, numbers: Sequence[float]) -> None:
        self.last, self.most = numbers[:2]
        self._totals = list(numbers[2:6])
        rest = numbers[6:]
        size = len(rest) // len(self._lengths)
        for place, length in enumerate(self._lengths):
            length.restore(rest[size * place : size * (place + 1)])
        self._finding = None
