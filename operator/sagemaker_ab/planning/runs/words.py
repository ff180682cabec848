"""Decisions and data of a run in words."""

from typing import Final

from sagemaker_ab.planning.run_data import Availability, RunData
from sagemaker_ab.planning.runs.figures import log10_shown, significant
from sagemaker_ab.planning.variant_metrics import Query
from sagemaker_ab.traffic.decision import DecisionReason, LookOutcome

_BY_REASON: Final = {
    DecisionReason.STEP_HOLD: "The step has not had its duration or its requests",
    DecisionReason.STEP_ADVANCED: "The next step starts",
    DecisionReason.STEPS_COMPLETED: "Every step is complete",
    DecisionReason.DEADLINE_EXCEEDED: "The steps did not complete before the deadline",
    DecisionReason.WEIGHTS_NOT_APPLIED: "The share of the step is not in force yet",
    DecisionReason.NO_TRAFFIC: "The candidate has a share of the traffic and no requests",
}


def describe_decision(outcome: LookOutcome) -> str:
    """Return a decision in words, with its numbers."""
    subject = outcome.subject
    match outcome.reason:
        case DecisionReason.GUARDRAIL_BREACHED:
            return f"{subject} is worse than the baseline by more than its margin: {_evidence(outcome)}"
        case DecisionReason.BREAKER_TRIPPED:
            value, bound = significant(outcome.evidence), significant(outcome.threshold)
            return f"{subject} is {value}, above its bound of {bound}"
        case DecisionReason.SAMPLE_RATIO_MISMATCH:
            return f"The {subject} is not what the weights say: {_evidence(outcome)}"
        case DecisionReason.NOT_INFERIOR_UNPROVEN:
            return f"{subject} is not proven to be within its margin yet"
        case DecisionReason.MISSING_DATA:
            return f"There is no recent data of {subject or outcome.needs.get('data', 'the candidate')}"
        case DecisionReason.APPROVAL_REQUIRED:
            return f"Step {outcome.needs.get('approvalOfStep')} waits for approval"
    return _BY_REASON.get(outcome.reason, outcome.reason.value)


def describe_data(data: RunData) -> str:
    """Return the state of a run's data in words."""
    match data.availability:
        case Availability.FRESH:
            return "CloudWatch has the newest minutes"
        case Availability.NO_TRAFFIC:
            return "CloudWatch shows no requests"
        case Availability.ABSENT:
            return f"CloudWatch has never shown {_queries(data.missing)}"
        case Availability.STALE if data.missing:
            return f"CloudWatch has shown no {_queries(data.missing)} for 15 minutes"
        case Availability.STALE:
            return "The newest minute that was read is older than 15 minutes"
    return data.problem.message if data.problem else "CloudWatch cannot be read"


def _evidence(outcome: LookOutcome) -> str:
    return f"evidence 10^{log10_shown(outcome.evidence)}, needed 10^{log10_shown(outcome.threshold)}"


def _queries(queries: tuple[Query, ...]) -> str:
    return ", ".join(f"{query.metric.name} of {query.variant}" for query in queries)
