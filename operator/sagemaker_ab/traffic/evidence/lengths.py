"""Closed blocks of one length, as the sums that the t-factor needs at a null and at distances from it.

A block gives y, its standardised deviation at the null, and r, by how much y falls for each unit that the
null moves. At distance h: S(h) = S - h·R and V(h) = V - 2h·C + h²·Q, with R = Σr, C = Σyr, Q = Σr².
"""

from collections.abc import Sequence
from math import inf, sqrt
from typing import Final

from sagemaker_ab.traffic.evidence.t_factor import critical_share, t_evidence

LEAST_BLOCKS: Final = 12
"""A length says nothing before it has so many blocks."""

SUMS: Final = 6


class Sums:
    """n, S, V, R, C and Q."""

    __slots__ = ("c", "n", "q", "r", "s", "v")

    def __init__(self) -> None:
        self.n = self.s = self.v = self.r = self.c = self.q = 0.0

    def add(self, y: float, r: float) -> None:
        self.n += 1.0
        self.s += y
        self.v += y * y
        self.r += r
        self.c += y * r
        self.q += r * r

    @property
    def ready(self) -> bool:
        return self.n >= LEAST_BLOCKS

    def at(self, distance: float) -> tuple[float, float]:
        """Return the sign of S and the evidence against the null at this distance."""
        s = self.s - distance * self.r
        v = self.v + distance * (distance * self.q - 2.0 * self.c)
        if s == 0.0 or v <= 0.0:
            return 0.0, t_evidence(self.n, 0.0)
        return (1.0 if s > 0.0 else -1.0), t_evidence(self.n, min(s * s / v, self.n))

    def bounds(self, needed: float) -> tuple[float, float]:
        """Return the distances between which the evidence is less than `needed`; infinite without an end.

        The evidence grows with S²/V alone, so the ends are where S(h)² = k·V(h), a quadratic in h.
        """
        k = critical_share(self.n, needed)
        a = self.r * self.r - k * self.q
        half = self.r * self.s - k * self.c
        root = half * half - a * (self.s * self.s - k * self.v)
        if a <= 0.0 or root < 0.0:
            return -inf, inf
        return (half - sqrt(root)) / a, (half + sqrt(root)) / a

    def numbers(self) -> list[float]:
        return [self.n, self.s, self.v, self.r, self.c, self.q]

    def restore(self, numbers: Sequence[float]) -> None:
        self.n, self.s, self.v, self.r, self.c, self.q = numbers
