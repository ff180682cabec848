"""The closed blocks of one length, reduced to the sums that the t-test needs at any null ratio.

Each block contributes b, the challenger's total, and a, the total expected of it at a ratio of 1, on one
scale. At a null ratio θ the block deviates by y = b - θ·a. The sums over blocks follow exactly:

    S(θ) = Σy = Σb - θ·Σa,  V(θ) = Σy² = Σb² - 2θ·Σab + θ²·Σa²
"""

from dataclasses import dataclass
from math import inf, sqrt
from typing import Final

from sagemaker_ab.traffic.evidence.t_bayes_factor import bayes_factor, critical_value

MIN_BLOCKS: Final = 12
"""A length takes part in a verdict from this number of closed blocks on."""

# A difference of sums below this fraction of its terms is rounding error, not data.
_ROUNDING: Final = 1e-12


@dataclass(slots=True)
class BlockSums:
    """The number of closed blocks n and their Σb, Σa, Σb², Σab and Σa²."""

    n: float = 0.0
    b: float = 0.0
    a: float = 0.0
    bb: float = 0.0
    ab: float = 0.0
    aa: float = 0.0

    def add(self, b: float, a: float) -> None:
        """Add one closed block."""
        self.n += 1.0
        self.b += b
        self.a += a
        self.bb += b * b
        self.ab += a * b
        self.aa += a * a

    @property
    def ready(self) -> bool:
        """Whether there are enough closed blocks."""
        return self.n >= MIN_BLOCKS

    def evidence_at(self, ratio: float) -> tuple[int, float]:
        """Return the sign of S(ratio) and the two-sided evidence that the true ratio is another."""
        expected = ratio * self.a
        s = self.b - expected
        squares = self.bb + ratio * ratio * self.aa
        v = squares - 2.0 * ratio * self.ab
        if abs(s) <= _ROUNDING * (self.b + expected) or v <= _ROUNDING * squares:
            return 0, bayes_factor(self.n, 0.0)
        return (1 if s > 0.0 else -1), bayes_factor(self.n, min(s * s / v, self.n))

    def bounds(self, threshold: float) -> tuple[float, float]:
        """Return the interval of ratios whose evidence is below `threshold`; 0 and inf where it is unbounded.

        The evidence grows with S²/V alone, so the bounds solve S(θ)² = k·V(θ), a quadratic equation in θ,
        with k the critical value. If either variant had no event, the blocks differ only in scale and bound
        no ratio.
        """
        k = critical_value(self.n, threshold)
        quadratic, constant = self.a * self.a - k * self.aa, self.b * self.b - k * self.bb
        if self.a <= 0.0 or self.b <= 0.0 or quadratic == 0.0 or (quadratic < 0.0 and constant <= 0.0):
            return 0.0, inf
        linear = self.a * self.b - k * self.ab
        root = sqrt(max(0.0, linear * linear - quadratic * constant))
        low = max(0.0, (linear - root) / quadratic)
        return low, ((linear + root) / quadratic if quadratic > 0.0 else inf)
