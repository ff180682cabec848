"""Compares two rates in blocks of several lengths.

A stratum has N = n_a + n_b trials and X = x_a + x_b events. If B's rate is θ times A's, the difference

    x_b·n_a/N - θ·x_a·n_b/N

has mean 0 at any rates: it is the estimating function of Mantel and Haenszel (1959). If events are rare, its
variance is θ times the mean of u = X·n_a·n_b/N², at any weights. A block sums differences and u over strata
and contributes y = Σ(difference)/√Σu to the t-test of its length. The t-test estimates the variance of y from
the blocks, so overdispersed counts need no model. Noise that lasts shows only in long blocks, so a verdict
requires that all lengths agree. docs/evidence.md has the derivation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Final

from sagemaker_ab.traffic.counts import Minute, metric_reader
from sagemaker_ab.traffic.evidence.block_sums import BlockSums
from sagemaker_ab.traffic.evidence.comparison import BlockComparison, ComparisonState
from sagemaker_ab.traffic.evidence.strata import STRATUM_MINUTES, OpenStratum, Stratum

BLOCK_MINUTES: Final = (10, 30, 90, 270, 810)
"""The block lengths, each with a test of its own."""

_MIN_EXPECTED_EVENTS: Final = 2.0
"""A block stays open until each variant has at least this many expected events, at a ratio of 1.

A greater number would delay verdicts about rare events.
"""

# Over all strata so far: Σ x_b·n_a/N, Σ x_a·n_b/N, Σ X·n_a·n_b/N² and Σ X·min(n_a, n_b)/N.
_RunningSums = tuple[float, float, float, float]
_NO_SUMS: Final[_RunningSums] = (0.0, 0.0, 0.0, 0.0)


@dataclass(slots=True)
class RateBlocks:
    """The blocks of one length: the sums of the closed ones, and where the open one started.

    `start` is the first minute of the open block, -1 if it has no stratum yet. `before` are the running sums
    at the end of the last closed block.
    """

    closed: BlockSums = field(default_factory=BlockSums)
    start: float = -1.0
    before: tuple[float, float, float, float] = _NO_SUMS

    def add(self, start: float, running: _RunningSums, *, length: int) -> bool:
        """Add the stratum that starts at minute `start` and is included in `running`.

        Return whether a block closed. A block has `length` minutes or more.
        """
        if self.start < 0.0:
            self.start = start
        before = self.before
        if start + STRATUM_MINUTES - self.start < length or running[3] - before[3] < _MIN_EXPECTED_EVENTS:
            return False
        root = sqrt(running[2] - before[2])
        self.closed.add((running[0] - before[0]) / root, (running[1] - before[1]) / root)
        self.start, self.before = -1.0, running
        return True


@dataclass(slots=True, kw_only=True)
class RateState(ComparisonState):
    """`running` are the running sums over all strata. Of `totals`, the amount is the number of events."""

    running: tuple[float, float, float, float] = _NO_SUMS
    stratum: OpenStratum = field(default_factory=OpenStratum)
    lengths: list[RateBlocks]


class RateComparison(BlockComparison[RateState]):
    """Compares two variants by the rate of one counted metric."""

    __slots__ = ("_read",)

    def __init__(self, *, baseline: str, challenger: str, metric: str) -> None:
        state = RateState(lengths=[RateBlocks() for _ in BLOCK_MINUTES])
        super().__init__(state, baseline=baseline, challenger=challenger)
        self._read = metric_reader(metric)

    @property
    def _lengths(self) -> Sequence[RateBlocks]:
        return self._state.lengths

    def add(self, minute: Minute) -> None:
        a, b = minute.counts.get(self._a), minute.counts.get(self._b)
        if a is None or b is None:
            return
        (x_a, n_a), (x_b, n_b) = self._read(a), self._read(b)
        if x_a is None or n_a is None or x_b is None or n_b is None:
            return
        stratum = self._state.stratum
        closed = stratum.add(minute.at, weights=(a.weight, b.weight), counts=(n_a, x_a, n_b, x_b))
        if stratum.has_trials:
            self._state.last_seen = float(minute.at)
        if closed is not None:
            self.add_stratum(closed)

    def add_stratum(self, stratum: Stratum) -> None:
        """Add a closed stratum directly. `add` does this when a minute closes one."""
        state = self._state
        start, n_a, x_a, n_b, x_b = stratum
        sum_n_a, sum_x_a, sum_n_b, sum_x_b = state.totals
        state.totals = (sum_n_a + n_a, sum_x_a + x_a, sum_n_b + n_b, sum_x_b + x_b)
        events, trials = x_a + x_b, n_a + n_b
        if events <= 0.0:
            return
        sum_b, sum_a, sum_u, sum_expected = state.running
        state.running = running = (
            sum_b + x_b * n_a / trials,
            sum_a + x_a * n_b / trials,
            sum_u + events * n_a * n_b / (trials * trials),
            sum_expected + events * min(n_a, n_b) / trials,
        )
        closed = [
            blocks.add(start, running, length=length)
            for length, blocks in zip(BLOCK_MINUTES, state.lengths, strict=True)
        ]
        if any(closed):
            self._update_evidence()

    @property
    def estimate(self) -> float | None:
        """The estimator of Mantel and Haenszel over all strata."""
        challenger, baseline, *_ = self._state.running
        return challenger / baseline if baseline > 0.0 else None
