"""What the comparison of two variants offers, whatever the metric is made of."""

from typing import Protocol

from sagemaker_ab.traffic.evidence.accumulator import Stream
from sagemaker_ab.traffic.evidence.signed_evidence import Finding


class Comparison(Stream, Protocol):
    """Challenger over baseline, as a ratio: above 1 the challenger has more, or is slower."""

    last: float
    """The last minute that belongs to a comparison of the two, since 1970; -1 before the first."""

    most: float
    """The greatest evidence that there ever was against a ratio of 1."""

    def finding(self, ratio: float = 1.0) -> Finding:
        """Return which side of `ratio` the true one lies on, and the evidence for it."""

    def interval(self, needed: float) -> tuple[float, float] | None:
        """Return the ratios that `needed` does not exclude; None before there are enough blocks."""

    @property
    def estimate(self) -> float | None:
        """The ratio that the counts point at."""

    @property
    def values(self) -> tuple[float | None, float | None]:
        """The rates of baseline and challenger, or their latencies in microseconds."""


def anytime_p(comparison: Comparison) -> float:
    """Return a p-value that may be looked at whenever one likes."""
    return min(1.0, 1.0 / comparison.most) if comparison.most > 0.0 else 1.0
