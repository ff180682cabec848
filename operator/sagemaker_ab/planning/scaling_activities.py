"""Scaling activities of Application Auto Scaling: why a variant was not scaled, and what status keeps.

AWS documents the codes of activities that it decided not to start, but not the messages of failed ones. Those
are quoted from public issues; comments name the source.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Final

from sagemaker_ab.api.scaling_status import ScalingActivity, ScalingStatus

NOT_SCALED: Final = "NotScaled"
"""The status of an activity that AWS decided not to start. AWS reports it as Failed."""
_FAILED: Final = "Failed"
_UNFULFILLED: Final = "Unfulfilled"
_IN_PROGRESS: Final = frozenset({"Pending", "InProgress"})
_STATUS_LENGTH: Final = 32
_STILL_FAILS: Final = timedelta(minutes=2)
"""AWS repeats an activity that fails about every ten seconds."""
_TEXT_LENGTH_IN_EVENTS: Final = 640
"""Kubernetes allows 1,024 characters. The rest is for what the user can do."""


class ScalingReason(StrEnum):
    """Why a variant was not scaled. The codes that AWS documents keep their names."""

    QUOTA_EXCEEDED = "QuotaExceeded"
    """A quota of the account does not allow the instances."""

    INSUFFICIENT_CAPACITY = "InsufficientCapacity"
    """AWS has too few instances of the type."""

    UPDATE_IN_PROGRESS = "UpdateInProgress"
    """The endpoint was being changed, and AWS refuses a second change meanwhile."""

    ACCESS_DENIED = "AccessDenied"
    """The service-linked role of Application Auto Scaling may not change the endpoint."""

    UNFULFILLED = "Unfulfilled"
    """SageMaker accepted the change, did not complete it, and gave no known reason."""

    UNSCALABLE = "TargetServicePutResourceAsUnscalable"
    """SageMaker does not allow the variant to be scaled at the moment."""

    AT_MAXIMUM = "AlreadyAtMaxCapacity"
    """The variant already has its maximum number of instances."""

    AT_MINIMUM = "AlreadyAtMinCapacity"
    """The variant already has its minimum number of instances."""

    AT_DESIRED = "AlreadyAtDesiredCapacity"
    """The variant already has as many instances as the policy computed."""

    FLAPPING = "AutoScalingAnticipatedFlapping"
    """Scaling would soon be followed by scaling in the other direction."""

    OTHER = "Other"
    """None of these. The message has AWS's words."""


@dataclass(frozen=True, slots=True)
class NotScaled:
    """A NotScaledReason: its code, and the bound or the number of instances that it refers to."""

    code: str
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A scaling activity as DescribeScalingActivities returned it. `started` is on AWS's clock."""

    resource_id: str
    status: str
    description: str
    started: datetime
    status_message: str = ""
    not_scaled: tuple[NotScaled, ...] = ()


def fold_activities(before: ScalingActivity | None, activities: Sequence[Activity]) -> ScalingActivity | None:
    """Return the newest activity of a variant, dated from the first of the series that it belongs to.

    `before` is the result of the last fold, `activities` are those of the variant that were read since,
    newest first. Some may be older than the last read. AWS repeats an activity that fails about every ten
    seconds, so activities that fail for one reason are one series, whatever number of instances each was to
    reach.
    """
    if not activities:
        return before
    described = [describe(activity) for activity in _without_decisions_beside_a_failure(activities)]
    newest = described[0]
    series = list(takewhile(lambda each: _key(each) == _key(newest), described))
    since = series[-1].since
    if len(series) == len(described) and before is not None and _key(before) == _key(newest):
        since = min(since, before.since)
    return newest.model_copy(update={"since": since})


def _without_decisions_beside_a_failure(activities: Sequence[Activity]) -> Sequence[Activity]:
    """Leave out decisions not to scale while an activity fails, since another policy may make them.

    Without this, the newest activity would be now one and now the other, and each change an event.
    """
    started = [activity for activity in activities if not activity.not_scaled]
    if not started or started[0].status not in {_FAILED, _UNFULFILLED}:
        return activities
    repeated = activities[0].started - started[0].started < _STILL_FAILS
    return started if repeated else activities


def last_activities(scaling: Iterable[ScalingStatus]) -> Mapping[str, ScalingActivity]:
    """Return the last activity of each variant of which status has one."""
    return {each.name: each.last_activity for each in scaling if each.last_activity is not None}


def _key(activity: ScalingActivity) -> tuple[str, str]:
    return activity.status, activity.reason or activity.message


def describe(activity: Activity) -> ScalingActivity:
    """Return an activity in the form of status; a repetition differs in `since` alone."""
    reason = reason_of(activity)
    return ScalingActivity(
        status=NOT_SCALED if activity.not_scaled else activity.status[:_STATUS_LENGTH],
        reason=reason.value if reason else None,
        message=_message(activity),
        since=activity.started,
    )


