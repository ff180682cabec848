"""The comparison of two rates in blocks at several lengths.

In a stratum, under "B's rate is θ times A's", x_B of X events are expected to be X·π, π = n_B θ / (n_A + n_B
θ), with variance v = X·π·(1 - π). A block sums s = x_B - X·π and v over strata and gives y = Σs / √Σv. Noise
of a variant's own makes y wider, and the t-factor measures how wide. Noise that lasts is seen only by long
blocks: a verdict needs every length at once.
"""

from collections.abc import Sequence
from math import exp, inf, log, sqrt
from operator import add
from typing import Final

from sagemaker_ab.traffic.counts import Minute, reading
from sagemaker_ab.traffic.evidence.finding import NOTHING, Finding, together
from sagemaker_ab.traffic.evidence.lengths import SUMS, Sums
from sagemaker_ab.traffic.evidence.strata import MINUTES, STRATA_NUMBERS, Strata, Stratum

LENGTHS: Final = (10, 30, 90, 270, 810)
"""Minutes of the blocks."""

ANCHORS: Final = tuple(place / 4 for place in range(-4, 5))
"""The log ratios at which sums are kept for intervals; between them they are followed to second order."""

_LEAST_INFORMATION: Final = 5.0
_ROUNDS: Final = 3


class _Length:
    """The closed blocks of one length, at each null; of the open one, the sums when it was opened."""

    __slots__ = ("closed", "minutes", "s", "start", "u", "v")

    def __init__(self, minutes: int, nulls: int) -> None:
        self.minutes = minutes
        self.closed = [Sums() for _ in range(nulls)]
        nothing = [0.0] * nulls
        self._open(nothing, nothing)

    def _open(self, s: Sequence[float], v: Sequence[float]) -> None:
        self.start, self.u = -1.0, 0.0
        self.s, self.v = s, v

    def add(self, start: float, u: float, s: Sequence[float], v: Sequence[float]) -> bool:
        """Take a stratum, with the sums s and v to its end; return whether it closed the block.

        Totals decide that, the same for every null.
        """
        if self.start < 0.0:
            self.start = start
        self.u += u
        if start + MINUTES - self.start < self.minutes or self.u < _LEAST_INFORMATION:
            return False
        for sums, s_end, s_begin, v_end, v_begin in zip(self.closed, s, self.s, v, self.v, strict=True):
            root = sqrt(v_end - v_begin)
            sums.add((s_end - s_begin) / root, root)
        self._open(s, v)
        return True

    def numbers(self) -> list[float]:
        closed = [number for sums in self.closed for number in sums.numbers()]
        return [self.start, self.u, *self.s, *self.v, *closed]

    def restore(self, numbers: Sequence[float]) -> None:
        nulls = len(self.closed)
        self.start, self.u = numbers[:2]
        self.s, self.v = list(numbers[2 : 2 + nulls]), list(numbers[2 + nulls : 2 + 2 * nulls])
        closed = numbers[2 + 2 * nulls :]
        for place, sums in enumerate(self.closed):
            sums.restore(closed[SUMS * place : SUMS * (place + 1)])


