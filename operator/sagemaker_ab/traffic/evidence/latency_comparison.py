"""Compares two average latencies in blocks of several lengths.

CloudWatch has averages and percentiles but no samples. Percentiles of different numbers of calls estimate
different quantities, and the logarithm of a ratio of averages is biased where the numbers of calls differ. A
difference of averages has neither problem. At a null ratio θ a minute contributes

    h·(avg_b - θ·avg_a)  with  h = n_a·n_b / (n_a + n_b)

in microseconds times calls. A block sums the minutes and divides by the baseline's average of the block
before, which is known beforehand, so the blocks of one length are on one scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sagemaker_ab.api.policies.common import LATENCY
from sagemaker_ab.traffic.counts import Minute, metric_reader
from sagemaker_ab.traffic.evidence.block_sums import BlockSums
from sagemaker_ab.traffic.evidence.comparison import BlockComparison, ComparisonState

_BLOCK_MINUTES: Final = (10, 30, 90, 270)
_MIN_CALLS: Final = 5.0
"""A block stays open until the sum over its minutes of the smaller number of calls reaches this."""


@dataclass(slots=True)
class OpenLatencyBlock:
    """The sums of an open block.

    `start` is its first minute, -1 if it has none. `b` and `a` are Σ h·avg of challenger and baseline.
    `calls` and `micros` are the baseline's calls and their total latency. `min_calls` is Σ min(n_a, n_b).
    """

    start: float = -1.0
    min_calls: float = 0.0
    b: float = 0.0
    a: float = 0.0
    calls: float = 0.0
    micros: float = 0.0


@dataclass(slots=True)
class LatencyBlocks:
    """The blocks of one length: the sums of the closed ones, and the open one.

    `scale` is the baseline's average of the last block in microseconds, 0 before the first.
    """

    closed: BlockSums = field(default_factory=BlockSums)
    scale: float = 0.0
    open: OpenLatencyBlock = field(default_factory=OpenLatencyBlock)

    def add(self, at: int, a: tuple[float, float], b: tuple[float, float], *, length: int) -> bool:
        """Add (average, calls) of both variants in minute `at`. Return whether a block with a scale closed.

        A block has `length` minutes or more. The first one only gives the scale of the second.
        """
        (average_a, n_a), (average_b, n_b) = a, b
        block = self.open
        if block.start < 0.0:
            block.start = float(at)
        h = n_a * n_b / (n_a + n_b)
        block.b += h * average_b
        block.a += h * average_a
        block.calls += n_a
        block.micros += n_a * average_a
        block.min_calls += min(n_a, n_b)
        if at + 1 - block.start < length or block.min_calls < _MIN_CALLS:
            return False
        scaled = self.scale > 0.0
        if scaled:
            self.closed.add(block.b / self.scale, block.a / self.scale)
        self.scale = block.micros / block.calls
        self.open = OpenLatencyBlock()
        return scaled


@dataclass(slots=True, kw_only=True)
class LatencyState(ComparisonState):
    """Of `totals`, the trials are calls and the amount is their total latency in microseconds."""

    lengths: list[LatencyBlocks]


class LatencyComparison(BlockComparison[LatencyState]):
    """The comparison of two variants by average latency."""

    __slots__ = ("_read",)

    def __init__(self, *, baseline: str, challenger: str) -> None:
        state = LatencyState(lengths=[LatencyBlocks() for _ in _BLOCK_MINUTES])
        super().__init__(state, baseline=baseline, challenger=challenger)
        self._read = metric_reader(LATENCY)

    @property
    def _lengths(self) -> Sequence[LatencyBlocks]:
        return self._state.lengths

    def add(self, minute: Minute) -> None:
        a, b = minute.counts.get(self._a), minute.counts.get(self._b)
        if a is None or b is None:
            return
        (average_a, n_a), (average_b, n_b) = self._read(a), self._read(b)
        # A minute without calls has no average.
        if not n_a or not n_b or average_a is None or average_b is None:
            return
        state = self._state
        state.last_seen = float(minute.at)
        calls_a, micros_a, calls_b, micros_b = state.totals
        state.totals = (
            calls_a + n_a,
            micros_a + n_a * average_a,
            calls_b + n_b,
            micros_b + n_b * average_b,
        )
        closed = [
            blocks.add(minute.at, (average_a, n_a), (average_b, n_b), length=length)
            for length, blocks in zip(_BLOCK_MINUTES, state.lengths, strict=True)
        ]
        if any(closed):
            self._update_evidence()

    @property
    def estimate(self) -> float | None:
        """The ratio of the sums over the closed blocks of the shortest length."""
        shortest = self._state.lengths[0].closed
        return shortest.b / shortest.a if shortest.a > 0.0 else None
