"""Renders the autoscaling of a variant as a branch: bounds, schedule, policies, suspension, last activity."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.text import Text

from sagemaker_ab.api.autoscaling import Autoscaling, ScheduledAction, Suspended
from sagemaker_ab.api.scaling_status import ActionInTime, ScalingActivity, ScalingStatus
from sagemaker_ab.api.status import Instances
from sagemaker_ab.cli.snapshot import ResourceSnapshot
from sagemaker_ab.cli.views.alignment import aligned
from sagemaker_ab.cli.views.formatting import ABSENT, with_age
from sagemaker_ab.cli.views.scaling_policy import policy_lines

_LABEL: Final = len("latency ms")
_NOTHING_TO_REPORT: Final = ("Successful", "InProgress", "Pending", "Overridden")
_RATE: Final = re.compile(r"rate\((?:1 )?(.+)\)")
_Row = tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingBranch:
    head: Text
    leaves: tuple[Text, ...]


def scaling_branch(variant: str, *, resource: ResourceSnapshot, now: datetime) -> ScalingBranch | None:
    """Return the branch of a variant, None for one without autoscaling in spec and status."""
    spec, status = resource.autoscaling(variant), resource.scaling_status(variant)
    if spec is None and status is None:
        return None
    rows = [*_schedule(spec, status, now=now)]
    if spec is not None:
        endpoint_name = resource.spec.endpoint_name
        lines = policy_lines(spec, endpoint_name=endpoint_name, variant=variant)
        rows += [_row("policy", Text(line)) for line in lines]
    rows += _suspended(spec.suspended if spec else None, status)
    if status is not None and status.last_activity is not None:
        rows += _activity(status.last_activity, now=now)
    head = Text.assemble((f"{'scaling':{_LABEL}}", "dim"), "  ", _bounds(_live(variant, resource), spec))
    return ScalingBranch(head=head, leaves=tuple(aligned(rows)))


def _live(variant: str, resource: ResourceSnapshot) -> Instances:
    known = (each.instances for each in resource.status.variants or [] if each.name == variant)
    return next(known, None) or Instances()


def _bounds(live: Instances, spec: Autoscaling | None) -> Text:
    """Return the bounds in AWS, and those of the spec if they differ."""
    known = live.min is not None and live.max is not None
    text = Text(f"{live.min}..{live.max} instances" if known else f"{ABSENT} instances")
    if spec is None:
        text.append("  not in spec", "yellow")
    elif (live.min, live.max) != (spec.min_capacity, spec.max_capacity):
        text.append(f"  spec {spec.min_capacity}..{spec.max_capacity}", "yellow")
    return text


def _row(label: str, *cells: Text) -> _Row:
    return Text(label, "dim"), *cells


def _schedule(spec: Autoscaling | None, status: ScalingStatus | None, *, now: datetime) -> Iterator[_Row]:
    actions = spec.scheduled_actions if spec else []
    effective = status.in_effect if status else None
    if effective:
        yield _row("schedule", Text(f"{effective.name} {_when('since', effective, actions, now=now)}"))
    elif actions:
        since = f"bounds of the spec since {with_age(status.since, now=now)}" if status else ABSENT
        yield _row("schedule", Text(since))
    following = status.next if status else None
    if following:
        when = f"{following.name} {_when('at', following, actions, now=now)}"
        yield _row("next", Text(f"{when}{_change(following.name, actions)}"))


def _when(word: str, shown: ActionInTime, actions: Sequence[ScheduledAction], *, now: datetime) -> str:
    """Return the time of an action after a word, or its schedule if status shows no time."""
    if shown.at is not None:
        return f"{word} {with_age(shown.at, now=now)}"
    action = _declared(shown.name, actions)
    if action is None:
        return ABSENT
    rate = _RATE.fullmatch(action.schedule)
    return f"every {rate[1]}" if rate else action.schedule


def _declared(name: str, actions: Sequence[ScheduledAction]) -> ScheduledAction | None:
    return next((each for each in actions if each.name == name), None)


def _change(name: str, actions: Sequence[ScheduledAction]) -> str:
    action = _declared(name, actions)
    if action is None:
        return ""
    if action.min_capacity is not None and action.max_capacity is not None:
        return f": {action.min_capacity}..{action.max_capacity} instances"
    if action.min_capacity is not None:
        return f": min {action.min_capacity}"
    return f": max {action.max_capacity}"


def _suspended(spec: Suspended | None, status: ScalingStatus | None) -> Iterator[_Row]:
    """Yield the suspended kinds of scaling, with those that the operator has yet to suspend or to resume."""
    kinds = {"scaleIn": "scale_in", "scaleOut": "scale_out", "scheduled": "scheduled"}
    wanted = {kind: "" for kind, field in kinds.items() if spec is not None and getattr(spec, field)}
    run = status.scale_in_suspended_for if status else None
    if run is not None:
        wanted.setdefault("scaleIn", f" (for run {run})")
    done: set[str] = set(status.suspended or []) if status else set()
    words = [f"{kind}{_progress(kind, wanted, done)}" for kind in kinds if kind in wanted.keys() | done]
    if words:
        yield _row("suspended", Text(", ".join(words), "yellow"))


def _progress(kind: str, wanted: Mapping[str, str], done: set[str]) -> str:
    if kind not in done:
        return " (not yet)"
    return wanted.get(kind, " (not in spec)")


def _activity(activity: ScalingActivity, *, now: datetime) -> Iterator[_Row]:
    """Yield the last activity if it is not an ordinary one."""
    if activity.status in _NOTHING_TO_REPORT:
        return
    words = " ".join(filter(None, (activity.status, activity.reason)))
    yield _row("activity", Text(f"{words} since {with_age(activity.since, now=now)}", "red"))
    yield _row("", Text(activity.message, "red"))
