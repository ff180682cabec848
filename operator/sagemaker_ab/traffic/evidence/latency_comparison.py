"""Compares two average latencies in blocks of several lengths.

CloudWatch has averages and percentiles but no samples. Percentiles of different numbers of calls estimate
different quantities, and the logarithm of a ratio of averages is biased where the numbers of calls differ. A
difference of averages has neither problem. At a null ratio θ a minute contributes

    h·(avg_b - θ·avg_a)  with  h = n_a·n_b / (n_a + n_b)

in microseconds times calls. A block sums the minutes and divides by the baseline's average of the block
before, which is known beforehand, so the blocks of one length are on one scale.
"""

from collections.abc import Sequence
from typing import Final

from sagemaker_ab.api.policies.common import LATENCY
from sagemaker_ab.traffic.counts import Minute, metric_reader
from sagemaker_ab.traffic.evidence.block_sums import SUMS_STATE_SIZE, BlockSums
from sagemaker_ab.traffic.evidence.signed_evidence import (
    NO_EVIDENCE,
    SignedEvidence,
    combine,
    combined_interval,
)

_BLOCK_MINUTES: Final = (10, 30, 90, 270)
_MIN_CALLS: Final = 5.0
"""A block stays open until the sum over its minutes of the smaller number of calls reaches this."""


class _LatencyBlocks:
    """The blocks of one length: the sums of the closed ones, and the sums of the open one.

    `scale` is the baseline's average of the last block in microseconds, 0 before the first. Of the open
    block, `start` is the first minute (-1 if there is none), `b` and `a` are Σ h·avg of challenger and
    baseline, `calls` and `micros` are the baseline's calls and their total latency, and `min_calls` is
    Σ min(n_a, n_b).
    """

    __slots__ = ("a", "b", "calls", "closed", "micros", "min_calls", "minutes", "scale", "start")

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        self.closed = BlockSums()
        self.scale = 0.0
        self._open()

    def _open(self) -> None:
        self.start = -1.0
        self.min_calls = self.b = self.a = self.calls = self.micros = 0.0

    def add(self, at: int, a: tuple[float, float], b: tuple[float, float]) -> bool:
        """Add (average, calls) of both variants in minute `at`. Return whether a block with a scale closed.

        The first block only gives the scale of the second.
        """
        (average_a, n_a), (average_b, n_b) = a, b
        if self.start < 0.0:
            self.start = float(at)
        h = n_a * n_b / (n_a + n_b)
        self.b += h * average_b
        self.a += h * average_a
        self.calls += n_a
        self.micros += n_a * average_a
        self.min_calls += min(n_a, n_b)
        if at + 1 - self.start < self.minutes or self.min_calls < _MIN_CALLS:
            return False
        scaled = self.scale > 0.0
        if scaled:
            self.closed.add(self.b / self.scale, self.a / self.scale)
        self.scale = self.micros / self.calls
        self._open()
        return scaled

    def numbers(self) -> list[float]:
        open_block = [self.start, self.min_calls, self.b, self.a, self.calls, self.micros]
        return [self.scale, *open_block, *self.closed.numbers()]

    def restore(self, numbers: Sequence[float]) -> None:
        self.scale, self.start, self.min_calls, self.b, self.a = numbers[:5]
        self.calls, self.micros = numbers[5:7]
        self.closed.restore(numbers[7 : 7 + SUMS_STATE_SIZE])


class LatencyComparison:
    """The comparison of two variants by average latency."""

    __slots__ = ("_a", "_b", "_evidence", "_lengths", "_read", "_totals", "last_seen", "peak_evidence")

    def __init__(self, *, baseline: str, challenger: str) -> None:
        self._a, self._b = baseline, challenger
        self._read = metric_reader(LATENCY)
        self._lengths = [_LatencyBlocks(minutes) for minutes in _BLOCK_MINUTES]
        # Calls and total latency in microseconds of the baseline, then of the challenger.
        self._totals = [0.0, 0.0, 0.0, 0.0]
        # The evidence at a ratio of 1, None until it is computed again.
        self._evidence: SignedEvidence | None = NO_EVIDENCE
        self.last_seen = -1.0
        self.peak_evidence = 0.0

    def add(self, minute: Minute) -> None:
        a, b = minute.counts.get(self._a), minute.counts.get(self._b)
        if a is None or b is None:
            return
        (average_a, n_a), (average_b, n_b) = self._read(a), self._read(b)
        # A minute without calls has no average.
        if not n_a or not n_b or average_a is None or average_b is None:
            return
        self.last_seen = float(minute.at)
        added = (n_a, n_a * average_a, n_b, n_b * average_b)
        self._totals = [sum(pair) for pair in zip(self._totals, added, strict=True)]
        closed = [length.add(minute.at, (average_a, n_a), (average_b, n_b)) for length in self._lengths]
        if any(closed):
            self._evidence = None
            self.peak_evidence = max(self.peak_evidence, self.evidence_at().evidence)

    def evidence_at(self, ratio: float = 1.0) -> SignedEvidence:
        if ratio != 1.0:
            return combine((length.closed for length in self._lengths), ratio)
        if self._evidence is None:
            self._evidence = combine((length.closed for length in self._lengths), 1.0)
        return self._evidence

    def interval(self, threshold: float) -> tuple[float, float] | None:
        return combined_interval((length.closed for length in self._lengths), threshold)

    @property
    def estimate(self) -> float | None:
        """The ratio of the sums over the closed blocks of the shortest length."""
        shortest = self._lengths[0].closed
        return shortest.b / shortest.a if shortest.a > 0.0 else None

    @property
    def values(self) -> tuple[float | None, float | None]:
        n_a, micros_a, n_b, micros_b = self._totals
        return (micros_a / n_a if n_a else None), (micros_b / n_b if n_b else None)

    def numbers(self) -> list[float]:
        lengths = [number for length in self._lengths for number in length.numbers()]
        return [self.last_seen, self.peak_evidence, *self._totals, *lengths]

    def restore(self, numbers: Sequence[float]) -> None:
        self.last_seen, self.peak_evidence = numbers[:2]
        self._totals = list(numbers[2:6])
        rest = numbers[6:]
        size = len(rest) // len(self._lengths)
        for index, length in enumerate(self._lengths):
            length.restore(rest[size * index : size * (index + 1)])
        self._evidence = None
