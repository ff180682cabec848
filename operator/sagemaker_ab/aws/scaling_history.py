"""Reads what AWS knows of the autoscaling of an endpoint's variants: now, and over time.

API: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sagemaker_ab.aws.failures import classified
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.commands import SCALABLE_DIMENSION, scalable_resource_id
from sagemaker_ab.planning.scaling_history import Activity, LiveVariant

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.type_defs import ScalingActivityTypeDef
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

_NAMESPACE: Final = "sagemaker"
_IN_SERVICE: Final = "InService"

LOOK_BACK: Final = timedelta(days=7)
"""How long before a time range activities are read, to know what held at its start; a weekend is shorter."""
MOST_PAGES: Final = 20
"""Pages of 50 activities. While a change is refused, AWS adds an activity about every 10 seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveScaling:
    """The variants of an endpoint, and the time on AWS's clock when they were read."""

    variants: Mapping[str, LiveVariant]
    at: datetime


@classified()
def read_live_scaling(clients: AwsClients, *, endpoint_name: str) -> LiveScaling:
    """Read the instance counts and the bounds of all variants. Raises AwsError, also without an endpoint."""
    variants = _counts(clients.sagemaker.describe_endpoint(EndpointName=endpoint_name))
    names = {scalable_resource_id(endpoint_name, name): name for name in variants}
    if names:
        pages = clients.autoscaling.get_paginator("describe_scalable_targets").paginate(
            ServiceNamespace=_NAMESPACE, ResourceIds=list(names), ScalableDimension=SCALABLE_DIMENSION
        )
        for page in pages:
            for target in page["ScalableTargets"]:
                name = names[target["ResourceId"]]
                variants[name] = replace(
                    variants[name], minimum=target["MinCapacity"], maximum=target["MaxCapacity"]
                )
    return LiveScaling(variants=variants, at=datetime.fromtimestamp(clients.clock.now(), UTC))


def _counts(endpoint: "DescribeEndpointOutputTypeDef") -> dict[str, LiveVariant]:
    settled = endpoint["EndpointStatus"] == _IN_SERVICE
    return {
        variant["VariantName"]: LiveVariant(
            current=variant.get("CurrentInstanceCount"),
            desired=variant.get("DesiredInstanceCount"),
            unchanged_since=endpoint["LastModifiedTime"].astimezone(UTC) if settled else None,
        )
        for variant in endpoint.get("ProductionVariants", [])
    }


@dataclass(frozen=True, slots=True)
class Activities:
    """Scaling activities of a variant; `complete` is false if there were too many to read them all."""

    found: tuple[Activity, ...]
    complete: bool


@classified()
def read_activities(
    clients: AwsClients, *, endpoint_name: str, variant: str, start: datetime, most_pages: int = MOST_PAGES
) -> Activities:
    """Read the activities since `start`, and those of a week before. Raises AwsError.

    AWS returns the newest first, so reading ends with the first page that is older as a whole.
    """
    oldest = start - LOOK_BACK
    found: list[Activity] = []
    pages = clients.autoscaling.get_paginator("describe_scaling_activities").paginate(
        ServiceNamespace=_NAMESPACE,
        ResourceId=scalable_resource_id(endpoint_name, variant),
        ScalableDimension=SCALABLE_DIMENSION,
    )
    for number, page in enumerate(pages, start=1):
        read = [_activity(activity) for activity in page["ScalingActivities"]]
        found += read
        if read and all(activity.started < oldest for activity in read):
            break
        if number == most_pages and page.get("NextToken"):
            return Activities(tuple(found), complete=False)
    return Activities(tuple(found), complete=True)


def _activity(activity: "ScalingActivityTypeDef") -> Activity:
    ended = activity.get("EndTime")
    return Activity(
        description=activity["Description"],
        status=activity["StatusCode"],
        started=activity["StartTime"].astimezone(UTC),
        ended=ended.astimezone(UTC) if ended else None,
        message=activity.get("StatusMessage", ""),
    )
