"""The checks that all strategies share: guardrails, breakers, sample ratio and the freshness of the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sagemaker_ab.api.policies.common import LATENCY, SUCCESSES, Breaker, Guardrail, default_goal
from sagemaker_ab.traffic.counts import metric_reader
from sagemaker_ab.traffic.evidence.accumulators import margin_ratio
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.evidence.sample_ratio import FALSE_ALARM_RATE

MAX_DATA_AGE_MINUTES: Final = 30
"""Older data counts as missing. The attribution window comes on top where successes are concerned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailCheck:
    """The evidence that `challenger` is worse in the guardrail's metric, and the threshold of a breach."""

    guardrail: Guardrail
    challenger: str
    evidence: float
    threshold: float

    @property
    def breached(self) -> bool:
        return self.evidence >= self.threshold

    @property
    def figures(self) -> dict[str, Any]:
        """Evidence, threshold and subject for the outcome of the look."""
        subject = f"{self.guardrail.metric} of {self.challenger}"
        return {"evidence": self.evidence, "threshold": self.threshold, "subject": subject}


def check_guardrails(
    guardrails: Sequence[Guardrail], evidence: RunEvidence[Any], *, rate: str, challengers: Sequence[str]
) -> list[GuardrailCheck]:
    """Check each guardrail for each of these challengers.

    The thresholds share the false alarm rate `rate` among all guardrails and all challengers of the run
    (Bonferroni).
    """
    count = len(guardrails) * len(evidence.roles.challengers)
    return [
        GuardrailCheck(
            guardrail=guardrail,
            challenger=challenger,
            evidence=harm_evidence(guardrail, challenger, evidence),
            threshold=count / float(rate),
        )
        for guardrail in guardrails
        for challenger in challengers
    ]


def harm_evidence(guardrail: Guardrail, challenger: str, evidence: RunEvidence[Any]) -> float:
    """Return the evidence that the challenger is worse than the baseline by more than the margin."""
    key = (guardrail.metric, challenger)
    if guardrail.metric == LATENCY:
        return evidence.margin_comparisons[key].evidence_at(margin_ratio(guardrail)).one_sided(1)
    return evidence.harm_tests[key].evidence


def non_inferiority_evidence(guardrail: Guardrail, challenger: str, evidence: RunEvidence[Any]) -> float:
    """Return the evidence that the challenger is not worse than the baseline by the margin."""
    better = 1 if (guardrail.goal or default_goal(guardrail.metric)) == "Increase" else -1
    comparison = evidence.margin_comparisons[guardrail.metric, challenger]
    return comparison.evidence_at(margin_ratio(guardrail)).one_sided(better)


def stale_guardrail(
    guardrails: Sequence[Guardrail], evidence: RunEvidence[Any], *, challengers: Sequence[str], now: int
) -> str:
    """Return the first guardrail without recent data, or "". Missing data never passes a guardrail."""
    for guardrail in guardrails:
        attribution = evidence.attribution_minutes if guardrail.metric == SUCCESSES else 0
        oldest = now - MAX_DATA_AGE_MINUTES - attribution
        for challenger in challengers:
            key = (guardrail.metric, challenger)
            test = evidence.harm_tests.get(key) or evidence.margin_comparisons[key]
            if test.last_seen < oldest and evidence.guarded_since <= oldest:
                return f"{guardrail.metric} of {evidence.roles.baseline} and {challenger}"
    return ""


def uncompared_guardrail(
    guardrails: Sequence[Guardrail], evidence: RunEvidence[Any], *, challengers: Sequence[str], since: int
) -> str:
    """Return the first guardrail that compared nothing since minute `since`, or "".

    Either the data or the invocations of a variant are missing.
    """
    for guardrail in guardrails:
        for challenger in challengers:
            key = (guardrail.metric, challenger)
            test = evidence.harm_tests.get(key)
            last = test.last_compared if test else evidence.margin_comparisons[key].last_seen
            if last < since:
                return f"{guardrail.metric} of {evidence.roles.baseline} and {challenger}"
    return ""


def sample_ratio_mismatch(evidence: RunEvidence[Any]) -> dict[str, Any]:
    """Return evidence, threshold and subject of the first variant with a sample ratio mismatch, or {}."""
    threshold = 2 * len(evidence.sample_ratios) / FALSE_ALARM_RATE
    for name, test in evidence.sample_ratios.items():
        if test.reaches(threshold):
            return {"evidence": test.evidence, "threshold": threshold, "subject": f"share of {name}"}
    return {}


def tripped_breaker(breakers: Sequence[Breaker], evidence: RunEvidence[Any]) -> tuple[Breaker, float] | None:
    """Return the first breaker that has tripped, and the value that exceeded its bound."""
    for breaker, state in zip(breakers, evidence.breakers, strict=True):
        if state.tripped_value is not None:
            return breaker, state.tripped_value
    return None


def stale_breaker(
    breakers: Sequence[Breaker], evidence: RunEvidence[Any], *, variant: str, oldest: int
) -> str:
    """Return the first breaker whose metric was last seen before minute `oldest`, or ""."""
    for breaker, state in zip(breakers, evidence.breakers, strict=True):
        if state.last_seen < oldest:
            return f"{breaker.metric} of {variant}"
    return ""


def unreported_guardrail(guardrails: Sequence[Guardrail], evidence: RunEvidence[Any], *, variant: str) -> str:
    """Return the first guardrail whose metric a variant has in no open minute, or ""."""
    minutes = [counts[variant] for counts in evidence.buffer.open_minutes if variant in counts]
    for guardrail in guardrails:
        if not any(None not in metric_reader(guardrail.metric)(counts) for counts in minutes):
            return f"{guardrail.metric} of {variant}"
    return ""


def applied_percent(evidence: RunEvidence[Any], names: Sequence[str]) -> float | None:
    """Return the percent of the applied weights that these variants have together. None if not known."""
    weights = _applied_weights(evidence, {evidence.roles.baseline, *names})
    total = sum(weights.values())
    return 100 * sum(weights.get(name, 0.0) for name in names) / total if total > 0 else None


def _applied_weights(evidence: RunEvidence[Any], names: set[str]) -> dict[str, float]:
    """Return the weights of the newest open minute that has all of `names`, else of the newest one."""
    known = [
        {name: counts.weight for name, counts in minute.items() if counts.weight is not None}
        for minute in evidence.buffer.open_minutes
    ]
    complete = [weights for weights in known if names <= weights.keys()]
    return (complete or known or [{}])[-1]
