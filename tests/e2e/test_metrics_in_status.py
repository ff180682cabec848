"""CloudWatch's numbers in status: read together, over aligned windows, equal to what CloudWatch says."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import boto3
import pytest

from tests.e2e.reviews import Manifest, Reviews, put, weights
from tests.e2e.simulated_aws import SimulatedAws

INTERVAL = 300
EVERY_FIVE_MINUTES = put(monitoring={"intervalSeconds": INTERVAL})
COUNTS = {
    "invocations": "Invocations",
    "invocation4XXErrors": "Invocation4XXErrors",
    "invocation5XXErrors": "Invocation5XXErrors",
    "invocationModelErrors": "InvocationModelErrors",
}
UTILIZATION = {
    "cpuUtilizationPercent": "CPUUtilization",
    "memoryUtilizationPercent": "MemoryUtilization",
    "diskUtilizationPercent": "DiskUtilization",
}


@pytest.fixture
def cloudwatch(aws: SimulatedAws) -> Iterator[Any]:
    """CloudWatch as another client asks it."""
    client = boto3.client(
        "cloudwatch",
        region_name="us-east-1",
        endpoint_url=aws.url,
        aws_access_key_id="AKIASANDBOXOBSERVER",
        aws_secret_access_key="sandbox",
    )
    yield client
    client.close()


def metrics_of(resource: Manifest, variant: str) -> dict[str, Any]:
    """Return the numbers of a variant, an empty map if there are none."""
    variants = resource["status"].get("metrics", {}).get("variants", [])
    return next((numbers for numbers in variants if numbers["name"] == variant), {})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class Window:
    """What CloudWatch says of a variant over the window of a status."""

    def __init__(self, cloudwatch: Any, status: dict[str, Any], variant: str) -> None:
        self._cloudwatch = cloudwatch
        self.start, self.end = (moment(status["metrics"][edge]) for edge in ("windowStart", "windowEnd"))
        self._dimensions = [
            {"Name": "EndpointName", "Value": "reviews"},
            {"Name": "VariantName", "Value": variant},
        ]

    def says(self, namespace: str, name: str, statistic: str) -> float | None:
        kind = "ExtendedStatistics" if statistic.startswith("p") else "Statistics"
        found = self._cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=self._dimensions,
            StartTime=self.start,
            EndTime=self.end,
            Period=INTERVAL,
            **{kind: [statistic]},
        )["Datapoints"]
        if not found:
            return None
        (point,) = found
        return float(point[kind][statistic] if kind == "ExtendedStatistics" else point[statistic])


@pytest.mark.usefixtures("running_operator")
def test_the_numbers_are_cloudwatchs_own(resource: Reviews, aws: SimulatedAws, cloudwatch: Any) -> None:
    resource.apply(EVERY_FIVE_MINUTES)
    resource.is_ready()
    aws.edit(ailment={"model": resource.status["variants"][1]["modelName"], "rate5xx": 0.2})
    aws.set_traffic("reviews", per_minute=120)
    found = resource.becomes(lambda seen: metrics_of(seen, "VariantB").get("invocation5XXErrors", 0) > 0)
    aws.set_speed(0)

    for variant in ("VariantA", "VariantB"):
        window, numbers = Window(cloudwatch, found["status"], variant), metrics_of(found, variant)
        for field, name in COUNTS.items():
            assert numbers[field] == window.says("AWS/SageMaker", name, "Sum")
        per_instance = window.says("AWS/SageMaker", "InvocationsPerInstance", "Sum")
        assert numbers["invocationsPerInstance"] == f"{per_instance:.2f}"
        latency = {
            part: round(window.says("AWS/SageMaker", "ModelLatency", statistic) or 0)
            for part, statistic in {"average": "Average", "p50": "p50", "p90": "p90", "p99": "p99"}.items()
        }
        assert numbers["modelLatencyMicros"] == latency
        overhead = window.says("AWS/SageMaker", "OverheadLatency", "Average")
        assert numbers["overheadLatencyMicros"] == {"average": round(overhead or 0)}
        for field, name in UTILIZATION.items():
            average = window.says("/aws/sagemaker/Endpoints", name, "Average")
            assert numbers[field] == f"{average:.2f}"
    assert {condition["type"] for condition in found["status"]["conditions"]} >= {"MetricsAvailable"}


@pytest.mark.usefixtures("running_operator")
def test_windows_are_aligned_to_the_interval_and_old_enough_to_be_complete(
    resource: Reviews, aws: SimulatedAws
) -> None:
    resource.apply(EVERY_FIVE_MINUTES)
    resource.is_ready()
    aws.set_traffic("reviews", per_minute=60)

    found = resource.becomes(lambda seen: metrics_of(seen, "VariantA").get("invocations", 0) > 0)
    metrics = found["status"]["metrics"]

    start, end = moment(metrics["windowStart"]).timestamp(), moment(metrics["windowEnd"]).timestamp()
    assert (start % INTERVAL, end - start, metrics["periodSeconds"]) == (0, INTERVAL, INTERVAL)
    assert aws.now() - end >= 180


@pytest.mark.usefixtures("running_operator")
def test_what_cloudwatch_does_not_give_is_absent(
    resource: Reviews, aws: SimulatedAws, cloudwatch: Any
) -> None:
    """VariantB gets no traffic, so no latency; neither has a GPU."""
    resource.apply(EVERY_FIVE_MINUTES, weights(VariantA=100, VariantB=0))
    resource.is_ready()
    aws.set_traffic("reviews", per_minute=60)
    found = resource.becomes(lambda seen: metrics_of(seen, "VariantA").get("invocations", 0) > 0)

    idle = metrics_of(found, "VariantB")
    window = Window(cloudwatch, found["status"], "VariantB")
    assert window.says("AWS/SageMaker", "ModelLatency", "Average") is None
    assert idle.keys().isdisjoint({"modelLatencyMicros", "overheadLatencyMicros", "invocation5XXErrors"})
    assert "cpuUtilizationPercent" in idle
    for variant in ("VariantA", "VariantB"):
        assert [field for field in metrics_of(found, variant) if field.startswith("gpu")] == []


@pytest.mark.usefixtures("running_operator")
def test_a_resource_is_ready_before_its_metrics_come(resource: Reviews) -> None:
    resource.apply()
    found = resource.is_ready()

    conditions = {condition["type"]: condition for condition in found["status"]["conditions"]}
    assert conditions["MetricsAvailable"]["status"] == "False"
    assert "metrics" not in found["status"]


@pytest.mark.usefixtures("running_operator")
def test_all_resources_share_one_call_for_each_window(
    new_resource: Callable[[str], Reviews], aws: SimulatedAws, eventually: Callable[..., Any]
) -> None:
    resources = [new_resource(name) for name in ("reviews", "ratings", "returns")]
    for resource in resources:
        resource.apply(EVERY_FIVE_MINUTES)
    for resource in resources:
        resource.is_ready()
    aws.rests()
    aws.clear_calls()

    def reads() -> list[float]:
        return [call["time"] for call in aws.calls() if call["operation"] == "GetMetricData"]

    times = eventually(reads, lambda seen: len(seen) >= 4, within=60)
    windows = [int((time - 180) // INTERVAL) for time in times]
    assert all(later > earlier for earlier, later in pairwise(windows))
    for resource in resources:
        resource.becomes(lambda seen: seen["status"]["metrics"]["variants"])
