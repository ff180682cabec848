"""The interface of a comparison of two variants, whatever its metric."""

from typing import Protocol

from sagemaker_ab.traffic.evidence.accumulator import Accumulator
from sagemaker_ab.traffic.evidence.signed_evidence import SignedEvidence


class Comparison(Accumulator, Protocol):
    """The ratio of challenger to baseline. Above 1 the challenger has more events or is slower."""

    last_seen: float
    """The last minute that counted, in minutes since 1970-01-01 UTC. -1 before the first."""

    peak_evidence: float
    """The greatest evidence against a ratio of 1 at any time so far."""

    def evidence_at(self, ratio: float = 1.0) -> SignedEvidence:
        """Return the evidence that the true ratio differs from `ratio`, with its direction."""

    def interval(self, threshold: float) -> tuple[float, float] | None:
        """Return the confidence interval of the ratio: what evidence of `threshold` does not exclude.

        At a threshold of 1/alpha the intervals of all times form a confidence sequence of coverage 1 - alpha.
        None before there are enough blocks; an end without a bound is 0 or inf.
        """

    @property
    def estimate(self) -> float | None:
        """The point estimate of the ratio. None before there are events of the baseline."""

    @property
    def values(self) -> tuple[float | None, float | None]:
        """Baseline's and challenger's rate, or average latency in microseconds, pooled over time.

        For display only: no verdict uses pooled values.
        """


def anytime_p(comparison: Comparison) -> float:
    """Return the anytime-valid p-value of a ratio of 1: one over the peak evidence, at most 1."""
    return min(1.0, 1.0 / comparison.peak_evidence) if comparison.peak_evidence > 0.0 else 1.0
