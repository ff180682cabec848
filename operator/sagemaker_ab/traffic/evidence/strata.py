"""Strata: aligned five-minute bins within which two variants are compared.

A stratum has one applied weight for each variant. A bin in which a weight changed is dropped. Counts are
never pooled over bins: over different weights, pooled rates show the effect of the weights and not of the
variants (Simpson's paradox).
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

STRATUM_MINUTES: Final = 5


class Stratum(NamedTuple):
    """The trials n and events x of baseline (a) and challenger (b) in the stratum from minute `start` on."""

    start: float
    n_a: float
    x_a: float
    n_b: float
    x_b: float


_UNKNOWN_WEIGHT: Final = -1.0


@dataclass(slots=True)
class OpenStratum:
    """The bin that is not over: its index, -1 before the first, its weights and its counts.

    `mixed` is 1 if a weight has changed in the bin, else 0.
    """

    bin: float = -1.0
    weight_a: float = 0.0
    weight_b: float = 0.0
    mixed: float = 0.0
    n_a: float = 0.0
    x_a: float = 0.0
    n_b: float = 0.0
    x_b: float = 0.0

    def add(
        self,
        at: int,
        *,
        weights: tuple[float | None, float | None],
        counts: tuple[float, float, float, float],
    ) -> Stratum | None:
        """Add minute `at` with the weights, and the trials and events, of baseline and challenger.

        Return the stratum that this minute closed. It is None if no bin closed, or if the closed bin had two
        weights or lacked trials of a variant.
        """
        weight_a, weight_b = weights
        weight_a = _UNKNOWN_WEIGHT if weight_a is None else weight_a
        weight_b = _UNKNOWN_WEIGHT if weight_b is None else weight_b
        n_a, x_a, n_b, x_b = counts
        closed = None
        index = at // STRATUM_MINUTES
        if index != self.bin:
            closed = self._closed()
            self.bin, self.mixed = float(index), 0.0
            self.weight_a, self.weight_b = weight_a, weight_b
            self.n_a = self.x_a = self.n_b = self.x_b = 0.0
        elif weight_a != self.weight_a or weight_b != self.weight_b:
            self.mixed = 1.0
        self.n_a += n_a
        self.x_a += x_a
        self.n_b += n_b
        self.x_b += x_b
        return closed

    @property
    def has_trials(self) -> bool:
        """Whether both variants have trials in the open bin."""
        return self.n_a > 0.0 and self.n_b > 0.0

    def _closed(self) -> Stratum | None:
        if self.mixed or not self.has_trials:
            return None
        return Stratum(self.bin * STRATUM_MINUTES, self.n_a, self.x_a, self.n_b, self.x_b)
