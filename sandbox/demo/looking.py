"""What AWS holds and has measured, looked at past the operator and its command line."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.demo.simulation import SimulatedAws

VARIANTS = ("VariantA", "VariantB")
_MINUTE = 60
_LONGEST_STORY = timedelta(hours=12)


def endpoint(aws: SimulatedAws, name: str) -> Mapping[str, Any]:
    """Return the endpoint as it is at this moment, empty when there is none."""
    found: Mapping[str, Any] = aws.remembered().get("endpoints", {}).get(name, {})
    return found


def weights(aws: SimulatedAws, name: str) -> dict[str, float]:
    """Return the weights in effect, by variant."""
    variants = endpoint(aws, name).get("variants", {})
    return {variant: state["currentWeight"] for variant, state in variants.items()}


def instances(aws: SimulatedAws, name: str, variant: str) -> int:
    """Return how many instances of a variant serve."""
    return int(endpoint(aws, name)["variants"][variant]["currentInstanceCount"])


def requests_counted(aws: SimulatedAws, name: str) -> dict[str, int]:
    """Return how many requests CloudWatch shows by now for each variant, since the story began."""
    now = datetime.fromtimestamp(aws.control.now(), UTC)
    return {
        variant: requests_between(aws, name, variant, start=now - _LONGEST_STORY, end=now)
        for variant in VARIANTS
    }


def requests_between(aws: SimulatedAws, name: str, variant: str, *, start: datetime, end: datetime) -> int:
    """Return how many requests CloudWatch shows for a variant in these whole minutes."""
    answer = aws.cloudwatch().get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": variant}],
        StartTime=start,
        EndTime=end,
        Period=_MINUTE,
        Statistics=["Sum"],
    )
    return round(sum(point["Sum"] for point in answer["Datapoints"]))


def scaling_activities(aws: SimulatedAws) -> list[str]:
    """Return what the autoscaler did and when, oldest first, in its own words."""
    found = aws.autoscaling().describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    ordered = sorted(found, key=lambda activity: activity["StartTime"])
    return [f"{activity['StartTime']:%H:%M} {activity['Description']}" for activity in ordered]
