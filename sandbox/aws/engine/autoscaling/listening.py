"""What has a target looked at: requests, alarms that call its step policies, an endpoint that has settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.activities import finish
from sandbox.aws.engine.autoscaling.decision import is_cooling
from sandbox.aws.engine.autoscaling.evaluation import look_now, wake
from sandbox.aws.engine.autoscaling.records import ActivityStatus, ResourceId
from sandbox.aws.engine.autoscaling.steps import StepCall
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.cloudwatch.alarm_store import AlarmActed
from sandbox.aws.engine.happenings import EndpointSettled, listens
from sandbox.aws.engine.metrics.store import TrafficSeen
from sandbox.aws.engine.records import EndpointStatus
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.autoscaling.records import Activity
    from sandbox.aws.engine.core import Region


@listens(TrafficSeen)
def _wake_by_traffic(seen: TrafficSeen) -> None:
    resource = ResourceId(seen.series.endpoint, seen.series.variant)
    if seen.region.store(AutoScalingStore).target(resource) is not None:
        wake(seen.region, resource)


@listens(AlarmActed)
@holds("autoscaling.step-alarms")
def _take_call(acted: AlarmActed) -> None:
    """Take down what an alarm asks of a step policy, and look at its target when all alarms have asked."""
    region, alarm = acted.region, acted.alarm
    store = region.store(AutoScalingStore)
    policy = store.policy_of(acted.action)
    if policy is None or policy.tracks or not acted.values:
        return
    calls = store.called.setdefault(str(policy.resource), [])
    calls.append(
        StepCall(
            policy=policy,
            alarm=alarm.name,
            values=acted.values,
            threshold=alarm.threshold,
            above=alarm.comparison.startswith("Greater"),
        )
    )
    if len(calls) == 1:
        region.clock.after(0, lambda: _answer(region, store, policy.resource))


def _answer(region: Region, store: AutoScalingStore, resource: ResourceId) -> None:
    if str(resource) in store.called:
        look_now(region, resource)


@listens(EndpointSettled)
def _wake_by_settling(settled: EndpointSettled) -> None:
    region, endpoint = settled.region, settled.endpoint
    store = region.store(AutoScalingStore)
    for target in store.targets_of(endpoint.name):
        variant = endpoint.variant(target.resource.variant)
        if variant is not None and endpoint.status is EndpointStatus.IN_SERVICE:
            reached, reason = variant.current_instance_count, endpoint.failure_reason
            activity = finish(region, target.resource, reached=reached, reason=reason)
            if activity is not None and activity.status is ActivityStatus.SUCCESSFUL:
                _begin_cooldown(region, store, activity)
        wake(region, target.resource)


def _begin_cooldown(region: Region, store: AutoScalingStore, activity: Activity) -> None:
    policy = store.policy(activity.resource, activity.policy)
    if policy is None:
        return
    tracker = store.trackers[policy.arn]
    if activity.count > activity.before:
        cooldown = policy.config.get("Cooldown", region.ledger.value("autoscaling.cooldown-default"))
        if policy.tracks or not is_cooling(tracker.scaled_out_at, cooldown, activity.started):
            tracker.scaled_out_from = activity.before
        tracker.scaled_out_at, tracker.scaled_in_at = activity.ended, None
    else:
        tracker.scaled_in_at = activity.ended
