"""The gates of a run: what its current step waits for, in the words of status."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE, StepHold
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.traffic_status import Gate
from sagemaker_ab.planning.runs.figures import clock_time, log10_shown, rounded_count
from sagemaker_ab.planning.runs.record import minute_time
from sagemaker_ab.traffic.decision import DecisionReason, LookOutcome
from sagemaker_ab.traffic.evidence.sample_ratio import FALSE_ALARM_RATE
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.strategies.health_checks import (
    GuardrailCheck,
    check_guardrails,
    non_inferiority_evidence,
)
from sagemaker_ab.traffic.strategies.step_hold import ActiveStep
from sagemaker_ab.traffic.strategies.stepped import NON_INFERIORITY_THRESHOLD, required_hold
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT

SATISFIED: Final = "Satisfied"


def gates(policy: Stepped, run: Run, data: Gate, *, now: int, approved: frozenset[int]) -> Iterator[Gate]:
    """Yield the gates of the current step, as of a look at minute `now`; `data` is the gate of the data."""
    percent = policy.steps[run.progress.step].percent
    yield from _hold(policy, run, now, f"The share of {percent}% is not in force yet")
    yield from _evidence(policy, run)
    yield data
    yield from _approval(policy, run, approved)


def gates_without_look(policy: Stepped, run: Run, data: Gate, *, approved: frozenset[int]) -> Iterator[Gate]:
    """Yield the gates while the data is too old for a look: the hold starts again once it is recent."""
    percent = policy.steps[run.progress.step].percent
    yield from _hold(policy, run, 0, f"The time at {percent}% starts again once there is recent data")
    yield from _evidence(policy, run)
    yield data
    yield from _approval(policy, run, approved)


def data_gate(outcome: LookOutcome) -> Gate:
    """Return the gate of the data as of a look with this outcome."""
    if outcome.reason is DecisionReason.NO_TRAFFIC:
        return blocked_data("The candidate has no requests")
    if outcome.reason is DecisionReason.MISSING_DATA:
        missing = outcome.subject or str(outcome.needs.get("data", ""))
        return blocked_data(f"No recent data of {missing}")
    return _gate("dataFresh", SATISFIED, "The newest minutes have data")


def blocked_data(message: str) -> Gate:
    """Return the gate of data that keeps the run from going on, for this reason."""
    return _gate("dataFresh", "Blocked", message)


def guardrail_checks(policy: Stepped, run: Run) -> list[GuardrailCheck]:
    """Return the evidence of harm of each guardrail, in the order of the policy."""
    return check_guardrails(
        policy.guardrails, run.evidence, rate=policy.false_alarm_rate, challengers=run.roles.challengers
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


def _hold(policy: Stepped, run: Run, now: int, not_started: str) -> Iterator[Gate]:
    """Yield the gates of the hold; `not_started` is why its time does not count if it does not."""
    progress = run.progress
    hold = required_hold(policy, progress.step)
    if hold is None:
        return
    percent = policy.steps[progress.step].percent
    active = ActiveStep(percent=percent, names=run.roles.challengers, now=now)
    if progress.held_since < 0:
        yield _gate("minDuration", "Waiting", not_started)
    else:
        yield _min_duration(active, run, hold)
    requests = active.requests_since(progress, run.evidence)
    enough = requests >= hold.min_requests
    shown = hold.min_requests if enough else rounded_count(requests)
    yield _gate(
        "minRequests",
        SATISFIED if enough else "Waiting",
        f"{shown}{' or more' if enough else ''} of {hold.min_requests} requests",
        value=str(shown),
        required=str(hold.min_requests),
    )


def _min_duration(active: ActiveStep, run: Run, hold: StepHold) -> Gate:
    """Return the gate of the time of a hold that counts."""
    progress, now = run.progress, active.now
    left = hold.min_duration_seconds // SECONDS_PER_MINUTE - active.minutes(progress, run.evidence)
    over = progress.held_since + hold.min_duration_seconds // SECONDS_PER_MINUTE
    until = now + left if left > 0 else min(now, over)
    message = f"At {active.percent}% until {clock_time(minute_time(until))}"
    return _gate("minDuration", SATISFIED if left <= 0 else "Waiting", message, until=minute_time(until))


def _evidence(policy: Stepped, run: Run) -> Iterator[Gate]:
    if policy.guardrails:
        yield _guardrails(policy, run)
    yield from _sample_ratio(run)


def _approval(policy: Stepped, run: Run, approved: frozenset[int]) -> Iterator[Gate]:
    number = run.progress.step + 1
    if policy.steps[run.progress.step].approval != "Required":
        return
    if number in approved:
        yield _gate("approval", SATISFIED, f"Step {number} is approved")
    else:
        yield _gate("approval", "Waiting", f"Step {number} waits for approval")


def _guardrails(policy: Stepped, run: Run) -> Gate:
    """Return the guardrail that is nearest to a breach, or the one whose margin is furthest from proven."""
    worst = max(guardrail_checks(policy, run), key=lambda check: check.evidence / check.threshold)
    metric = worst.guardrail.metric
    unproven = {
        name: proof for name, proof in margin_proofs(policy, run).items() if proof < NON_INFERIORITY_THRESHOLD
    }
    if unproven and not worst.breached:
        name = min(unproven, key=lambda each: unproven[each])
        value, required = log10_shown(unproven[name]), log10_shown(NON_INFERIORITY_THRESHOLD)
        message = f"{name}: not proven within its margin yet, evidence 10^{value} of 10^{required}"
        return _gate("guardrails", "Waiting", message, value=value, required=required)
    value, required = log10_shown(worst.evidence), log10_shown(worst.threshold)
    verdict = "breached" if worst.breached else "no breach"
    message = f"{metric}: {verdict}, evidence of harm 10^{value} of 10^{required}"
    state = "Blocked" if worst.breached else SATISFIED
    return _gate("guardrails", state, message, value=value, required=required)


def _sample_ratio(run: Run) -> Iterator[Gate]:
    tests = run.evidence.sample_ratios
    threshold = 2 * len(tests) / FALSE_ALARM_RATE
    for name, test in tests.items():
        blocked = test.reaches(threshold)
        value, required = log10_shown(test.evidence), log10_shown(threshold)
        state = "not split as the weights say" if blocked else "split as the weights say"
        message = f"The requests of {name} are {state}, evidence of a mismatch 10^{value} of 10^{required}"
        yield _gate(
            "sampleRatio", "Blocked" if blocked else SATISFIED, message, value=value, required=required
        )


def _gate(name: str, state: str, message: str, **numbers: Any) -> Gate:
    return Gate.model_validate({"name": name, "state": state, "message": message, **numbers})
