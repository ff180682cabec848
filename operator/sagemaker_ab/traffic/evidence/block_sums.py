"""Closed blocks of one length, as the sums that the t-factor needs at any ratio.

A block gives b, what the challenger had, and a, what it would have had at a ratio of 1, both on one scale. At
ratio θ its deviation is y = b - θ·a: S(θ) = Σb - θ·Σa and V(θ) = Σb² - 2θ·Σab + θ²·Σa², exactly.
"""

from collections.abc import Sequence
from math import inf, sqrt
from typing import Final

from sagemaker_ab.traffic.evidence.t_bayes_factor import critical_share, t_evidence

LEAST_BLOCKS: Final = 12
"""A length says nothing before it has so many blocks."""

SUMS: Final = 6

# Below this part of what they are the difference of, sums are what rounding left.
_ROUNDING: Final = 1e-12


class Sums:
    """n, Σb, Σa, Σb², Σab and Σa²."""

    __slots__ = ("a", "aa", "ab", "b", "bb", "n")

    def __init__(self) -> None:
        self.n = self.b = self.a = self.bb = self.ab = self.aa = 0.0

    def add(self, b: float, a: float) -> None:
        self.n += 1.0
        self.b += b
        self.a += a
        self.bb += b * b
        self.ab += a * b
        self.aa += a * a

    @property
    def ready(self) -> bool:
        return self.n >= LEAST_BLOCKS

    def at(self, ratio: float) -> tuple[int, float]:
        """Return the sign of S and the evidence against this ratio."""
        expected = ratio * self.a
        s = self.b - expected
        squares = self.bb + ratio * ratio * self.aa
        v = squares - 2.0 * ratio * self.ab
        if abs(s) <= _ROUNDING * (self.b + expected) or v <= _ROUNDING * squares:
            return 0, t_evidence(self.n, 0.0)
        return (1 if s > 0.0 else -1), t_evidence(self.n, min(s * s / v, self.n))

    def bounds(self, needed: float) -> tuple[float, float]:
        """Return the ratios between which the evidence is less than `needed`; 0 and infinity without ends.

        The evidence grows with S²/V alone, so the ends are where S(θ)² = k·V(θ), a quadratic in θ. Where one
        of the two had nothing, blocks differ by nothing but their scale, and bound no ratio.
        """
        k = critical_share(self.n, needed)
        curve, start = self.a * self.a - k * self.aa, self.b * self.b - k * self.bb
        if self.a <= 0.0 or self.b <= 0.0 or curve == 0.0 or (curve < 0.0 and start <= 0.0):
            return 0.0, inf
        middle = self.a * self.b - k * self.ab
        root = sqrt(max(0.0, middle * middle - curve * start))
        low = max(0.0, (middle - root) / curve)
        return low, ((middle + root) / curve if curve > 0.0 else inf)

    def numbers(self) -> list[float]:
        return [self.n, self.b, self.a, self.bb, self.ab, self.aa]

    def restore(self, numbers: Sequence[float]) -> None:
        self.n, self.b, self.a, self.bb, self.ab, self.aa = numbers
