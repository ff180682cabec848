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
from math import sqrt
from typing import Final

from sagemaker_ab.traffic.counts import Minute, metric_reader
from sagemaker_ab.traffic.evidence.block_sums import SUMS_STATE_SIZE, BlockSums
from sagemaker_ab.traffic.evidence.signed_evidence import (
    NO_EVIDENCE,
    SignedEvidence,
    combine,
    combined_interval,
)
from sagemaker_ab.traffic.evidence.strata import (
    STRATUM_MINUTES,
    STRATUM_STATE_SIZE,
    Stratum,
    StratumBuilder,
)

BLOCK_MINUTES: Final = (10, 30, 90, 270, 810)
"""The block lengths, each with a test of its own."""

_MIN_EXPECTED_EVENTS: Final = 2.0
"""A block stays open until each variant has at least this many expected events, at a ratio of 1.

A greater number would delay verdicts about rare events.
"""

# Over all strata so far: Σ x_b·n_a/N, Σ x_a·n_b/N, Σ X·n_a·n_b/N² and Σ X·min(n_a, n_b)/N.
_RunningSums = tuple[float, float, float, float]
_NO_SUMS: Final[_RunningSums] = (0.0, 0.0, 0.0, 0.0)


class _RateBlocks:
    """The blocks of one length: the sums of the closed ones, and where the open one started.

    `start` is the first minute of the open block, -1 if it has no stratum yet. `before` are the running sums
    at the end of the last closed block.
    """

    __slots__ = ("before", "closed", "minutes", "start")

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        self.closed = BlockSums()
        self.start = -1.0
        self.before = _NO_SUMS

    def add(self, start: float, running: _RunningSums) -> bool:
        """Add the stratum that starts at minute `start` and is included in `running`.

        Return whether a block closed.
        """
        if self.start < 0.0:
            self.start = start
        before = self.before
        if (
            start + STRATUM_MINUTES - self.start < self.minutes
            or running[3] - before[3] < _MIN_EXPECTED_EVENTS
        ):
            return False
        root = sqrt(running[2] - before[2])
        self.closed.add((running[0] - before[0]) / root, (running[1] - before[1]) / root)
        self.start, self.before = -1.0, running
        return True

    def numbers(self) -> list[float]:
        return [self.start, *self.before, *self.closed.numbers()]

    def restore(self, numbers: Sequence[float]) -> None:
        self.start = numbers[0]
        self.before = (numbers[1], numbers[2], numbers[3], numbers[4])
        self.closed.restore(numbers[5:])


_BLOCKS_STATE_SIZE: Final = 5 + SUMS_STATE_SIZE


class RateComparison:
    """Compares two variants by the rate of one counted metric. `Comparison` documents its members."""

    __slots__ = (
        "_a",
        "_b",
        "_evidence",
        "_lengths",
        "_running",
        "_stratum",
        "_totals",
        "last_seen",
        "peak_evidence",
    )

    def __init__(self, *, baseline: str, challenger: str, metric: str) -> None:
        self._a, self._b = baseline, challenger
        self._stratum = StratumBuilder(metric_reader(metric))
        self._lengths = [_RateBlocks(minutes) for minutes in BLOCK_MINUTES]
        self._running = _NO_SUMS
        # Σn_a, Σx_a, Σn_b and Σx_b over all strata.
        self._totals = (0.0, 0.0, 0.0, 0.0)
        # The evidence at a ratio of 1, None until it is computed again.
        self._evidence: SignedEvidence | None = NO_EVIDENCE
        self.last_seen = -1.0
        self.peak_evidence = 0.0

    def add(self, minute: Minute) -> None:
        a, b = minute.counts.get(self._a), minute.counts.get(self._b)
        if a is None or b is None:
            return
        compares, closed = self._stratum.add(minute.at, a, b)
        if compares:
            self.last_seen = float(minute.at)
        if closed is not None:
            self.add_stratum(closed)

    def add_stratum(self, stratum: Stratum) -> None:
        """Add a closed stratum directly. `add` does this when a minute closes one."""
        start, n_a, x_a, n_b, x_b = stratum
        sum_n_a, sum_x_a, sum_n_b, sum_x_b = self._totals
        self._totals = (sum_n_a + n_a, sum_x_a + x_a, sum_n_b + n_b, sum_x_b + x_b)
        events, trials = x_a + x_b, n_a + n_b
        if events <= 0.0:
            return
        sum_b, sum_a, sum_u, sum_expected = self._running
        self._running = running = (
            sum_b + x_b * n_a / trials,
            sum_a + x_a * n_b / trials,
            sum_u + events * n_a * n_b / (trials * trials),
            sum_expected + events * min(n_a, n_b) / trials,
        )
        closed = [length.add(start, running) for length in self._lengths]
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
        """The estimator of Mantel and Haenszel over all strata."""
        challenger, baseline, *_ = self._running
        return challenger / baseline if baseline > 0.0 else None

    @property
    def values(self) -> tuple[float | None, float | None]:
        n_a, x_a, n_b, x_b = self._totals
        return (x_a / n_a if n_a else None), (x_b / n_b if n_b else None)

    def numbers(self) -> list[float]:
        lengths = [number for length in self._lengths for number in length.numbers()]
        return [
            self.last_seen,
            self.peak_evidence,
            *self._totals,
            *self._running,
            *self._stratum.numbers(),
            *lengths,
        ]

    def restore(self, numbers: Sequence[float]) -> None:
        left = iter(numbers)

        def four() -> tuple[float, float, float, float]:
            return next(left), next(left), next(left), next(left)

        self.last_seen, self.peak_evidence = next(left), next(left)
        self._totals, self._running = four(), four()
        self._stratum.restore([next(left) for _ in range(STRATUM_STATE_SIZE)])
        for length in self._lengths:
            length.restore([next(left) for _ in range(_BLOCKS_STATE_SIZE)])
        self._evidence = None
