"""The evaluator: once a minute it looks at the targets that could have to be scaled, and scales them.

A target sleeps while nothing about it can change: it is idle, its alarms have said so, and it is as small as
it may be. A request, a settled endpoint, a new policy or new bounds wake it. Thousands of idle variants hence
cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.activities import Change, change_count, finish
from sandbox.aws.engine.autoscaling.decision import (
    Rules,
    Tracked,
    check_alarms,
    published_minutes,
    wanted,
)
from sandbox.aws.engine.autoscaling.records import ActivityStatus, ResourceId
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.autoscaling.tracking import within
from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState
from sandbox.aws.engine.happenings import EndpointSettled, listens
from sandbox.aws.engine.metrics.store import MetricsStore, TrafficSeen
from sandbox.aws.engine.records import EndpointStatus
from sandbox.aws.engine.sagemaker.store import store_of as sagemaker_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.aws.engine.autoscaling.records import Activity, ScalableTarget, ScalingPolicy
    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint


def wake(region: Region, resource: ResourceId, *, registered: bool = False) -> None:
    """Have a target looked at from the next evaluation on; at once for its bounds if they are new."""
    store = region.store(AutoScalingStore)
    store.awake[str(resource)] = resource
    if registered:
        store.unbounded.add(str(resource))
        _look_at(region, store, resource, Rules.of(region.ledger))
    _schedule(region, store)


def _schedule(region: Region, store: AutoScalingStore) -> None:
    if store.ticking or not store.awake:
        return
    store.ticking = True
    period = region.ledger.value("autoscaling.evaluation-period")
    region.clock.at((region.clock.now() // period + 1) * period, lambda: _tick(region, store))


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
    if target is None or endpoint is None:
        return False
    tracked = [_tracked(region, store, policy, rules) for policy in store.policies_of(resource)]
    for one in tracked:
        check_alarms(region, rules, one)
    if _acts(region, target, endpoint, rules, tracked):
        return True
    settled = all(_settled(region, target, endpoint, rules, one) for one in tracked)
    return str(resource) in store.unbounded or not settled


def _tracked(region: Region, store: AutoScalingStore, policy: ScalingPolicy, rules: Rules) -> Tracked:
    minutes = published_minutes(region, policy, count=rules.low_minutes)
    return Tracked(policy, store.trackers[policy.arn], minutes)


@holds("autoscaling.blocked-while-busy")
def _acts(
    region: Region, target: ScalableTarget, endpoint: Endpoint, rules: Rules, tracked: Sequence[Tracked]
) -> bool:
    """Scale a target if its bounds or a policy call for it and nothing is in the way."""
    variant = endpoint.variant(target.resource.variant)
    if variant is None or endpoint.status is not EndpointStatus.IN_SERVICE:
        return False
    if str(target.resource) in region.store(AutoScalingStore).retrying:
        return True
    capacity = variant.desired_instance_count
    change = _to_bounds(region, target, capacity) or _to_metric(region, target, rules, tracked, capacity)
    if change is not None:
        _scale(region, change)
    return change is not None


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
    cause = region.ledger.text("autoscaling.cause-bounds", min=target.minimum, max=target.maximum)
    return Change(resource=target.resource, before=capacity, count=inside, cause=cause)


def _to_metric(
    region: Region, target: ScalableTarget, rules: Rules, tracked: Sequence[Tracked], capacity: int
) -> Change | None:
    """Return the change that a policy calls for, if one does."""
    for one in tracked:
        want = wanted(rules, target, one, capacity=capacity, now=region.clock.now())
        if want is not None:
            name = one.policy.name
            return Change(
                resource=target.resource,
                before=capacity,
                count=want.capacity,
                cause=region.ledger.text("autoscaling.cause-alarm", alarm=want.alarm, policy=name),
                policy=name,
            )
    return None


def _scale(region: Region, change: Change) -> None:
    activity = change_count(region, change)
    if activity.status is ActivityStatus.FAILED:
        region.store(AutoScalingStore).retrying.add(str(change.resource))
        pause = region.ledger.value("autoscaling.retry")
        region.clock.after(pause, lambda: _retry(region, change.resource))


def _retry(region: Region, resource: ResourceId) -> None:
    store = region.store(AutoScalingStore)
    store.retrying.discard(str(resource))
    _look_at(region, store, resource, Rules.of(region.ledger))


def _settled(
    region: Region, target: ScalableTarget, endpoint: Endpoint, rules: Rules, tracked: Tracked
) -> bool:
    """Say whether a policy will want nothing until something happens."""
    variant = endpoint.variant(target.resource.variant)
    if variant is None or not endpoint.serving:
        return True
    metrics = region.store(MetricsStore)
    series = metrics.series(target.resource.endpoint, target.resource.variant)
    window = metrics.newest_minute(region.clock.now()) - 60 * (rules.low_minutes - 1)
    idle = series.last_minute is None or series.last_minute < window
    smallest = variant.desired_instance_count <= target.minimum
    stays = smallest or target.suspended.scale_in or not tracked.policy.scales_in
    return idle and stays and tracked.tracker.low.state is AlarmState.ALARM


@listens(TrafficSeen)
def _wake_by_traffic(seen: TrafficSeen) -> None:
    resource = ResourceId(seen.series.endpoint, seen.series.variant)
    if seen.region.store(AutoScalingStore).target(resource) is not None:
        wake(seen.region, resource)


@listens(EndpointSettled)
def _wake_by_settling(settled: EndpointSettled) -> None:
    region, endpoint = settled.region, settled.endpoint
    store = region.store(AutoScalingStore)
    for target in store.targets_of(endpoint.name):
        variant = endpoint.variant(target.resource.variant)
        if variant is not None and endpoint.status is EndpointStatus.IN_SERVICE:
            activity = finish(region, target.resource, reached=variant.current_instance_count)
            if activity is not None and activity.status is ActivityStatus.SUCCESSFUL:
                _begin_cooldown(store, activity)
        wake(region, target.resource)


def _begin_cooldown(store: AutoScalingStore, activity: Activity) -> None:
    policy = store.policy(activity.resource, activity.policy)
    if policy is None:
        return
    tracker = store.trackers[policy.arn]
    if activity.count > activity.before:
        tracker.scaled_out_at, tracker.scaled_out_from = activity.ended, activity.before
        tracker.scaled_in_at = None
    else:
        tracker.scaled_in_at = activity.ended
