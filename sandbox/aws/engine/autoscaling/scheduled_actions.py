"""Scheduled actions: putting, deleting, describing; and what they do when they are due.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.cron_fields import ScheduleError
from sandbox.aws.engine.autoscaling.evaluation import wake
from sandbox.aws.engine.autoscaling.records import (
    DIMENSION,
    NAMESPACE,
    Activity,
    ActivityStatus,
    Run,
    ScheduledAction,
)
from sandbox.aws.engine.autoscaling.requests import check_scope, paged, resource_of, store_of, target_of
from sandbox.aws.engine.autoscaling.schedules import ClockChanges, parse
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.core import operation
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.autoscaling.records import ResourceId, ScalableTarget
    from sandbox.aws.engine.core import JSON, Call, Region

_SERVICE = "application-autoscaling"


@operation(_SERVICE, "PutScheduledAction", write=True, resource="ResourceId")
def put_scheduled_action(call: Call) -> JSON:
    target = target_of(call)
    store, name = store_of(call), call.params["ScheduledActionName"]
    present = store.scheduled_action(target.resource, name)
    limit = call.ledger.value("autoscaling.scheduled-per-target")
    if present is None and len(store.scheduled_of(target.resource)) >= limit:
        raise call.refuse("autoscaling.too-many-scheduled", limit=limit)
    action = _asked_for(call, target.resource, present)
    _check(call, action)
    store.put_scheduled_action(action)
    _await(call.region, action, after=call.now, first=True)
    return {}


@holds("autoscaling.scheduled-update")
def _asked_for(call: Call, resource: ResourceId, present: ScheduledAction | None) -> ScheduledAction:
    """Return the action after a request, which keeps what it leaves out but for the times."""
    params, name = call.params, call.params["ScheduledActionName"]
    start, end = params.get("StartTime"), params.get("EndTime")
    keeps = call.ledger.value("autoscaling.scheduled-timezone") == "keeps"
    if present is not None:
        return replace(
            present,
            schedule=params.get("Schedule", present.schedule),
            timezone=params.get("Timezone", present.timezone if keeps else ""),
            bounds=params.get("ScalableTargetAction", present.bounds),
            start=start,
            end=end,
        )
    scope = f"scheduledAction:{store_of(call).new_id()}:resource/{NAMESPACE}/{resource}"
    return ScheduledAction(
        resource=resource,
        name=name,
        arn=call.region.arn("autoscaling", f"{scope}:scheduledActionName/{name}"),
        schedule=params.get("Schedule", ""),
        timezone=params.get("Timezone", ""),
        bounds=params.get("ScalableTargetAction", {}),
        created=call.now,
        start=start,
        end=end,
    )


def _check(call: Call, action: ScheduledAction) -> None:
    if not action.bounds:
        problem = "ScalableTargetAction has MinCapacity, MaxCapacity or both."
        raise call.refuse("autoscaling.schedule", problem=problem)
    if action.start is not None and action.end is not None and action.start >= action.end:
        raise call.refuse("autoscaling.schedule", problem="StartTime lies before EndTime.")
    low, high = action.bounds.get("MinCapacity"), action.bounds.get("MaxCapacity")
    if low is not None and low < 1:
        raise call.refuse("autoscaling.min-one")
    if low is not None and high is not None and high < low:
        raise call.refuse("autoscaling.capacity-order", min=low, max=high)
    try:
        due = _next_time(call.region, action, after=call.now)
    except ScheduleError as error:
        raise call.refuse("autoscaling.schedule", problem=error) from None
    past = due is None and action.once
    if past and call.ledger.value("autoscaling.schedule-past") == "refuse":
        raise call.refuse("autoscaling.schedule", problem="The time of at lies in the past.")


@holds("autoscaling.schedule-span")
def _next_time(region: Region, action: ScheduledAction, *, after: float) -> float | None:
    """Return when an action is due next; None when never again. Raises ScheduleError."""
    changes = ClockChanges(
        skipped=region.ledger.value("autoscaling.schedule-skipped"),
        repeated=region.ledger.value("autoscaling.schedule-repeated"),
    )
    since = _counted_from(region, action)
    schedule = parse(action.schedule, timezone=action.timezone, since=since, changes=changes)
    due = schedule(after if action.start is None else max(after, action.start - 1))
    return due if due is None or action.end is None or due <= action.end else None


def _counted_from(region: Region, action: ScheduledAction) -> float:
    """Return the time from which a rate counts."""
    if region.ledger.value("autoscaling.schedule-rate") == "epoch":
        return 0.0
    return action.created if action.start is None else action.start


def _await(region: Region, action: ScheduledAction, *, after: float, first: bool = False) -> None:
    due = _next_time(region, action, after=after)
    if first and _starts_by_itself(region, action, after):
        due = action.start
    if due is not None:
        late = region.ledger.seconds("autoscaling.scheduled-late")
        region.clock.at(due + late, lambda: _run(region, action, due))


def _starts_by_itself(region: Region, action: ScheduledAction, after: float) -> bool:
    """Say whether an action that recurs is due at its start time, whatever its schedule says."""
    if action.once or action.start is None or action.start <= after:
        return False
    return bool(region.ledger.value("autoscaling.schedule-start"))


def _run(region: Region, action: ScheduledAction, due: float) -> None:
    """Do what an action is for, unless it has been changed or deleted since; and wait for the next time."""
    store = region.store(AutoScalingStore)
    target = store.target(action.resource)
    if store.scheduled_action(action.resource, action.name) is not action or target is None:
        return
    if not target.suspended.scheduled:
        _set_bounds(region, action, target)
    if action.once and not region.ledger.value("autoscaling.scheduled-once-stays"):
        store.drop_scheduled_action(action)
        return
    _await(region, action, after=due)


@holds("autoscaling.scheduled-run")
def _set_bounds(region: Region, action: ScheduledAction, target: ScalableTarget) -> None:
    low = action.bounds.get("MinCapacity", target.minimum)
    high = action.bounds.get("MaxCapacity", target.maximum)
    if low > high:
        if region.ledger.value("autoscaling.scheduled-crossing") == "ignored":
            return
        low, high = (low, low) if "MinCapacity" in action.bounds else (high, high)
    store = region.store(AutoScalingStore)
    store.put_target(replace(target, minimum=low, maximum=high))
    store.runs.setdefault(str(action.resource), {})[action.name] = Run(region.clock.now(), low, high)
    fields: Mapping[str, Any] = {"min": low, "max": high}
    store.add_activity(
        Activity(
            id=store.new_id(),
            resource=action.resource,
            count=0,
            before=0,
            policy="",
            description=region.ledger.text("autoscaling.scheduled-description", **fields),
            cause=region.ledger.text("autoscaling.scheduled-cause", name=action.name),
            started=region.clock.now(),
            status=ActivityStatus.SUCCESSFUL,
            message=region.ledger.text("autoscaling.scheduled-message", **fields),
        )
    )
    wake(region, action.resource, registered=True)


@operation(_SERVICE, "DeleteScheduledAction", write=True, resource="ResourceId")
def delete_scheduled_action(call: Call) -> JSON:
    resource, name = resource_of(call), call.params["ScheduledActionName"]
    action = store_of(call).scheduled_action(resource, name)
    if action is None:
        raise call.refuse("autoscaling.scheduled-missing", name=resource, action=name)
    store_of(call).drop_scheduled_action(action)
    return {}


@operation(_SERVICE, "DescribeScheduledActions", resource="ResourceId")
def describe_scheduled_actions(call: Call) -> JSON:
    check_scope(call)
    names, resource = call.params.get("ScheduledActionNames"), call.params.get("ResourceId")
    found = [
        action
        for action in store_of(call).scheduled.all(call.as_of)
        if (not names or action.name in names) and resource in {None, str(action.resource)}
    ]
    some, following = paged(call, found, limit_row="autoscaling.target-page")
    return {"ScheduledActions": [_described(action) for action in some], **following}


def _described(action: ScheduledAction) -> JSON:
    given = {"Timezone": action.timezone or None, "StartTime": action.start, "EndTime": action.end}
    return {
        "ScheduledActionName": action.name,
        "ScheduledActionARN": action.arn,
        "ServiceNamespace": NAMESPACE,
        "Schedule": action.schedule,
        "ResourceId": str(action.resource),
        "ScalableDimension": DIMENSION,
        "ScalableTargetAction": dict(action.bounds),
        "CreationTime": action.created,
        **{key: value for key, value in given.items() if value is not None},
    }
