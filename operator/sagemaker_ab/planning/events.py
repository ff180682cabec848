"""The Kubernetes events that a change of status calls for."""

from collections.abc import Iterator

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.status import Condition, Status
from sagemaker_ab.planning.event_draft import EventDraft
from sagemaker_ab.planning.runs.events import run_events
from sagemaker_ab.planning.scaling_activities import failed, failure_message, last_activities


def draft_events(before: Status, after: Status) -> Iterator[EventDraft]:
    """Yield an event when the resource becomes ready, and for each new cause of a stall or failed scaling.

    What happens to the run of its strategy has events too.
    """
    ready = _condition(after, ConditionType.READY)
    was_ready = _condition(before, ConditionType.READY)
    if ready and ready.status == "True" and (was_ready is None or was_ready.status != "True"):
        yield EventDraft("Normal", ready.reason, ready.message)
    stalled = _condition(after, ConditionType.STALLED)
    was_stalled = _condition(before, ConditionType.STALLED)
    if stalled and (was_stalled is None or was_stalled.message != stalled.message):
        yield EventDraft("Warning", stalled.reason, stalled.message)
    yield from _scaling_failures(before, after)
    yield from run_events(before.traffic, after.traffic)


def _scaling_failures(before: Status, after: Status) -> Iterator[EventDraft]:
    """Yield an event for each variant whose newest scaling activity begins to fail, or fails differently."""
    known = last_activities(before.scaling or ())
    for name, activity in last_activities(after.scaling or ()).items():
        previous = known.get(name)
        repeated = previous is not None and failed(previous) and previous.reason == activity.reason
        if failed(activity) and not repeated:
            yield EventDraft("Warning", "ScalingFailed", failure_message(name, activity))


def _condition(status: Status, kind: ConditionType) -> Condition | None:
    return next((condition for condition in status.conditions or () if condition.type == kind), None)
