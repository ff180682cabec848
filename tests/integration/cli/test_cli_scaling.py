"""`scaling` against the simulated AWS: which instances, bounds, metrics and failures it draws."""

import json
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner

from sagemaker_ab.aws.cloudwatch import read_series
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.scaling_history import read_activities, read_live_scaling
from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.main import commands
from sagemaker_ab.kube.client import NotFound
from sagemaker_ab.planning.charts import last_minutes
from sagemaker_ab.planning.policy_metrics import traffic_requests
from tests.integration.cli.conftest import RESOURCE
from tests.integration.cli.scaled import ENDPOINT, ScaledEndpoint, autoscaled

DIMENSIONS = [{"name": "EndpointName", "value": ENDPOINT}, {"name": "VariantName", "value": "VariantB"}]
TRACKING = {
    "name": "invocations",
    "type": "TargetTrackingScaling",
    "targetTrackingScaling": {
        "predefinedMetricType": "SageMakerVariantInvocationsPerInstance",
        "targetValue": 40,
    },
}
STEPS = {
    "name": "burst",
    "type": "StepScaling",
    "stepScaling": {
        "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
        "alarm": {
            "namespace": "AWS/SageMaker",
            "metricName": "Invocations",
            "dimensions": DIMENSIONS,
            "statistic": "Sum",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 500,
            "periodSeconds": 300,
        },
    },
}
MATH = {
    "name": "math",
    "type": "TargetTrackingScaling",
    "targetTrackingScaling": {
        "targetValue": 3,
        "customizedMetric": {
            "metrics": [
                *(
                    {
                        "id": key,
                        "metricStat": {
                            "namespace": "AWS/SageMaker",
                            "metricName": name,
                            "dimensions": DIMENSIONS,
                            "stat": "Sum",
                        },
                        "returnData": False,
                    }
                    for key, name in (("m1", "Invocations"), ("m2", "InvocationsPerInstance"))
                ),
                {"id": "e1", "expression": "m1 / m2", "label": "instances"},
            ]
        },
    },
}


@pytest.fixture
def aws():
    return ScaledEndpoint()


class OneResource:
    """A cluster with one resource."""

    default_namespace = "cli"

    def __init__(self, raw):
        self.raw = raw

    def get(self, _namespace, name):
        if name != self.raw["metadata"]["name"]:
            raise NotFound(f'404 Not Found: sagemakerabendpoints.sagemaker-ab.dev "{name}" not found')
        return self.raw

    def list(self, _namespace):
        return [self.raw]


@pytest.fixture
def draw(aws):
    """The command about a resource, by default one that tracks 40 requests per instance."""

    def run(*arguments, raw=None, policies=(TRACKING,), status=None):
        raw = raw or autoscaled(RESOURCE, {"minCapacity": 1, "maxCapacity": 4, "policies": list(policies)})
        raw["status"] = status or {}
        clients = Clients(kubernetes=lambda *_: OneResource(raw), aws=lambda _region: aws.clients)
        return CliRunner(env={"COLUMNS": "120"}).invoke(
            commands, ["scaling", "reviews", *arguments], obj=clients
        )

    return run


