"""The comparison of two rates in blocks at several lengths.

In a stratum of N = n_a + n_b trials and X events, under "B's rate is θ times A's" the difference
x_b·n_a/N - θ·x_a·n_b/N has mean 0 whatever the rates are: Mantel and Haenszel's estimating function. Where
events are rare its variance is θ times the mean of u = X·n_a·n_b/N², whatever the weights are. A block sums
these over strata and gives y = Σ(difference) / √Σu. Noise of a variant's own makes y wider, and the t-factor
measures how wide. Noise that lasts is seen only by long blocks: a verdict needs every length at once.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

from sagemaker_ab.traffic.counts import Minute, reading
from sagemaker_ab.traffic.evidence.block_sums import SUMS, Sums
from sagemaker_ab.traffic.evidence.signed_evidence import NOTHING, Finding, hull, together
from sagemaker_ab.traffic.evidence.strata import MINUTES, STRATA_NUMBERS, Strata, Stratum

LENGTHS: Final = (10, 30, 90, 270, 810)
"""Minutes of the blocks."""

_LEAST_EVENTS: Final = 2.0
"""A block is open until each variant would have had so many at a ratio of 1: more make rare events slower."""

# Of all strata so far: Σ x_b·n_a/N, Σ x_a·n_b/N, Σ X·n_a·n_b/N² and Σ X·min(n_a, n_b)/N.
_Running = tuple[float, float, float, float]
_NOTHING: Final[_Running] = (0.0, 0.0, 0.0, 0.0)


class _Length:
    """The closed blocks of one length; of the open one, when it began and the running sums until then."""

    __slots__ = ("before", "closed", "minutes", "start")

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        self.closed = Sums()
        self.start = -1.0
        self.before = _NOTHING

    def add(self, start: float, running: _Running) -> bool:
        """Take the running sums with a stratum; return whether it closed the block."""
        if self.start < 0.0:
            self.start = start
        before = self.before
        if start + MINUTES - self.start < self.minutes or running[3] - before[3] < _LEAST_EVENTS:
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


_LENGTH_NUMBERS: Final = 5 + SUMS


class RateComparison:
    """Two variants, one counted metric."""

    __slots__ = ("_a", "_b", "_finding", "_lengths", "_running", "_strata", "_totals", "last", "most")

    def __init__(self, *, baseline: str, challenger: str, metric: str) -> None:
        self._a, self._b = baseline, challenger
        self._strata = Strata(reading(metric))
        self._lengths = [_Length(minutes) for minutes in LENGTHS]
        self._running = _NOTHING
        self._totals = (0.0, 0.0, 0.0, 0.0)
        self._finding: Finding | None = NOTHING
        self.last = -1.0
        self.most = 0.0

    def add(self, minute: Minute) -> None:
        a, b = minute.counts.get(self._a), minute.counts.get(self._b)
        if a is None or b is None:
            return
        compares, ended = self._strata.add(minute.at, a, b)
        if compares:
            self.last = float(minute.at)
        if ended is not None:
            self.add_stratum(ended)

    def add_stratum(self, stratum: Stratum) -> None:
        """Take a whole stratum, as `add` does when a minute ends one."""
        start, n_a, x_a, n_b, x_b = stratum
        sum_n_a, sum_x_a, sum_n_b, sum_x_b = self._totals
        self._totals = (sum_n_a + n_a, sum_x_a + x_a, sum_n_b + n_b, sum_x_b + x_b)
        events, trials = x_a + x_b, n_a + n_b
        if events <= 0.0:
            return
        sum_b, sum_a, sum_u, sum_least = self._running
        self._running = running = (
            sum_b + x_b * n_a / trials,
            sum_a + x_a * n_b / trials,
            sum_u + events * n_a * n_b / (trials * trials),
            sum_least + events * min(n_a, n_b) / trials,
        )
        closed = [length.add(start, running) for length in self._lengths]
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
        challenger, baseline, *_ = self._running
        return challenger / baseline if baseline > 0.0 else None

    @property
    def values(self) -> tuple[float | None, float | None]:
        n_a, x_a, n_b, x_b = self._totals
        return (x_a / n_a if n_a else None), (x_b / n_b if n_b else None)

    def numbers(self) -> list[float]:
        lengths = [number for length in self._lengths for number in length.numbers()]
        return [self.last, self.most, *self._totals, *self._running, *self._strata.numbers(), *lengths]

    def restore(self, numbers: Sequence[float]) -> None:
        left = iter(numbers)

        def four() -> tuple[float, float, float, float]:
            return next(left), next(left), next(left), next(left)

        self.last, self.most = next(left), next(left)
        self._totals, self._running = four(), four()
        self._strata.restore([next(left) for _ in range(STRATA_NUMBERS)])
        for length in self._lengths:
            length.restore([next(left) for _ in range(_LENGTH_NUMBERS)])
        self._finding = None
