"""Strata: aligned five-minute bins within which two variants are compared.

A stratum has one applied weight for each variant. A bin in which a weight changed is dropped. Counts are
never pooled over bins: over different weights, pooled rates show the effect of the weights and not of the
variants (Simpson's paradox).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sagemaker_ab.traffic.counts import Counts, MetricReader

STRATUM_MINUTES: Final = 5


class Stratum(NamedTuple):
    """The trials n and events x of baseline (a) and challenger (b) in the stratum from minute `start` on."""

    start: float
    n_a: float
    x_a: float
    n_b: float
    x_b: float


_UNKNOWN_WEIGHT: Final = -1.0


class StratumBuilder:
    """Sums the minutes of a bin, and returns the stratum when the first minute of a later bin arrives."""

    __slots__ = ("_bin", "_mixed", "_n_a", "_n_b", "_read", "_weight_a", "_weight_b", "_x_a", "_x_b")

    def __init__(self, read: MetricReader) -> None:
        self._read = read
        self._bin = -1.0
        self._weight_a = self._weight_b = self._mixed = 0.0
        self._n_a = self._x_a = self._n_b = self._x_b = 0.0

    def add(self, at: int, a: Counts, b: Counts) -> tuple[bool, Stratum | None]:
        """Add the counts of baseline and challenger in minute `at`.

        Return whether both variants have trials in the open bin, and the stratum that this minute closed. The
        stratum is None if no bin closed, or if the closed bin had two weights or lacked trials of a variant.
        """
        (x_a, n_a), (x_b, n_b) = self._read(a), self._read(b)
        if x_a is None or n_a is None or x_b is None or n_b is None:
            return False, None
        weight_a = _UNKNOWN_WEIGHT if a.weight is None else a.weight
        weight_b = _UNKNOWN_WEIGHT if b.weight is None else b.weight
        closed = None
        index = at // STRATUM_MINUTES
        if index != self._bin:
            closed = self._closed()
            self._bin = float(index)
            self._weight_a, self._weight_b, self._mixed = weight_a, weight_b, 0.0
            self._n_a = self._x_a = self._n_b = self._x_b = 0.0
        elif weight_a != self._weight_a or weight_b != self._weight_b:
            self._mixed = 1.0
        self._n_a += n_a
        self._x_a += x_a
        self._n_b += n_b
        self._x_b += x_b
        return self._n_a > 0.0 and self._n_b > 0.0, closed

    def _closed(self) -> Stratum | None:
        if self._mixed or self._n_a <= 0.0 or self._n_b <= 0.0:
            return None
        return Stratum(self._bin * STRATUM_MINUTES, self._n_a, self._x_a, self._n_b, self._x_b)

    def numbers(self) -> list[float]:
        """Return the state."""
        weights = [self._weight_a, self._weight_b, self._mixed]
        return [self._bin, *weights, self._n_a, self._x_a, self._n_b, self._x_b]

    def restore(self, numbers: Sequence[float]) -> None:
        """Set the state to what `numbers` returned."""
        self._bin, self._weight_a, self._weight_b, self._mixed = numbers[:4]
        self._n_a, self._x_a, self._n_b, self._x_b = numbers[4:]


STRATUM_STATE_SIZE: Final = 8
