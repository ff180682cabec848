"""Reads the scaling activities of all endpoints of a region.

API: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
"""

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Final

from sagemaker_ab.aws.failures import classified
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.scaling_activities import Activity, NotScaled

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.type_defs import NotScaledReasonTypeDef, ScalingActivityTypeDef

MAX_PAGES: Final = 20
"""A page holds 50 activities. An activity that fails is repeated about six times a minute."""


@dataclass(frozen=True, slots=True)
class ReadActivities:
    """Activities, newest first. `complete` is false if the oldest that were asked for are missing."""

    activities: tuple[Activity, ...]
    complete: bool


@classified()
def read_scaling_activities(clients: AwsClients, *, not_before: float) -> ReadActivities:
    """Read the activities that started at `not_before`, on AWS's clock, or later.

    AWS returns the newest activities first. The read ends at the first page with an older one, and after 20
    pages in any case. Raises AwsError.
    """
    pages = clients.autoscaling.get_paginator("describe_scaling_activities").paginate(
        ServiceNamespace="sagemaker", IncludeNotScaledActivities=True
    )
    found: list[Activity] = []
    complete = True
    for number, page in enumerate(pages, start=1):
        activities = [_activity(each) for each in page["ScalingActivities"]]
        recent = [each for each in activities if each.started.timestamp() >= not_before]
        found += recent
        if len(recent) < len(activities):
            break
        if number == MAX_PAGES:
            complete = "NextToken" not in page
            break
    return ReadActivities(tuple(sorted(found, key=lambda each: each.started, reverse=True)), complete)


def _activity(described: "ScalingActivityTypeDef") -> Activity:
    return Activity(
        resource_id=described["ResourceId"],
        status=described["StatusCode"],
        description=described["Description"],
        started=described["StartTime"].astimezone(UTC),
        status_message=described.get("StatusMessage", ""),
        not_scaled=tuple(_not_scaled(reason) for reason in described.get("NotScaledReasons", ())),
    )


def _not_scaled(reason: "NotScaledReasonTypeDef") -> NotScaled:
    capacity = reason.get("MaxCapacity", reason.get("MinCapacity", reason.get("CurrentCapacity")))
    return NotScaled(reason["Code"], capacity)
