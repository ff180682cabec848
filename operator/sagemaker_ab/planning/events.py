"""What a person would want to be told, from the difference between two statuses."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.status import Condition, Status


@dataclass(frozen=True, slots=True)
class Notice:
    """A Kubernetes event to be."""

    kind: Literal["Normal", "Warning"]
    reason: str
    message: str


def notices(before: Status, after: Status) -> Iterator[Notice]:
    """Tell of readiness reached, and of trouble met, each once."""
    ready = _condition(after, ConditionType.READY)
    was_ready = _condition(before, ConditionType.READY)
    if ready and ready.status == "True" and (was_ready is None or was_ready.status != "True"):
        yield Notice("Normal", ready.reason, ready.message)
    stalled = _condition(after, ConditionType.STALLED)
    was_stalled = _condition(before, ConditionType.STALLED)
    if stalled and (was_stalled is None or was_stalled.message != stalled.message):
        yield Notice("Warning", stalled.reason, stalled.message)


def _condition(status: Status, kind: ConditionType) -> Condition | None:
    return next((condition for condition in status.conditions or () if condition.type == kind), None)
