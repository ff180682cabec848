"""The evaluator: once a minute it looks at the targets that could have to be scaled, and scales them.

A target sleeps while nothing about it can change: it is idle, its alarms have said so, and it is as small as
it may be. A request, a settled endpoint, a new policy or new bounds wake it. Thousands of idle variants hence
cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.activities import Change, change_count
from sandbox.aws.engine.autoscaling.choice import Asked, choose
from sandbox.aws.engine.autoscaling.decision import Rules, Tracked, check_alarms, is_cooling
from sandbox.aws.engine.autoscaling.not_scaled import tell_not_scaled
from sandbox.aws.engine.autoscaling.records import METRIC_TYPE, ActivityStatus
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.autoscaling.tracked_metric import published_minutes
from sandbox.aws.engine.autoscaling.tracking import within
from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState
from sandbox.aws.engine.metrics.store import MetricsStore
from sandbox.aws.engine.records import EndpointStatus
from sandbox.aws.engine.sagemaker.store import store_of as sagemaker_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.autoscaling.records import ResourceId, ScalableTarget, ScalingPolicy
    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint


def wake(region: Region, resource: ResourceId, *, registered: bool = False) -> None:
    """Have a target looked at from the next evaluation on; at once for its bounds if they are new."""
    store = region.store(AutoScalingStore)
    store.awake[str(resource)] = resource
    if registered:
        store.unbounded.add(str(resource))
        look_now(region, resource)
    _schedule(region, store)


def look_now(region: Region, resource: ResourceId) -> None:
    """Look at a target between two evaluations."""
    _look_at(region, region.store(AutoScalingStore), resource, Rules.of(region.ledger))


def _schedule(region: Region, store: AutoScalingStore) -> None:
    if store.ticking or not store.awake:
        return
    store.ticking = True
    period = region.ledger.value("autoscaling.evaluation-period")
    when = (region.clock.now() // period + 1) * period
    # Policies weigh what alarms ask of them at the same time, whichever of the two was scheduled first.
    region.clock.at(when, lambda: _tick_last(region, store))


def _tick_last(region: Region, store: AutoScalingStore) -> None:
    region.clock.after(0, lambda: _tick(region, store))


def _tick(region: Region, store: AutoScalingStore) -> None:
    store.ticking = False
    rules = Rules.of(region.ledger)
    for key, resource in list(store.awake.items()):
        if not _look_at(region, store, resource, rules):
            store.awake.pop(key, None)
    _schedule(region, store)


def _look_at(region: Region, store: AutoScalingStore, resource: ResourceId, rules: Rules) -> bool:
    """Evaluate one target and scale it if need be; False when it may sleep."""
    target = store.target(resource)
    endpoint = sagemaker_of(region).endpoint(resource.endpoint)
    calls = store.called.pop(str(resource), [])
    if target is None or endpoint is None:
        return False
    tracked = [
        _tracked(region, store, policy, rules) for policy in store.policies_of(resource) if policy.tracks
    ]
    for one in tracked:
        check_alarms(region, rules, one)
    if _acts(region, target, endpoint, Asked(rules, tracked, calls)):
        return True
    settled = all(_settled(region, target, endpoint, rules, one) for one in tracked)
    return str(resource) in store.unbounded or not settled


def _tracked(region: Region, store: AutoScalingStore, policy: ScalingPolicy, rules: Rules) -> Tracked:
    minutes = published_minutes(region, policy, count=rules.low_minutes)
    return Tracked(policy, store.trackers[policy.arn], minutes, store.alarms_of(policy))


@holds("autoscaling.blocked-while-busy")
def _acts(region: Region, target: ScalableTarget, endpoint: Endpoint, asked: Asked) -> bool:
    """Scale a target if its bounds or a policy call for it and nothing is in the way."""
    variant = endpoint.variant(target.resource.variant)
    if variant is None:
        return False
    capacity = variant.desired_instance_count
    if endpoint.status is not EndpointStatus.IN_SERVICE:
        _tell_busy(region, target, asked, capacity)
        return False
    if str(target.resource) in region.store(AutoScalingStore).retrying:
        return True
    change = _to_bounds(region, target, capacity) or _to_metric(region, target, asked, capacity)
    if change is not None:
        _scale(region, change)
    return change is not None


def _tell_busy(region: Region, target: ScalableTarget, asked: Asked, capacity: int) -> None:
    """Tell that a policy would scale if the endpoint were not busy, unless it is so with being scaled."""
    if region.store(AutoScalingStore).activity_in_progress(target.resource) is None:
        choice = choose(region, target, asked, capacity=capacity)
        reason = {"Code": "TargetServicePutResourceAsUnscalable"} if choice.followed else choice.reason
        tell_not_scaled(region, target.resource, choice.followed or choice.refused, reason)


@holds("autoscaling.bounds-on-register")
def _to_bounds(region: Region, target: ScalableTarget, capacity: int) -> Change | None:
    """Return the change that brings a target inside its bounds, if that is to be made."""
    key, unbounded = str(target.resource), region.store(AutoScalingStore).unbounded
    if key not in unbounded and not region.ledger.value("autoscaling.bounds-later"):
        return None
    inside = within(capacity, minimum=target.minimum, maximum=target.maximum)
    if inside == capacity:
        unbounded.discard(key)
        return None
    row = "autoscaling.cause-minimum" if inside > capacity else "autoscaling.cause-maximum"
    cause = region.ledger.text(row, count=inside)
    return Change(resource=target.resource, before=capacity, count=inside, cause=cause)


def _to_metric(region: Region, target: ScalableTarget, asked: Asked, capacity: int) -> Change | None:
    """Return the change that a policy calls for, if one does; else tell why its wish is not followed."""
    choice = choose(region, target, asked, capacity=capacity)
    tell_not_scaled(region, target.resource, choice.refused, choice.reason)
    followed = choice.followed
    if followed is None:
        return None
    name = followed.policy.name
    return Change(
        resource=target.resource,
        before=capacity,
        count=followed.capacity,
        cause=region.ledger.text("autoscaling.cause-alarm", alarm=followed.alarm, policy=name),
        policy=name,
    )


def _scale(region: Region, change: Change) -> None:
    activity = change_count(region, change)
    if activity.status is ActivityStatus.FAILED:
        region.store(AutoScalingStore).retrying.add(str(change.resource))
        pause = region.ledger.value("autoscaling.retry")
        region.clock.after(pause, lambda: _retry(region, change.resource))


def _retry(region: Region, resource: ResourceId) -> None:
    region.store(AutoScalingStore).retrying.discard(str(resource))
    look_now(region, resource)


def _settled(
    region: Region, target: ScalableTarget, endpoint: Endpoint, rules: Rules, tracked: Tracked
) -> bool:
    """Say whether a policy will want nothing until something happens."""
    variant = endpoint.variant(target.resource.variant)
    if variant is None or not endpoint.serving:
        return True
    if tracked.policy.predefined != METRIC_TYPE:
        return False
    metrics = region.store(MetricsStore)
    series = metrics.series(target.resource.endpoint, target.resource.variant)
    window = metrics.newest_minute(region.clock.now()) - 60 * (rules.low_minutes - 1)
    idle = series.last_minute is None or series.last_minute < window
    smallest = variant.desired_instance_count <= target.minimum
    stays = smallest or target.suspended.scale_in or not tracked.policy.scales_in
    cooldown = tracked.policy.config.get("ScaleInCooldown", rules.cooldown)
    cooled = not is_cooling(tracked.tracker.scaled_in_at, cooldown, region.clock.now())
    quiet = stays and cooled and tracked.tracker.low.state is AlarmState.ALARM
    return idle and (quiet or tracked.policy.alarm_low not in tracked.alarms)
