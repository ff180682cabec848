"""What every strategy watches: guardrails, breakers, sample ratio, and whether data come at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sagemaker_ab.api.policies.parts import LATENCY, Breaker, Guardrail, default_goal
from sagemaker_ab.traffic.counts import reading
from sagemaker_ab.traffic.evidence.evidence import Evidence, margin_ratio
from sagemaker_ab.traffic.evidence.sample_ratio import ALARM_RATE

FRESH_MINUTES: Final = 30
"""Data that are older than this, beside their attribution, are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Evidence of `challenger` being worse in `guardrail`'s metric, and the threshold of a breach."""

    guardrail: Guardrail
    challenger: str
    evidence: float
    threshold: float

    @property
    def breached(self) -> bool:
        return self.evidence >= self.threshold

    @property
    def subject(self) -> str:
        return f"{self.guardrail.metric} of {self.challenger}"


def alarms(
    guardrails: Sequence[Guardrail], evidence: Evidence, *, rate: str, challengers: Sequence[str]
) -> list[Alarm]:
    """Return where each guardrail stands for each challenger; all together err at `rate` at most."""
    share = len(guardrails) * len(evidence.roles.challengers)
    return [
        Alarm(
            guardrail=guardrail,
            challenger=challenger,
            evidence=harm_evidence(guardrail, challenger, evidence),
            threshold=share / float(rate),
        )
        for guardrail in guardrails
        for challenger in challengers
    ]


def harm_evidence(guardrail: Guardrail, challenger: str, evidence: Evidence) -> float:
    """Return the evidence that the challenger is worse by more than the margin."""
    watch = (guardrail.metric, challenger)
    if guardrail.metric == LATENCY:
        return evidence.margins[watch].finding(margin_ratio(guardrail)).one_sided(1)
    return evidence.harms[watch].evidence


def within_margin(guardrail: Guardrail, challenger: str, evidence: Evidence) -> float:
    """Return the evidence that the challenger is not worse by the margin."""
    better = 1 if (guardrail.goal or default_goal(guardrail.metric)) == "Increase" else -1
    return evidence.margins[guardrail.metric, challenger].finding(margin_ratio(guardrail)).one_sided(better)


def silent(
    guardrails: Sequence[Guardrail], evidence: Evidence, *, challengers: Sequence[str], oldest: int
) -> str:
    """Return what has had no data since minute `oldest`, or nothing: missing data is never a pass."""
    for guardrail in guardrails:
        for challenger in challengers:
            watch = (guardrail.metric, challenger)
            stream = evidence.harms.get(watch) or evidence.margins[watch]
            if stream.last < oldest:
                return f"{guardrail.metric} of {challenger}"
    return ""


def ratio_alarm(evidence: Evidence) -> dict[str, Any]:
    """Return evidence, threshold and subject of a share that is off, or nothing."""
    threshold = 2 * len(evidence.ratios) / ALARM_RATE
    for name, ratio in evidence.ratios.items():
        if ratio.reaches(threshold):
            return {"evidence": ratio.evidence, "threshold": threshold, "subject": f"share of {name}"}
    return {}


def tripped(breakers: Sequence[Breaker], evidence: Evidence, *, variant: str) -> tuple[Breaker, float] | None:
    """Return the first breaker that a variant trips, and the value that it saw."""
    for breaker in breakers:
        minutes = [
            counts[variant] for counts in evidence.ledger.recent(breaker.for_minutes) if variant in counts
        ]
        calls = sum(counts.invocations or 0 for counts in minutes)
        if calls < breaker.min_requests:
            continue
        if breaker.max_rate is not None:
            taken = [reading(breaker.metric)(counts) for counts in minutes]
            events = sum(x or 0 for x, _ in taken)
            if events > float(breaker.max_rate) * calls:
                return breaker, events / calls
        elif breaker.max_micros is not None:
            tails = [counts.latency_p99_micros for counts in minutes if counts.latency_p99_micros is not None]
            if len(tails) == breaker.for_minutes and min(tails) > breaker.max_micros:
                return breaker, min(tails)
    return None


def applied_share(evidence: Evidence, names: Sequence[str]) -> float | None:
    """Return the percent of the weights that these variants have in the newest minute; None if not known."""
    weights = {
        name: counts.weight for name, counts in evidence.ledger.latest.items() if counts.weight is not None
    }
    total = sum(weights.values())
    if not weights or total <= 0:
        return None
    return 100 * sum(weights.get(name, 0.0) for name in names) / total
