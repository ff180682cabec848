"""Summarizes each comparison of a run for display: rates, ratio, confidence interval, p-value."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from typing import Final

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.evidence.comparison import Comparison, anytime_p
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.variant_roles import VariantRoles

# The normal quantile of 95 % two-sided intervals.
_CREDIBLE_QUANTILE: Final = 1.96
_DEFAULT_ERROR_RATE: Final = 0.05


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
    ratio: float | None
    interval: tuple[float, float] | None
    p: float | None


def comparison_summaries(policy: Policy, evidence: RunEvidence) -> list[ComparisonSummary]:
    """Return a summary of each comparison with the baseline, then of the guardrails on rates.

    The intervals of a metric hold at all times and for all challengers together. A bandit without a stopping
    rule compares nothing. Its summaries have the posterior's ratios with 95 % credible intervals, each of
    which holds only at its own time.
    """
    return [*_compared(policy, evidence), *_guarded(evidence)]


def _guarded(evidence: RunEvidence) -> list[ComparisonSummary]:
    """Return the guardrails that test for harm alone. They have neither ratio nor interval."""
    return [
        ComparisonSummary(
            metric=metric,
            baseline=evidence.roles.baseline,
            challenger=challenger,
            values=test.values,
            ratio=None,
            interval=None,
            p=None,
        )
        for (metric, challenger), test in evidence.harm_tests.items()
        if (metric, challenger) not in evidence.margin_comparisons
    ]


def _compared(policy: Policy, evidence: RunEvidence) -> list[ComparisonSummary]:
    if evidence.posterior is not None and not evidence.comparisons:
        return _learned(policy, evidence.posterior, evidence.roles)
    threshold = len(evidence.roles.challengers) / _error_rate(policy)
    comparisons = (
        _of_hypothesis(policy, evidence) if not isinstance(policy, Bandit) else _of_bandit(policy, evidence)
    )
    return [
        ComparisonSummary(
            metric=metric,
            baseline=baseline,
            challenger=challenger,
            values=comparison.values,
            ratio=comparison.estimate,
            interval=comparison.interval(threshold),
            p=anytime_p(comparison),
        )
        for (metric, baseline, challenger), comparison in comparisons.items()
    ]


def _learned(policy: Policy, posterior: Posterior, roles: VariantRoles) -> list[ComparisonSummary]:
    metric = policy.metric if isinstance(policy, Bandit) else ""
    summaries = []
    for index, challenger in enumerate(roles.challengers, start=1):
        log_ratio, deviation = posterior.contrast(index)
        half_width = _CREDIBLE_QUANTILE * deviation
        summaries.append(
            ComparisonSummary(
                metric=metric,
                baseline=roles.baseline,
                challenger=challenger,
                values=(None, None),
                ratio=exp(log_ratio),
                interval=(exp(log_ratio - half_width), exp(log_ratio + half_width)),
                p=None,
            )
        )
    return summaries


def _error_rate(policy: Policy) -> float:
    if isinstance(policy, ABTest):
        return float(policy.error_rates.false_winner)
    if isinstance(policy, Bandit) and policy.stop is not None:
        return float(policy.stop.false_winner)
    return _DEFAULT_ERROR_RATE


def _of_hypothesis(policy: Policy, evidence: RunEvidence) -> Mapping[tuple[str, str, str], Comparison]:
    """Return the comparisons with the baseline by (metric, baseline, challenger), guardrails included."""
    baseline = evidence.roles.baseline
    metric = policy.hypothesis.metric if isinstance(policy, ABTest) else ""
    compared = {
        (metric, a, b): comparison for (a, b), comparison in evidence.comparisons.items() if a == baseline
    }
    guarded = {(metric, baseline, name): each for (metric, name), each in evidence.margin_comparisons.items()}
    return compared | guarded


def _of_bandit(policy: Bandit, evidence: RunEvidence) -> Mapping[tuple[str, str, str], Comparison]:
    baseline = evidence.roles.baseline
    return {
        (policy.metric, a, b): comparison
        for (a, b), comparison in evidence.comparisons.items()
        if a == baseline
    }
