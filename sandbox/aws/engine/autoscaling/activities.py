"""Scaling activities: changing a variant's instance count, and telling how that went.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.records import DIMENSION, NAMESPACE, Activity, ActivityStatus, ResourceId
from sandbox.aws.engine.autoscaling.requests import check_scope, paged, store_of
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.core import operation
from sandbox.aws.engine.sagemaker.capacity import scale_variant
from sandbox.aws.errors import AwsError

if TYPE_CHECKING:
    from sandbox.aws.engine.core import JSON, Call, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a variant's instance count, and who wants it; no policy when the bounds do."""

    resource: ResourceId
    before: int
    count: int
    cause: str
    policy: str = ""


def change_count(region: Region, change: Change) -> Activity:
    """Set a variant's count going as an activity; one that SageMaker refuses has failed at once."""
    store = region.store(AutoScalingStore)
    now = region.clock.now()
    resource, count = change.resource, change.count
    activity = Activity(
        id=store.new_id(),
        resource=resource,
        count=count,
        before=change.before,
        policy=change.policy,
        description=region.ledger.text("autoscaling.activity-description", count=count),
        cause=change.cause,
        started=now,
        status=ActivityStatus.IN_PROGRESS,
        message=region.ledger.text("autoscaling.activity-waiting", count=count),
    )
    try:
        scale_variant(region, endpoint_name=resource.endpoint, variant_name=resource.variant, instances=count)
    except AwsError as refusal:
        message = _refused(region, count, refusal)
        activity = replace(activity, status=ActivityStatus.FAILED, message=message, ended=now)
    store.add_activity(activity)
    return activity


def _refused(region: Region, count: int, refusal: AwsError) -> str:
    return region.ledger.text(
        "autoscaling.activity-failed",
        count=count,
        reason=refusal.message,
        http=refusal.http,
        code=refusal.code,
        request=region.store(AutoScalingStore).new_id(),
    )


def finish(region: Region, resource: ResourceId, *, reached: int, reason: str) -> Activity | None:
    """End the activity in progress of a variant whose endpoint has settled; None if there is none.

    ``reason`` is why the endpoint did not reach the count, as its failure reason says it.
    """
    store = region.store(AutoScalingStore)
    activity = store.activity_in_progress(resource)
    if activity is None:
        return None
    done = reached == activity.count
    row = "autoscaling.activity-successful" if done else "autoscaling.activity-unfulfilled"
    finished = replace(
        activity,
        status=ActivityStatus.SUCCESSFUL if done else ActivityStatus.UNFULFILLED,
        message=region.ledger.text(row, count=activity.count, reason=reason),
        ended=region.clock.now(),
    )
    store.replace_activity(finished)
    return finished


@operation("application-autoscaling", "DescribeScalingActivities", resource="ResourceId")
def describe_scaling_activities(call: Call) -> JSON:
    check_scope(call)
    wanted, all_of_them = call.params.get("ResourceId"), call.params.get("IncludeNotScaledActivities", False)
    since = call.as_of - call.ledger.value("autoscaling.activities-kept")
    found = [
        activity
        for activity in store_of(call).activities()
        if wanted in {None, str(activity.resource)}
        and since <= activity.started <= call.as_of
        and (all_of_them or activity.not_scaled is None)
    ]
    found.sort(key=lambda activity: activity.started)
    found.reverse()
    some, following = paged(call, found, limit_row="autoscaling.target-page")
    return {"ScalingActivities": [_described(activity) for activity in some], **following}


def _described(activity: Activity) -> JSON:
    ended: dict[str, Any] = {} if activity.ended is None else {"EndTime": activity.ended}
    return {
        "ActivityId": activity.id,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": str(activity.resource),
        "ScalableDimension": DIMENSION,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.started,
        **ended,
        "StatusCode": str(activity.status),
        **({"StatusMessage": activity.message} if activity.message else {}),
        **({"NotScaledReasons": [activity.not_scaled]} if activity.not_scaled else {}),
    }
