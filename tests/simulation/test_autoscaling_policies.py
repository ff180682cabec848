"""Policies beside the common one: by steps, on other metrics, several at once; and why they do nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.engine.autoscaling.steps import adjusted, adjustment

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantA",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
DIMENSIONS = [{"Name": "EndpointName", "Value": "reviews"}, {"Name": "VariantName", "Value": "VariantA"}]
INVOCATIONS = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": DIMENSIONS}
PER_INSTANCE = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
OUT = [
    {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 100.0, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 100.0, "ScalingAdjustment": 3},
]
IN = [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1}]


class Scaled:
    """VariantA of "reviews", which gets all of its requests, between one and six instances."""

    def __init__(self, sim: InProcessAws, deployer: Any) -> None:
        self.sim = sim
        self.deployer = deployer
        self.client = sim.client("application-autoscaling")
        self.cloudwatch = sim.client("cloudwatch")
        sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
        self.bounds(1, 6)

    def bounds(self, low: int, high: int, **suspended: bool) -> None:
        self.client.register_scalable_target(
            **VARIANT, MinCapacity=low, MaxCapacity=high, SuspendedState=suspended
        )

    def put(self, name: str, **params: Any) -> Any:
        return self.client.put_scaling_policy(PolicyName=name, **VARIANT, **params)

    def track(self, name: str = "tracking", *, target: float = 20.0, **config: Any) -> Any:
        given = (
            config
            if "CustomizedMetricSpecification" in config
            else {"PredefinedMetricSpecification": PER_INSTANCE} | config
        )
        return self.put(
            name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={"TargetValue": target} | given,
        )

    def steps(self, name: str, adjustments: list[dict[str, Any]], **config: Any) -> str:
        """Put a step policy and return its ARN."""
        whole = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": adjustments} | config
        put = self.put(name, PolicyType="StepScaling", StepScalingPolicyConfiguration=whole)
        return str(put["PolicyARN"])

    def alarm(self, name: str, action: str, **params: Any) -> None:
        asked = {
            **INVOCATIONS,
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 100.0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        } | params
        self.cloudwatch.put_metric_alarm(AlarmName=name, AlarmActions=[action], **asked)

    def set_alarm(self, name: str, *datapoints: float, state: str = "ALARM") -> None:
        data = {"StateReasonData": json.dumps({"recentDatapoints": datapoints})} if datapoints else {}
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="testing", **data)
        self.sim.advance(seconds=0)

    def load(self, per_minute: float, *, minutes: float) -> None:
        self.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": per_minute})
        self.sim.advance(minutes=minutes)

    def wanted(self) -> int:
        return int(self.deployer.variants()["VariantA"]["DesiredInstanceCount"])

    def activities(self, **params: Any) -> list[dict[str, Any]]:
        """Oldest first."""
        return list(self.client.describe_scaling_activities(**VARIANT, **params)["ScalingActivities"][::-1])

    def not_scaled(self) -> list[dict[str, Any]]:
        found = self.activities(IncludeNotScaledActivities=True)
        return [activity["NotScaledReasons"][0] for activity in found if "NotScaledReasons" in activity]


@pytest.fixture
def scaled(calm_sim: InProcessAws, in_service: Any) -> Scaled:
    return Scaled(calm_sim, in_service)


@pytest.mark.ledger("autoscaling.step-bounds")
@pytest.mark.parametrize(
    ("breach", "above", "by"),
    [
        (0.0, True, 1),
        (99.0, True, 1),
        (100.0, True, 3),
        (1e9, True, 3),
        (-1.0, True, None),
        (100.0, False, 1),
    ],
)
def test_a_step_is_found_by_the_distance_from_the_threshold(
    breach: float,
    above: bool,
    by: int | None,
) -> None:
    assert adjustment({"StepAdjustments": OUT}, breach, above=above) == by


@pytest.mark.ledger("autoscaling.step-adjustment")
@pytest.mark.parametrize(
    ("kind", "by", "least", "after"),
    [
        ("ChangeInCapacity", 3, 0, 13),
        ("ChangeInCapacity", -3, 0, 7),
        ("ExactCapacity", 4, 0, 4),
        ("PercentChangeInCapacity", 127, 0, 22),
        ("PercentChangeInCapacity", 5, 0, 11),
        ("PercentChangeInCapacity", -5, 0, 9),
        ("PercentChangeInCapacity", -67, 0, 4),
        ("PercentChangeInCapacity", 5, 2, 12),
    ],
)
def test_adjustments_of_ten_instances(kind: str, by: int, least: int, after: int) -> None:
    config = {"AdjustmentType": kind} | ({"MinAdjustmentMagnitude": least} if least else {})
    assert adjusted(config, 10, by) == after


@pytest.mark.ledger("autoscaling.step-alarms", "autoscaling.step-values", "cloudwatch.alarm-actions")
@pytest.mark.ledger("autoscaling.step-alarms-listed")
@pytest.mark.parametrize("sim_seed", range(3))
def test_an_alarm_on_the_load_takes_the_step_that_its_size_calls_for(scaled: Scaled) -> None:
    scaled.alarm("busy", scaled.steps("out", OUT))
    scaled.load(150, minutes=6)
    assert scaled.wanted() == 2
    (activity,) = scaled.activities()
    assert activity["Cause"] == "monitor alarm busy in state ALARM triggered policy out"
    (policy,) = scaled.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert (policy["PolicyType"], policy["StepScalingPolicyConfiguration"]["StepAdjustments"]) == (
        "StepScaling",
        OUT,
    )
    listed = scaled.sim.engine.ledger.value("autoscaling.step-alarms-listed")
    assert [alarm["AlarmName"] for alarm in policy["Alarms"]] == (["busy"] if listed else [])


@pytest.mark.ledger("autoscaling.step-cooldown")
def test_a_cooldown_lets_only_a_larger_step_out_through_and_no_second_step_in(scaled: Scaled) -> None:
    out = scaled.steps("out", OUT, Cooldown=1_200)
    quiet = {"ComparisonOperator": "LessThanThreshold", "Threshold": 10.0, "TreatMissingData": "missing"}
    scaled.alarm("busy", out)
    scaled.load(150, minutes=20)
    assert scaled.wanted() == 2
    scaled.load(250, minutes=8)
    assert scaled.wanted() == 4
    scaled.cloudwatch.delete_alarms(AlarmNames=["busy"])
    scaled.alarm("quiet", scaled.steps("in", IN, Cooldown=1_200), **quiet)
    scaled.load(5, minutes=20)
    assert scaled.wanted() == 3
    scaled.sim.advance(minutes=15)
    assert scaled.wanted() == 2


def test_a_call_without_datapoints_a_switched_off_alarm_and_another_state_scale_nothing(
    scaled: Scaled,
) -> None:
    scaled.alarm("busy", scaled.steps("out", OUT))
    scaled.set_alarm("busy")
    scaled.cloudwatch.disable_alarm_actions(AlarmNames=["busy"])
    scaled.set_alarm("busy", 500.0, state="OK")
    scaled.set_alarm("busy", 500.0)
    assert not scaled.activities()
    scaled.cloudwatch.enable_alarm_actions(AlarmNames=["busy"])
    scaled.set_alarm("busy", 500.0, state="OK")
    assert not scaled.activities()
    scaled.set_alarm("busy", 500.0)
    assert scaled.wanted() == 4


def test_the_alarm_of_a_step_policy_outlives_it_and_calls_nobody(scaled: Scaled) -> None:
    scaled.alarm("busy", scaled.steps("out", OUT))
    scaled.client.deregister_scalable_target(**VARIANT)
    scaled.load(150, minutes=8)
    (alarm,) = scaled.cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], scaled.wanted()) == ("ALARM", 1)
    assert "busy" in scaled.sim.state()["123456789012/us-east-1"]["alarms"]


def test_a_step_policy_put_anew_has_another_arn_and_its_old_alarm_calls_nobody(scaled: Scaled) -> None:
    first = scaled.steps("out", OUT)
    scaled.alarm("busy", first)
    assert scaled.steps("out", OUT, Cooldown=60) == first
    scaled.client.delete_scaling_policy(PolicyName="out", **VARIANT)
    (alarm,) = scaled.cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["AlarmActions"] == [first]
    second = scaled.steps("out", OUT)
    assert second != first
    scaled.set_alarm("busy", 500.0)
    assert not scaled.activities()
    scaled.alarm("busy", second)
    scaled.set_alarm("busy", 500.0, state="OK")
    scaled.set_alarm("busy", 500.0)
    assert scaled.wanted() == 4


def alarms_of(put: dict[str, Any]) -> tuple[str, str]:
    """The names of the alarms that a policy of target tracking brings: the high one and the low one."""
    high, low = (alarm["AlarmName"] for alarm in put["Alarms"])
    return str(high), str(low)


@pytest.mark.ledger("autoscaling.alarm-deleted", "autoscaling.alarm-deleted-listed")
@pytest.mark.ledger("autoscaling.alarm-remade")
@pytest.mark.parametrize("sim_seed", range(4))
@pytest.mark.parametrize("way", ["call", "edit"])
def test_a_policy_does_not_scale_by_an_alarm_that_was_deleted_until_it_is_put_again(
    scaled: Scaled, way: str
) -> None:
    high, low = alarms_of(scaled.track())
    if way == "call":
        scaled.cloudwatch.delete_alarms(AlarmNames=[high])
    else:
        scaled.sim.edit(delete={"alarm": high})
    assert [one["AlarmName"] for one in scaled.cloudwatch.describe_alarms()["MetricAlarms"]] == [low]
    (policy,) = scaled.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    listed = scaled.sim.engine.ledger.value("autoscaling.alarm-deleted-listed")
    assert [one["AlarmName"] for one in policy["Alarms"]] == ([high, low] if listed else [low])
    scaled.load(100, minutes=20)
    assert not scaled.activities()

    again, same_low = alarms_of(scaled.track())
    kept = scaled.sim.engine.ledger.value("autoscaling.alarm-remade") == "same name"
    assert (again == high, same_low) == (kept, low)
    states = {
        one["AlarmName"]: one["StateValue"] for one in scaled.cloudwatch.describe_alarms()["MetricAlarms"]
    }
    assert states[again] == "INSUFFICIENT_DATA"
    scaled.sim.advance(minutes=2)
    assert scaled.wanted() > 1


def test_a_policy_without_its_low_alarm_scales_out_only(scaled: Scaled) -> None:
    _, low = alarms_of(scaled.track())
    scaled.cloudwatch.delete_alarms(AlarmNames=[low])
    scaled.load(70, minutes=10)
    assert scaled.wanted() > 1
    largest = scaled.wanted()
    scaled.load(1, minutes=90)
    assert scaled.wanted() == largest
    scaled.track(target=21.0)
    scaled.sim.advance(minutes=60)
    assert scaled.wanted() == 1


@pytest.mark.ledger("autoscaling.several-policies")
def test_of_several_policies_the_largest_capacity_wins(scaled: Scaled) -> None:
    large = scaled.steps("large", [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 4}])
    scaled.alarm("first", scaled.steps("small", OUT))
    scaled.alarm("second", large)
    scaled.alarm("third", scaled.steps("in", IN), ComparisonOperator="LessThanThreshold", Threshold=1_000.0)
    scaled.load(150, minutes=6)
    first = scaled.activities()[0]
    assert (first["Description"][-2], first["Cause"][-5:]) == ("5", "large")


@pytest.mark.parametrize("sim_seed", range(2))
def test_targets_go_in_only_when_all_policies_that_track_agree(scaled: Scaled) -> None:
    scaled.bounds(1, 3)
    scaled.sim.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 3}})
    processor = {
        "MetricName": "CPUUtilization",
        "Namespace": "/aws/sagemaker/Endpoints",
        "Dimensions": DIMENSIONS,
        "Statistic": "Average",
        "Unit": "Percent",
    }
    scaled.track("invocations")
    scaled.track("processor", target=1.0, CustomizedMetricSpecification=processor)
    scaled.load(3, minutes=60)
    assert scaled.wanted() == 3
    scaled.client.delete_scaling_policy(PolicyName="processor", **VARIANT)
    scaled.sim.advance(minutes=40)
    assert scaled.wanted() == 1


ERROR_RATE = [
    {"Id": "bad", "ReturnData": False, "MetricStat": {"Metric": INVOCATIONS, "Stat": "Sum"}},
    {"Id": "load", "Expression": "FILL(bad, 0) / 2", "Label": "half of all", "ReturnData": True},
]


@pytest.mark.ledger("autoscaling.alarm-high")
@pytest.mark.parametrize("sim_seed", range(2))
def test_a_customised_metric_is_computed_by_the_minute(scaled: Scaled) -> None:
    scaled.track(CustomizedMetricSpecification={"Metrics": ERROR_RATE})
    high = next(
        alarm
        for alarm in scaled.cloudwatch.describe_alarms()["MetricAlarms"]
        if "AlarmHigh" in alarm["AlarmName"]
    )
    assert [query["Id"] for query in high["Metrics"]] == ["bad", "load"]
    scaled.load(78, minutes=4)
    assert not scaled.activities()
    scaled.sim.advance(minutes=5)
    assert scaled.wanted() in {2, 3}


@pytest.mark.ledger("autoscaling.alarm-high-resolution", "metrics.concurrent-requests")
@pytest.mark.parametrize("sim_seed", range(2))
def test_concurrent_requests_scale_out_sooner_than_invocations(scaled: Scaled) -> None:
    kind = {"PredefinedMetricType": "SageMakerVariantConcurrentRequestsPerModelHighResolution"}
    scaled.track(target=0.5, PredefinedMetricSpecification=kind)
    scaled.load(1_500, minutes=5)
    (activity,) = scaled.activities()
    assert "AlarmHigh" in activity["Cause"]
    alarms = scaled.cloudwatch.describe_alarms()["MetricAlarms"]
    assert {alarm["MetricName"] for alarm in alarms} == {"ConcurrentRequestsPerModel"}


@pytest.mark.ledger("autoscaling.not-scaled", "autoscaling.not-scaled-description")
@pytest.mark.ledger("autoscaling.not-scaled-once")
def test_activities_tell_that_a_bound_was_met(scaled: Scaled) -> None:
    scaled.track()
    scaled.bounds(1, 2)
    scaled.load(200, minutes=40)
    assert all("NotScaledReasons" not in activity for activity in scaled.activities())
    assert scaled.not_scaled() == [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 2}]
    told = scaled.activities(IncludeNotScaledActivities=True)[-1]
    assert (told["StatusCode"], told["Description"]) == (
        "Failed",
        "Attempting to scale due to alarm triggered",
    )
    assert "AlarmHigh" in told["Cause"]
    scaled.load(0, minutes=60)
    assert scaled.not_scaled()[-1] == {"Code": "AlreadyAtMinCapacity", "MinCapacity": 1}
    assert scaled.wanted() == 1


@pytest.mark.ledger("autoscaling.not-scaled-in")
@pytest.mark.parametrize("sim_seed", range(3))
def test_a_scale_in_that_would_be_undone_is_not_made(scaled: Scaled) -> None:
    scaled.bounds(1, 2)
    scaled.sim.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 2}})
    scaled.load(2 * 0.8 * 20, minutes=20)
    scaled.track()
    scaled.sim.advance(minutes=10)
    assert scaled.wanted() == 2
    code = scaled.sim.engine.ledger.value("autoscaling.not-scaled-in")
    assert scaled.not_scaled() == [{"Code": code, "CurrentCapacity": 2}]


def test_activities_tell_that_the_endpoint_was_busy(scaled: Scaled) -> None:
    scaled.alarm("busy", scaled.steps("out", OUT))
    scaled.sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
    weights = [{"VariantName": "VariantA", "DesiredWeight": 2}]
    scaled.deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=weights
    )
    scaled.set_alarm("busy", 150.0)
    assert scaled.not_scaled() == [{"Code": "TargetServicePutResourceAsUnscalable"}]
    assert scaled.wanted() == 1


@pytest.mark.parametrize(
    ("kind", "call", "capacity"),
    [("DynamicScalingOutSuspended", "out", 3), ("DynamicScalingInSuspended", "in", 3)],
)
def test_steps_are_suspended_by_their_direction(scaled: Scaled, kind: str, call: str, capacity: int) -> None:
    scaled.sim.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 3}})
    scaled.bounds(1, 6, **{kind: True})
    scaled.alarm("out", scaled.steps("out", OUT))
    scaled.alarm("in", scaled.steps("in", IN), ComparisonOperator="LessThanThreshold")
    scaled.set_alarm(call, 150.0 if call == "out" else 50.0)
    assert scaled.wanted() == capacity
    scaled.bounds(1, 6, **{kind: False})
    scaled.set_alarm(call, 1.0, state="OK")
    scaled.set_alarm(call, 150.0 if call == "out" else 50.0)
    assert scaled.wanted() == (4 if call == "out" else 2)


STEPS = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": OUT}
TRACKING = {"TargetValue": 1.0, "PredefinedMetricSpecification": PER_INSTANCE}
PLAIN = {"MetricName": "CPUUtilization", "Namespace": "/aws/sagemaker/Endpoints", "Statistic": "Average"}


def step(low: float | None, high: float | None, by: int = 1) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high}
    return {key: value for key, value in bounds.items() if value is not None} | {"ScalingAdjustment": by}


@pytest.mark.ledger("autoscaling.policy-parameters")
@pytest.mark.parametrize(
    ("type_", "config"),
    [
        ("", STEPS),
        ("StepScaling", None),
        ("StepScaling", {"AdjustmentType": "ChangeInCapacity"}),
        ("StepScaling", {"StepAdjustments": OUT}),
        ("StepScaling", STEPS | {"MinAdjustmentMagnitude": 2}),
        ("StepScaling", {"AdjustmentType": "ExactCapacity", "StepAdjustments": [step(0, None, -1)]}),
        ("StepScaling", STEPS | {"StepAdjustments": [step(None, None)]}),
        ("StepScaling", STEPS | {"StepAdjustments": [step(5, 1)]}),
        ("StepScaling", STEPS | {"StepAdjustments": [step(0, 10), step(20, None)]}),
        ("StepScaling", STEPS | {"StepAdjustments": [step(0, 10), step(5, None)]}),
        ("StepScaling", STEPS | {"StepAdjustments": [step(0, 10)]}),
        ("StepScaling", STEPS | {"StepAdjustments": [step(-10, 0)]}),
        ("TargetTrackingScaling", {"TargetValue": 1.0}),
        ("TargetTrackingScaling", TRACKING | {"CustomizedMetricSpecification": PLAIN}),
        ("TargetTrackingScaling", {"TargetValue": 1.0, "CustomizedMetricSpecification": {"MetricName": "x"}}),
        (
            "TargetTrackingScaling",
            {"TargetValue": 1.0, "CustomizedMetricSpecification": PLAIN | {"Metrics": ERROR_RATE}},
        ),
        (
            "TargetTrackingScaling",
            {"TargetValue": 1.0, "CustomizedMetricSpecification": {"Metrics": ERROR_RATE[:1]}},
        ),
        (
            "TargetTrackingScaling",
            {"TargetValue": 1.0, "CustomizedMetricSpecification": {"Metrics": ERROR_RATE[1:]}},
        ),
    ],
)
def test_a_policy_that_cannot_be_is_refused_and_not_put(
    scaled: Scaled, refused: Any, type_: str, config: dict[str, Any] | None
) -> None:
    key = "StepScaling" if type_ == "" else type_
    given = {f"{key}PolicyConfiguration": config} if config is not None else {}
    code, _ = refused(scaled.put, "p", **({"PolicyType": type_} if type_ else {}), **given)
    assert code == "ValidationException"
    assert not scaled.client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]


@pytest.mark.ledger("autoscaling.predictive", "autoscaling.steps-per-policy", "autoscaling.too-many-steps")
@pytest.mark.ledger("autoscaling.policies-per-target", "autoscaling.too-many-policies")
def test_limits_and_kinds_of_policies(scaled: Scaled, refused: Any) -> None:
    assert refused(scaled.put, "p", PolicyType="PredictiveScaling")[0] == "ValidationException"
    many = [step(number, number + 1) for number in range(20)] + [step(20, None)]
    assert refused(scaled.steps, "p", many)[0] == "LimitExceededException"
    for number in range(50):
        scaled.steps(f"p{number}", OUT)
    assert refused(scaled.steps, "p", OUT)[0] == "LimitExceededException"
    assert scaled.steps("p7", IN)
    assert refused(scaled.track, "p7")[0] == "ValidationException"
    page = scaled.client.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="sagemaker")
    assert sum(len(one["ScalingPolicies"]) for one in page) == 50