def reason_of(activity: Activity) -> ScalingReason | None:
    """Return why the variant was not scaled; None if it was, or may still be."""
    if activity.not_scaled:
        return _CODES.get(activity.not_scaled[0].code, ScalingReason.OTHER)
    if activity.status not in {_FAILED, _UNFULFILLED}:
        return None
    for text, reason in _TEXTS:
        if text in activity.status_message:
            return reason
    return ScalingReason.UNFULFILLED if activity.status == _UNFULFILLED else ScalingReason.OTHER


_TEXTS: Final = (
    # Logs of DescribeScalingActivities in public issues
    ("ResourceLimitExceeded", ScalingReason.QUOTA_EXCEEDED),
    ("account-level service limit", ScalingReason.QUOTA_EXCEEDED),
    # stdapi-ai/stdapi.ai#43, and aws/amazon-sagemaker-examples#3432, as the FailureReason of an endpoint
    ("Unable to provision requested ML compute capacity", ScalingReason.INSUFFICIENT_CAPACITY),
    ("InsufficientInstanceCapacity", ScalingReason.INSUFFICIENT_CAPACITY),
    ("CapacityError", ScalingReason.INSUFFICIENT_CAPACITY),
    # aws/amazon-sagemaker-operator-for-k8s, controllers/sdkutil/clientwrapper
    ("Cannot update in-progress endpoint", ScalingReason.UPDATE_IN_PROGRESS),
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
    ("AccessDenied", ScalingReason.ACCESS_DENIED),
    ("is not authorized to perform", ScalingReason.ACCESS_DENIED),
)
"""Parts of status messages, and what they mean."""

_CODES: Final = {
    reason.value: reason
    for reason in (
        ScalingReason.UNSCALABLE,
        ScalingReason.AT_MAXIMUM,
        ScalingReason.AT_MINIMUM,
        ScalingReason.AT_DESIRED,
        ScalingReason.FLAPPING,
    )
}


def _message(activity: Activity) -> str:
    """Return AWS's words without the ID of the request, which differs each time."""
    if not activity.not_scaled:
        return _REQUEST_ID.sub("", activity.status_message or activity.description)
    first = activity.not_scaled[0]
    why = _EXPLANATIONS.get(first.code, first.code)
    count = "" if first.capacity is None else f" ({first.capacity})"
    return f"{activity.description.rstrip('.')}: {why}{count}"


_REQUEST_ID: Final = re.compile(r"[;,]? ?(Extended )?Request ?ID: [^;,)\s]+", re.IGNORECASE)
"""As the AWS SDK for Java ends its messages: (Service: …; Status Code: …; Error Code: …; Request ID: …)."""

_EXPLANATIONS: Final = {
    ScalingReason.UNSCALABLE.value: "SageMaker does not allow the variant to be scaled at the moment",
    ScalingReason.AT_MAXIMUM.value: "the variant already has its maximum number of instances",
    ScalingReason.AT_MINIMUM.value: "the variant already has its minimum number of instances",
    ScalingReason.AT_DESIRED.value: "the variant already has as many instances as the policy computed",
    ScalingReason.FLAPPING.value: "scaling would soon be followed by scaling in the other direction",
}


def in_progress(activity: ScalingActivity) -> bool:
    """Return whether AWS has not ended the activity yet."""
    return activity.status in _IN_PROGRESS


def failed(activity: ScalingActivity) -> bool:
    """Return whether AWS could not scale. A bound that was reached, or flapping, is no failure."""
    return activity.status in {_FAILED, _UNFULFILLED} or activity.reason == ScalingReason.UNSCALABLE


def failure_message(variant: str, activity: ScalingActivity) -> str:
    """Return the message of the event that reports a failed activity."""
    said = activity.message[:_TEXT_LENGTH_IN_EVENTS].rstrip(". ")
    way_out = _WAYS_OUT.get(activity.reason or "", "")
    return (
        f"Variant {variant} was not scaled ({activity.reason}). AWS: {said}. "
        f"Application Auto Scaling tries again. {way_out}"
    ).rstrip()


_WAYS_OUT: Final = {
    ScalingReason.QUOTA_EXCEEDED.value: "Request a higher quota in Service Quotas, or lower maxCapacity.",
    ScalingReason.INSUFFICIENT_CAPACITY.value: "If the shortage lasts, change instanceType.",
    ScalingReason.UPDATE_IN_PROGRESS.value: "The variant is scaled after the update.",
    ScalingReason.UNSCALABLE.value: "If the endpoint is updating, the variant is scaled after the update.",
    ScalingReason.ACCESS_DENIED.value: (
        "Check the role AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint, and the policies of the"
        " organization."
    ),
    ScalingReason.UNFULFILLED.value: "Usually, AWS lacks capacity. If that lasts, change instanceType.",
}
