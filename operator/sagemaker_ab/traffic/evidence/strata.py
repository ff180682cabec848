"""Strata: aligned five-minute bins with one applied weight, in which two variants are compared.

Bins touched by a change of weight are dropped. Counts are never summed over bins: over weights that differ,
sums show what the weights did, not what the variants are (Simpson's paradox).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sagemaker_ab.traffic.counts import Counts, Reading

MINUTES: Final = 5


class Stratum(NamedTuple):
    """Trials n and events x of baseline (a) and challenger (b), from minute `start` on."""

    start: float
    n_a: float
    x_a: float
    n_b: float
    x_b: float


_NO_WEIGHT: Final = -1.0


class Strata:
    """Sums minutes into a stratum and gives it back when a minute of the next one comes."""

    __slots__ = ("_mixed", "_n_a", "_n_b", "_place", "_read", "_weight_a", "_weight_b", "_x_a", "_x_b")

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._place = -1.0
        self._weight_a = self._weight_b = self._mixed = 0.0
        self._n_a = self._x_a = self._n_b = self._x_b = 0.0

    def add(self, at: int, a: Counts, b: Counts) -> tuple[bool, Stratum | None]:
        """Return whether the stratum compares by now, and the one that this minute ended, if a whole one.

        A stratum compares when both variants were asked in it.
        """
        (x_a, n_a), (x_b, n_b) = self._read(a), self._read(b)
        if x_a is None or n_a is None or x_b is None or n_b is None:
            return False, None
        weight_a = _NO_WEIGHT if a.weight is None else a.weight
        weight_b = _NO_WEIGHT if b.weight is None else b.weight
        ended = None
        place = at // MINUTES
        if place != self._place:
            ended = self._ended()
            self._place = float(place)
            self._weight_a, self._weight_b, self._mixed = weight_a, weight_b, 0.0
            self._n_a = self._x_a = self._n_b = self._x_b = 0.0
        elif weight_a != self._weight_a or weight_b != self._weight_b:
            self._mixed = 1.0
        self._n_a += n_a
        self._x_a += x_a
        self._n_b += n_b
        self._x_b += x_b
        return self._n_a > 0.0 and self._n_b > 0.0, ended

    def _ended(self) -> Stratum | None:
        if self._mixed or self._n_a <= 0.0 or self._n_b <= 0.0:
            return None
        return Stratum(self._place * MINUTES, self._n_a, self._x_a, self._n_b, self._x_b)

    def numbers(self) -> list[float]:
        weights = [self._weight_a, self._weight_b, self._mixed]
        return [self._place, *weights, self._n_a, self._x_a, self._n_b, self._x_b]

    def restore(self, numbers: Sequence[float]) -> None:
        self._place, self._weight_a, self._weight_b, self._mixed = numbers[:4]
        self._n_a, self._x_a, self._n_b, self._x_b = numbers[4:]


STRATA_NUMBERS: Final = 8
