"""What the conditions and the summary say of a run."""

from collections.abc import Iterator

from sagemaker_ab.api.conditions import ConditionType, RunReason
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.conditions import ConditionDraft
from sagemaker_ab.planning.runs.gates import SATISFIED
from sagemaker_ab.planning.runs.outcome import Outcome


def run_conditions(traffic: TrafficStatus) -> Iterator[ConditionDraft]:
    """Yield the conditions of a run; none under Manual. Ready and Reconciling never speak of the run."""
    if traffic.mode is None:
        return
    newest = traffic.decisions[-1] if traffic.decisions else None
    yield ConditionDraft(
        ConditionType.DECIDED,
        status=traffic.outcome is not None,
        reason=newest.reason if newest else RunReason.NOT_STARTED,
        message=_decided(traffic),
    )
    if traffic.patch:
        message = f"{traffic.candidate} was promoted. Commit status.traffic.patch: it moves no weight"
        yield ConditionDraft(
            ConditionType.SPEC_CONVERGED,
            status=False,
            reason=RunReason.PATCH_NOT_COMMITTED,
            message=message,
        )
    else:
        yield ConditionDraft(
            ConditionType.SPEC_CONVERGED,
            status=True,
            reason=RunReason.CONVERGED,
            message="The weights that serve need no change of the spec",
        )
    if traffic.held:
        message = f"The weights stay until the annotation sagemaker-ab.dev/resume: {traffic.run} is set"
        yield ConditionDraft(
            ConditionType.RUN_HELD, status=True, reason=RunReason.HOLD_REQUESTED, message=message
        )


def _decided(traffic: TrafficStatus) -> str:
    """Return what the run does, or how it ended; of a superseded run also what the next one waits for."""
    message = traffic.message or ""
    if traffic.outcome != Outcome.SUPERSEDED.value or not traffic.decisions:
        return message
    return f"{traffic.decisions[-1].message}. {message}"


def run_summary(traffic: TrafficStatus) -> str:
    """Return strategy, step and what it waits for in a few words; empty under Manual."""
    if traffic.mode is None:
        return ""
    name = traffic.strategy if traffic.mode == "Apply" else f"{traffic.strategy} (Observe)"
    if traffic.run is None or traffic.step is None:
        return f"{name}: not started"
    if traffic.outcome is not None:
        return f"{name}: {traffic.outcome}"
    step = f"{name} step {traffic.step.number}/{traffic.step.of}"
    if traffic.held:
        return f"{step}: held"
    waits = [gate.name for gate in traffic.gates or () if gate.state != SATISFIED]
    return f"{step}: waits for {', '.join(waits)}" if waits else step
