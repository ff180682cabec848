"""Summarizes the comparisons of a run for display: rates, ratio, confidence interval, p-value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagemaker_ab.traffic.evidence.comparison import Comparison
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence

SummaryKey = tuple[str, str, str]
"""(metric, baseline, challenger) of a comparison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonSummary:
    """A challenger compared with the baseline in one metric.

    `values` are the pooled rates of baseline and challenger, or their average latencies in microseconds.
    `ratio` and `interval` are of challenger over baseline. `p` is anytime-valid.
    """

    metric: str
    baseline: str
    challenger: str
    values: tuple[float | None, float | None]
    ratio: float | None = None
    interval: tuple[float, float] | None = None
    p: float | None = None


def compared_pairs(metric: str, evidence: RunEvidence[Any]) -> dict[SummaryKey, Comparison]:
    """Return the comparisons of `metric` with the baseline."""
    return {
        (metric, baseline, challenger): comparison
        for (baseline, challenger), comparison in evidence.comparisons.items()
        if baseline == evidence.roles.baseline
    }


def compared_guardrails(evidence: RunEvidence[Any]) -> dict[SummaryKey, Comparison]:
    """Return the guardrails that are compared in blocks."""
    baseline = evidence.roles.baseline
    return {(metric, baseline, name): each for (metric, name), each in evidence.margin_comparisons.items()}


def summaries_of(
    comparisons: Mapping[SummaryKey, Comparison], *, error_rate: float, challengers: int
) -> list[ComparisonSummary]:
    """Return a summary of each comparison.

    The intervals of a metric hold at all times and for all challengers together, with a probability of
    1 - `error_rate`.
    """
    threshold = challengers / error_rate
    return [
        ComparisonSummary(
            metric=metric,
            baseline=baseline,
            challenger=challenger,
            values=comparison.values,
            ratio=comparison.estimate,
            interval=comparison.interval(threshold),
            p=comparison.p,
        )
        for (metric, baseline, challenger), comparison in comparisons.items()
    ]


def harm_summaries(evidence: RunEvidence[Any]) -> list[ComparisonSummary]:
    """Return the guardrails that test for harm alone. They have neither ratio nor interval."""
    return [
        ComparisonSummary(
            metric=metric, baseline=evidence.roles.baseline, challenger=challenger, values=test.values
        )
        for (metric, challenger), test in evidence.harm_tests.items()
        if (metric, challenger) not in evidence.margin_comparisons
    ]
