"""Renders conditions as lines: icon, type, reason, age, message."""

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.status import Condition
from sagemaker_ab.cli.views.alignment import aligned
from sagemaker_ab.cli.views.formatting import age

GOOD = ("✔", "green")
WAITING = ("◌", "yellow")
BAD = ("✖", "red")
UNDECIDED = ("?", "yellow")

_PENDING = {ConditionType.METRICS_AVAILABLE, ConditionType.DECIDED, ConditionType.SPEC_CONVERGED}
"""Types that are False for a while in the course of things."""


def condition_lines(conditions: Sequence[Condition], *, now: datetime) -> list[Text]:
    under_way = any(_is_true(each, ConditionType.RECONCILING) for each in conditions)
    return aligned([_cells(each, under_way=under_way, now=now) for each in conditions])


def _is_true(condition: Condition, kind: ConditionType) -> bool:
    return condition.type == kind and condition.status == "True"


def _cells(condition: Condition, *, under_way: bool, now: datetime) -> tuple[Text, ...]:
    icon, color = icon_of(condition, under_way=under_way)
    return (
        Text(f"{icon} {condition.type}", color),
        Text(condition.reason),
        Text(age(condition.last_transition_time, now=now), "dim"),
        Text(condition.message, "dim"),
    )


def icon_of(condition: Condition, *, under_way: bool) -> tuple[str, str]:
    """Return icon and color. Stalled and Reconciling are normally False, all other types normally True.

    A False condition is pending, not bad, while a reconcile is under way. So is one that waits for metrics,
    for the end of a run, or for a person to commit its winner.
    """
    if condition.status == "Unknown":
        return UNDECIDED
    if condition.type == ConditionType.STALLED:
        return BAD if condition.status == "True" else GOOD
    if condition.type == ConditionType.RECONCILING:
        return WAITING if condition.status == "True" else GOOD
    if condition.status == "True":
        return GOOD
    return WAITING if under_way or condition.type in _PENDING else BAD
