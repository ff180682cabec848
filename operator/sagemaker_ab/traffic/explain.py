"""The numbers behind a decision, for people: rates, ratios, intervals, p-values."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp
from typing import Final

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.traffic.evidence.comparison import Comparison, anytime_p
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.run_evidence import Evidence
from sagemaker_ab.traffic.variant_roles import Roles

_CREDIBLE: Final = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A challenger compared with the baseline; `ratio` and `interval` are of challenger over baseline."""

    metric: str
    baseline: str
    challenger: str
    values: tuple[float | None, float | None]
    ratio: float | None
    interval: tuple[float, float] | None
    p: float | None


def accounts(policy: Policy, evidence: Evidence) -> list[Account]:
    """Return what each comparison with the baseline says, then the rates that guardrails compare.

    The intervals of one metric hold at any time, for all challengers together. A bandit that does not stop by
    evidence compares nothing: of it, what it has learnt, with 95 % credible intervals, which hold at no other
    time than their own.
    """
    return [*_compared(policy, evidence), *_guarded(evidence)]


def _guarded(evidence: Evidence) -> list[Account]:
    """Guardrails on rates weigh harm alone: they have no interval."""
    return [
        Account(
            metric=metric,
            baseline=evidence.roles.baseline,
            challenger=challenger,
            values=harm.values,
            ratio=None,
            interval=None,
            p=None,
        )
        for (metric, challenger), harm in evidence.harms.items()
        if (metric, challenger) not in evidence.margins
    ]


def _compared(policy: Policy, evidence: Evidence) -> list[Account]:
    if evidence.posterior is not None and not evidence.comparisons:
        return _learnt(policy, evidence.posterior, evidence.roles)
    needed = len(evidence.roles.challengers) / _error_rate(policy)
    found = (
        _of_hypothesis(policy, evidence) if not isinstance(policy, Bandit) else _of_bandit(policy, evidence)
    )
    return [
        Account(
            metric=metric,
            baseline=baseline,
            challenger=challenger,
            values=comparison.values,
            ratio=comparison.estimate,
            interval=comparison.interval(needed),
            p=anytime_p(comparison),
        )
        for (metric, baseline, challenger), comparison in found.items()
    ]


def _learnt(policy: Policy, posterior: Posterior, roles: Roles) -> list[Account]:
    metric = policy.metric if isinstance(policy, Bandit) else ""
    found = []
    for place, challenger in enumerate(roles.challengers, start=1):
        log_ratio, deviation = posterior.contrast(place)
        ends = (exp(log_ratio - _CREDIBLE * deviation), exp(log_ratio + _CREDIBLE * deviation))
        found.append(
            Account(
                metric=metric,
                baseline=roles.baseline,
                challenger=challenger,
                values=(None, None),
                ratio=exp(log_ratio),
                interval=ends,
                p=None,
            )
        )
    return found


def _error_rate(policy: Policy) -> float:
    if isinstance(policy, ABTest):
        return float(policy.error_rates.false_winner)
    if isinstance(policy, Bandit) and policy.stop is not None:
        return float(policy.stop.false_winner)
    return 0.05


def _of_hypothesis(policy: Policy, evidence: Evidence) -> Mapping[tuple[str, str, str], Comparison]:
    baseline = evidence.roles.baseline
    metric = policy.hypothesis.metric if isinstance(policy, ABTest) else ""
    compared = {
        (metric, a, b): comparison for (a, b), comparison in evidence.comparisons.items() if a == baseline
    }
    guarded = {(metric, baseline, name): each for (metric, name), each in evidence.margins.items()}
    return compared | guarded


def _of_bandit(policy: Bandit, evidence: Evidence) -> Mapping[tuple[str, str, str], Comparison]:
    baseline = evidence.roles.baseline
    return {
        (policy.metric, a, b): comparison
        for (a, b), comparison in evidence.comparisons.items()
        if a == baseline
    }