class RateComparison:
    """Two variants, one counted metric. `nulls` are the log ratios that are kept exactly, beside 0."""

    __slots__ = (
        "_a",
        "_b",
        "_finding",
        "_lengths",
        "_mantel_haenszel",
        "_nulls",
        "_s",
        "_strata",
        "_thetas",
        "_totals",
        "_v",
        "last",
        "most",
    )

    def __init__(self, *, baseline: str, challenger: str, metric: str, nulls: Sequence[float]) -> None:
        self._a, self._b = baseline, challenger
        self._nulls = tuple(dict.fromkeys((0.0, *nulls)))
        self._thetas = tuple(exp(null) for null in self._nulls)
        self._strata = Strata(reading(metric))
        self._lengths = [_Length(minutes, len(self._nulls)) for minutes in LENGTHS]
        self._s = self._v = [0.0] * len(self._nulls)
        self._totals = [0.0, 0.0, 0.0, 0.0]
        self._mantel_haenszel = [0.0, 0.0]
        self._finding: Finding | None = NOTHING
        self.last = -1.0
        self.most = 0.0

    def add(self, minute: Minute) -> None:
        a, b = minute.counts.get(self._a), minute.counts.get(self._b)
        if a is None or b is None:
            return
        counts, ended = self._strata.add(minute.at, a, b)
        if counts:
            self.last = float(minute.at)
        if ended is not None:
            self.add_stratum(ended)

    def add_stratum(self, stratum: Stratum) -> None:
        """Take a whole stratum, as `add` does when a minute ends one."""
        start, n_a, x_a, n_b, x_b = stratum
        self._totals = list(map(add, self._totals, stratum[1:]))
        total, trials = x_a + x_b, n_a + n_b
        if total <= 0.0:
            return
        self._mantel_haenszel[0] += x_a * n_b / trials
        self._mantel_haenszel[1] += x_b * n_a / trials
        shares = [n_b * theta / (n_a + n_b * theta) for theta in self._thetas]
        self._s = [s + (x_b - total * share) for s, share in zip(self._s, shares, strict=True)]
        self._v = [v + total * share * (1.0 - share) for v, share in zip(self._v, shares, strict=True)]
        u = total * min(n_a, n_b) / trials
        closed = [length.add(start, u, self._s, self._v) for length in self._lengths]
        if any(closed):
            self._finding = together((length.closed[0] for length in self._lengths), 0.0)
            self.most = max(self.most, self._finding.evidence)

    def finding(self, ratio: float = 1.0) -> Finding:
        if ratio == 1.0:
            if self._finding is None:
                self._finding = together((length.closed[0] for length in self._lengths), 0.0)
            return self._finding
        place, distance = self._nearest(log(ratio))
        return together((length.closed[place] for length in self._lengths), distance)

    def interval(self, needed: float) -> tuple[float, float] | None:
        ready = [length for length in self._lengths if length.closed[0].ready]
        if not ready:
            return None
        low = min(self._bound(length, needed, side=0) for length in ready)
        high = max(self._bound(length, needed, side=1) for length in ready)
        return _ratio(low), _ratio(high)

    @property
    def estimate(self) -> float | None:
        base, challenger = self._mantel_haenszel
        return challenger / base if base > 0.0 else None

    @property
    def values(self) -> tuple[float | None, float | None]:
        n_a, x_a, n_b, x_b = self._totals
        return (x_a / n_a if n_a else None), (x_b / n_b if n_b else None)

    def _nearest(self, log_ratio: float) -> tuple[int, float]:
        """Return the place of the nearest null, and the distance from it."""
        place = min(range(len(self._nulls)), key=lambda place: abs(self._nulls[place] - log_ratio))
        distance = log_ratio - self._nulls[place]
        return place, 0.0 if abs(distance) < 1e-12 else distance  # noqa: PLR2004  # a null that is kept exactly

    def _bound(self, length: _Length, needed: float, *, side: int) -> float:
        """Return one end of a length's interval, as a log ratio, seen from the null nearest to it."""
        bound, place = 0.0, 0
        for _ in range(_ROUNDS):
            bound = self._nulls[place] + length.closed[place].bounds(needed)[side]
            if abs(bound) == inf or (nearest := self._nearest(bound)[0]) == place:
                break
            place = nearest
        return bound

    def numbers(self) -> list[float]:
        lengths = [number for length in self._lengths for number in length.numbers()]
        totals = [*self._totals, *self._mantel_haenszel]
        return [self.last, self.most, *totals, *self._strata.numbers(), *self._s, *self._v, *lengths]

    def restore(self, numbers: Sequence[float]) -> None:
        self.last, self.most = numbers[:2]
        self._totals, self._mantel_haenszel = list(numbers[2:6]), list(numbers[6:8])
        self._strata.restore(numbers[8 : 8 + STRATA_NUMBERS])
        sums, nulls = 8 + STRATA_NUMBERS, len(self._nulls)
        self._s = list(numbers[sums : sums + nulls])
        self._v = list(numbers[sums + nulls : sums + 2 * nulls])
        rest = numbers[sums + 2 * nulls :]
        size = len(rest) // len(self._lengths)
        for place, length in enumerate(self._lengths):
            length.restore(rest[size * place : size * (place + 1)])
        self._finding = None


def _ratio(log_ratio: float) -> float:
    return inf if log_ratio > LARGEST_LOG_RATIO else exp(log_ratio)


LARGEST_LOG_RATIO: Final = 20.0
