"""What every strategy watches: guardrails, breakers, sample ratio, and whether data come at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sagemaker_ab.api.policies.common import LATENCY, SUCCESSES, Breaker, Guardrail, default_goal
from sagemaker_ab.traffic.counts import reading
from sagemaker_ab.traffic.evidence.run_evidence import Evidence, margin_ratio
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
    def figures(self) -> dict[str, Any]:
        """What a decision says of it."""
        subject = f"{self.guardrail.metric} of {self.challenger}"
        return {"evidence": self.evidence, "threshold": self.threshold, "subject": subject}


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
    guardrails: Sequence[Guardrail], evidence: Evidence, *, challengers: Sequence[str], now: int
) -> str:
    """Return what has had no data of late, or nothing: missing data is never a pass."""
    for guardrail in guardrails:
        oldest = now - FRESH_MINUTES - (evidence.attribution if guardrail.metric == SUCCESSES else 0)
        for challenger in challengers:
            watch = (guardrail.metric, challenger)
            stream = evidence.harms.get(watch) or evidence.margins[watch]
            if stream.last < oldest and evidence.watched_since <= oldest:
                return f"{guardrail.metric} of {evidence.roles.baseline} and {challenger}"
    return ""


def uncompared(
    guardrails: Sequence[Guardrail], evidence: Evidence, *, challengers: Sequence[str], since: int
) -> str:
    """Return what was not compared since a minute, be it that data or that calls are missing, or nothing."""
    for guardrail in guardrails:
        for challenger in challengers:
            watch = (guardrail.metric, challenger)
            harm = evidence.harms.get(watch)
            if (harm.compared if harm else evidence.margins[watch].last) < since:
                return f"{guardrail.metric} of {evidence.roles.baseline} and {challenger}"
    return ""


def ratio_alarm(evidence: Evidence) -> dict[str, Any]:
    """Return evidence, threshold and subject of a share that is off, or nothing."""
    threshold = 2 * len(evidence.ratios) / ALARM_RATE
    for name, ratio in evidence.ratios.items():
        if ratio.reaches(threshold):
            return {"evidence": ratio.evidence, "threshold": threshold, "subject": f"share of {name}"}
    return {}


def tripped(breakers: Sequence[Breaker], evidence: Evidence) -> tuple[Breaker, float] | None:
    """Return the first breaker that has tripped, and the value that broke its bound."""
    for breaker, watch in zip(breakers, evidence.breakers, strict=True):
        if watch.tripped_at is not None:
            return breaker, watch.tripped_at
    return None


def blind(breakers: Sequence[Breaker], evidence: Evidence, *, variant: str, oldest: int) -> str:
    """Return the breaker's metric that has not come since minute `oldest`, or nothing."""
    for breaker, watch in zip(breakers, evidence.breakers, strict=True):
        if watch.last < oldest:
            return f"{breaker.metric} of {variant}"
    return ""


def unread(guardrails: Sequence[Guardrail], evidence: Evidence, *, variant: str) -> str:
    """Return the guardrail's metric that a variant has not had in the open minutes, or nothing."""
    minutes = [counts[variant] for counts in evidence.ledger.open if variant in counts]
    for guardrail in guardrails:
        if not any(None not in reading(guardrail.metric)(counts) for counts in minutes):
            return f"{guardrail.metric} of {variant}"
    return ""


def applied_share(evidence: Evidence, names: Sequence[str]) -> float | None:
    """Return the percent of the weights that these variants have by now; None if not known."""
    weights = _weights(evidence, {evidence.roles.baseline, *names})
    total = sum(weights.values())
    return 100 * sum(weights.get(name, 0.0) for name in names) / total if total > 0 else None


def _weights(evidence: Evidence, wanted: set[str]) -> dict[str, float]:
    """Return the weights of the newest open minute that has all that are wanted, else of the newest."""
    known = [
        {name: counts.weight for name, counts in minute.items() if counts.weight is not None}
        for minute in evidence.ledger.open
    ]
    whole = [weights for weights in known if wanted <= weights.keys()]
    return (whole or known or [{}])[-1]
