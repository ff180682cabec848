"""The Kubernetes events that a change of status calls for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.status import Condition, Status


@dataclass(frozen=True, slots=True)
class EventDraft:
    """A Kubernetes event before it is recorded."""

    kind: Literal["Normal", "Warning"]
    reason: str
    message: str


def draft_events(before: Status, after: Status) -> Iterator[EventDraft]:
    """Yield an event when the resource becomes ready, and one for each new cause of a stall."""
    ready = _condition(after, ConditionType.READY)
    was_ready = _condition(before, ConditionType.READY)
    if ready and ready.status == "True" and (was_ready is None or was_ready.status != "True"):
        yield EventDraft("Normal", ready.reason, ready.message)
    stalled = _condition(after, ConditionType.STALLED)
    was_stalled = _condition(before, ConditionType.STALLED)
    if stalled and (was_stalled is None or was_stalled.message != stalled.message):
        yield EventDraft("Warning", stalled.reason, stalled.message)


def _condition(status: Status, kind: ConditionType) -> Condition | None:
    return next((condition for condition in status.conditions or () if condition.type == kind), None)
