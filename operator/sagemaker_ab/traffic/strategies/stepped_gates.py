"""What a stepped rollout waits for: the gates of its current step, for display."""

from collections.abc import Iterator, Mapping
from typing import Any

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.traffic.decision import DecisionReason, LookOutcome
from sagemaker_ab.traffic.evidence.run_evidence import RunEvidence
from sagemaker_ab.traffic.evidence.sample_ratio import FALSE_ALARM_RATE
from sagemaker_ab.traffic.gates import GateCheck, GateState
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.strategies.health_checks import (
    GuardrailCheck,
    check_guardrails,
    non_inferiority_evidence,
)
from sagemaker_ab.traffic.strategies.step_hold import ActiveStep
from sagemaker_ab.traffic.strategies.stepped import NON_INFERIORITY_THRESHOLD, required_hold
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT


def guardrail_checks(policy: Stepped, evidence: RunEvidence[Any]) -> list[GuardrailCheck]:
    """Return the evidence of harm of each guardrail, in the order of the policy."""
    return check_guardrails(
        policy.guardrails, evidence, rate=policy.false_alarm_rate, challengers=evidence.roles.challengers
    )


def stepped_gates(
    policy: Stepped, run: Run, outcome: LookOutcome, *, now: int, approved: frozenset[int]
) -> Iterator[GateCheck]:
    """Yield the gates of the current step, as of a look at minute `now` with this outcome."""
    yield from _hold(policy, run, now)
    if policy.guardrails:
        yield _guardrails(policy, run)
    yield from _sample_ratio(run)
    missing = outcome.reason is DecisionReason.MISSING_DATA
    subject = outcome.subject or str(outcome.needs.get("data", "")) if missing else ""
    yield GateCheck(
        name="dataFresh", state=GateState.BLOCKED if missing else GateState.SATISFIED, subject=subject
    )
    number = run.progress.step + 1
    if policy.steps[run.progress.step].approval == "Required":
        state = GateState.SATISFIED if number in approved else GateState.WAITING
        yield GateCheck(name="approval", state=state, subject=str(number))


def _hold(policy: Stepped, run: Run, now: int) -> Iterator[GateCheck]:
    """Yield the gates of the hold. It counts from when the share is in force."""
    progress = run.progress
    hold = required_hold(policy, progress.step)
    if hold is None:
        return
    percent = policy.steps[progress.step].percent
    active = ActiveStep(percent=percent, names=run.roles.challengers, now=now)
    applied = progress.held_since >= 0
    until = progress.held_since + hold.min_duration_seconds // SECONDS_PER_MINUTE if applied else None
    requests = active.requests(run.evidence) - progress.requests_before if applied else 0.0
    over = until is not None and now >= until
    yield GateCheck(name="minDuration", state=_satisfied(over), subject=str(percent), until=until)
    enough = applied and requests >= hold.min_requests
    yield GateCheck(
        name="minRequests", state=_satisfied(enough), value=requests, required=float(hold.min_requests)
    )


def _guardrails(policy: Stepped, run: Run) -> GateCheck:
    """Return the guardrail that is nearest to a breach, or the one whose margin is furthest from proven."""
    worst = max(guardrail_checks(policy, run.evidence), key=lambda check: check.evidence / check.threshold)
    proofs = margin_proofs(policy, run)
    if not worst.breached and proofs:
        metric, least = min(proofs.items(), key=lambda item: item[1])
        if least < NON_INFERIORITY_THRESHOLD:
            return GateCheck(
                name="guardrails",
                state=GateState.WAITING,
                subject=metric,
                value=least,
                required=NON_INFERIORITY_THRESHOLD,
            )
    return GateCheck(
        name="guardrails",
        state=GateState.BLOCKED if worst.breached else GateState.SATISFIED,
        subject=worst.guardrail.metric,
        value=worst.evidence,
        required=worst.threshold,
    )


def margin_proofs(policy: Stepped, run: Run) -> Mapping[str, float]:
    """Return the evidence that each margin is kept, by metric; {} if the current step needs no proof."""
    compared = policy.steps[run.progress.step].percent < ALL_TRAFFIC_PERCENT
    if policy.advance_on != "NonInferior" or not compared:
        return {}
    (candidate,) = run.roles.challengers
    return {
        guardrail.metric: non_inferiority_evidence(guardrail, candidate, run.evidence)
        for guardrail in policy.guardrails
    }


def _sample_ratio(run: Run) -> Iterator[GateCheck]:
    tests = run.evidence.sample_ratios
    threshold = 2 * len(tests) / FALSE_ALARM_RATE
    for name, test in tests.items():
        state = GateState.BLOCKED if test.reaches(threshold) else GateState.SATISFIED
        yield GateCheck(
            name="sampleRatio", state=state, subject=name, value=test.evidence, required=threshold
        )


def _satisfied(holds: bool) -> GateState:  # noqa: FBT001 - the name of the function says it
    return GateState.SATISFIED if holds else GateState.WAITING