def track(aws, target=40.0):
    aws.put_policy(
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": target,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )


def legend(shown):
    """The lines of all legends, in two columns."""
    found = [line for line in shown.stdout.splitlines() if "━━" in line or "┄┄" in line]
    return [part.strip() for line in found for part in line.replace("┄┄", "━━").split("━━") if part.strip()]


def test_instances_follow_the_load_within_bounds_that_a_schedule_changes(aws, draw):
    start = aws.now
    track(aws)
    aws.load(20, minutes=40)
    aws.schedule("morning", aws.now + timedelta(minutes=10), MinCapacity=2, MaxCapacity=6)
    aws.load(150, minutes=60)
    known = {"name": "VariantB", "minCapacity": 1, "maxCapacity": 4, "since": start.isoformat()}

    shown = draw("--minutes", "90", status={"scaling": [known]})

    assert shown.exit_code == 0, shown.output
    assert "VariantB  4/4 instances [2..6]" in shown.stdout
    from_activities, per_instance, from_traffic, target, high, low = legend(shown)
    assert from_activities.startswith("from activities  last 4 ")
    assert from_activities.endswith("max 4")
    assert from_traffic.startswith("from traffic  last 4 ")
    assert per_instance.startswith("InvocationsPerInstance  last 37.5 ")
    assert target == "target  40"
    assert (high, low) == ("max  6  4 to 6", "min  2  1 to 2")
    assert "CloudWatch has no instance count. It is derived from traffic" in shown.stdout


def test_each_kind_of_policy_has_a_chart_from_two_calls_to_cloudwatch(aws, draw):
    """Metric math has a call of its own; all other metrics share one."""
    aws.load(60, minutes=60)
    before = len(aws.sim.calls())

    shown = draw("--minutes", "30", policies=(TRACKING, STEPS, MATH))

    titles = (
        "invocations: InvocationsPerInstance  sum, per minute",
        "burst: Invocations  sum, per 300 s",
        "math: instances  metric math",
    )
    assert all(title in shown.stdout for title in titles)
    lines = legend(shown)
    assert [line for line in lines if line.startswith("Invocations ")] == [
        "Invocations  last 300 · mean 300 · max 300"
    ]
    assert [line for line in lines if line.startswith("instances ")] == ["instances  last 1 · mean 1 · max 1"]
    assert "alarm above  500" in lines
    assert sorted(call["operation"] for call in aws.sim.calls()[before:]) == [
        "DescribeEndpoint",
        "DescribeScalableTargets",
        "DescribeScalingActivities",
        "GetMetricData",
        "GetMetricData",
    ]


def test_without_traffic_the_instances_are_those_of_activities(aws, draw):
    aws.register(3, 4)
    aws.advance(90)

    lines = legend(draw("--minutes", "30"))

    assert lines[0] == "from activities  last 3 · mean 3 · max 3"
    assert "from traffic  no datapoints" in lines


def test_a_failed_activity_is_quoted_below_the_charts(aws, draw):
    track(aws)
    aws.sim.edit(quota={"ml.m5.large": 3})
    aws.load(300, minutes=30)

    shown = draw("--minutes", "60")

    words = " ".join(shown.stdout.split())
    assert "Failed: " in words
    assert "Failed to set desired instance count to 4. Reason: The account-level service limit" in words


def test_a_scalable_target_that_the_spec_does_not_have_is_drawn_without_metrics(aws, draw):
    aws.load(20, minutes=30)

    shown = draw(raw=json.loads(json.dumps(RESOURCE)))

    assert "VariantB  1/1 instances [1..4]" in shown.stdout
    assert "VariantA" not in shown.stdout
    assert "target" not in " ".join(legend(shown))


def test_a_variant_whose_target_is_missing_in_aws_says_so(aws, draw):
    aws.deregister()

    assert "VariantB  1/1 instances, no scalable target" in draw().stdout


def test_a_resource_without_autoscaling_is_refused(aws, draw):
    aws.deregister()

    shown = draw(raw=json.loads(json.dumps(RESOURCE)))

    assert (shown.exit_code, shown.stderr) == (1, "Error: reviews has no variant with autoscaling\n")


def test_the_picture_is_saved_and_named(aws, draw, tmp_path):
    aws.load(20, minutes=30)
    picture = tmp_path / "scaling.png"

    shown = draw("--plot", str(picture))

    assert shown.stdout.endswith(f"Charts saved to {picture}\n")
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_picture_that_cannot_be_saved_is_reported_in_one_line(draw, tmp_path):
    shown = draw("--plot", str(tmp_path / "nowhere" / "scaling.png"))

    assert shown.exit_code == 1
    assert shown.stderr.startswith(f"Error: the charts could not be saved to {tmp_path}/nowhere/scaling.png")


def test_a_picture_without_matplotlib_says_what_to_install(draw, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "sagemaker_ab.cli.views.scaling_plot", raising=False)

    shown = draw("--plot", str(tmp_path / "scaling.png"))

    assert shown.exit_code == 1
    assert (
        shown.stderr == "Error: --plot needs matplotlib, which is not installed; run pip install matplotlib\n"
    )


def test_a_refusal_by_aws_names_whose_credentials_are_used(aws, draw):
    aws.sim.fault(
        {"error": {"code": "AccessDeniedException", "text": "not authorized"}},
        match={"operation": "DescribeScalingActivities"},
    )

    shown = draw()

    assert shown.exit_code == 1
    assert shown.stderr.startswith("Error: AWS: not authorized (AccessDeniedException); this command uses")


def activities(aws, *, start=None, **limits):
    return read_activities(
        aws.clients, endpoint_name=ENDPOINT, variant="VariantB", start=start or aws.now, **limits
    )


def change_often(aws, times):
    for number in range(times):
        aws.register(*((1, 1) if number % 2 else (2, 2)))
        aws.advance(15)


def test_all_pages_of_activities_are_read(aws):
    change_often(aws, 120)

    read = activities(aws)

    assert len(read.found) == 120
    assert read.complete


def test_activities_that_are_older_than_a_week_before_the_range_are_not_paged(aws):
    change_often(aws, 120)

    read = activities(aws, start=aws.now + timedelta(days=9))

    assert len(read.found) == 50
    assert read.complete


def test_too_many_activities_are_said_to_be_incomplete(aws):
    change_often(aws, 60)

    read = activities(aws, most_pages=1)

    assert len(read.found) == 50
    assert not read.complete


def test_the_live_endpoint_tells_counts_bounds_and_since_when_they_hold(aws):
    live = read_live_scaling(aws.clients, endpoint_name=ENDPOINT)

    fixed, scaled = live.variants["VariantA"], live.variants["VariantB"]
    assert (fixed.current, fixed.desired, fixed.registered) == (1, 1, False)
    assert (scaled.current, scaled.minimum, scaled.maximum) == (1, 1, 4)
    assert scaled.unchanged_since is not None
    assert scaled.unchanged_since < live.at <= aws.now


def test_an_endpoint_that_is_not_there_is_refused_in_the_words_of_aws(aws):
    with pytest.raises(AwsError, match="Could not find endpoint"):
        read_live_scaling(aws.clients, endpoint_name="elsewhere")


def test_a_series_that_cloudwatch_could_not_return_whole_is_incomplete(aws):
    aws.load(20, minutes=30)
    aws.sim.fault(
        {"result": {"status": "InternalError", "metric": "Invocations"}}, match={"operation": "GetMetricData"}
    )

    requests = traffic_requests(ENDPOINT, "VariantB")
    total, per_instance = read_series(
        aws.clients.cloudwatch, requests, time_range=last_minutes(20, before=aws.now)
    )

    assert not total.complete
    assert per_instance.complete
    assert {point.value for point in per_instance.points} == {20}
