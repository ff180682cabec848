"""Scaling as it happens: from the traffic that was served, late as CloudWatch is, within bounds."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest

from sandbox.aws.engine.autoscaling.decision import Rules
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.inprocess import InProcessAws

RESOURCE = "endpoint/reviews/variant/VariantA"
VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": RESOURCE,
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
METRIC = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
TARGET = 20.0


class Autoscaled:
    """The endpoint "reviews", all of whose requests go to VariantA, which scales between bounds."""

    def __init__(self, sim: InProcessAws, deployer: Any) -> None:
        self.sim = sim
        self.deployer = deployer
        self.client = sim.client("application-autoscaling")
        sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
        self.bounds(1, 4)
        self.policy()

    def bounds(self, low: int, high: int, **more: Any) -> None:
        self.client.register_scalable_target(**VARIANT, MinCapacity=low, MaxCapacity=high, **more)

    def policy(self, **config: Any) -> None:
        self.client.put_scaling_policy(
            PolicyName="invocations",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": TARGET,
                "PredefinedMetricSpecification": METRIC,
            }
            | config,
            **VARIANT,
        )

    def suspend(self, **kinds: bool) -> None:
        self.client.register_scalable_target(**VARIANT, SuspendedState=kinds)

    def load(self, per_minute: float) -> None:
        self.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": per_minute})

    def count(self) -> int:
        return int(self.deployer.variants()["VariantA"]["CurrentInstanceCount"])

    def status(self) -> str:
        return str(self.deployer.describe()["EndpointStatus"])

    def activities(self) -> list[dict[str, Any]]:
        """Oldest first."""
        pages = self.client.get_paginator("describe_scaling_activities").paginate(
            ServiceNamespace="sagemaker"
        )
        return [activity for page in pages for activity in page["ScalingActivities"]][::-1]

    def alarms(self) -> dict[str, str]:
        found = self.sim.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return {
            "high" if "AlarmHigh" in alarm["AlarmName"] else "low": alarm["StateValue"] for alarm in found
        }

    def wait_for_activity(self, number: int, *, within: int) -> float:
        """Go on minute by minute until there are so many activities; return the minutes that took."""
        for minute in range(within + 1):
            if len(self.activities()) >= number:
                return minute
            self.sim.advance(minutes=1)
        raise AssertionError(f"no activity {number} within {within} minutes: {self.activities()}")


@pytest.fixture
def scaled(calm_sim: InProcessAws, in_service: Any) -> Autoscaled:
    return Autoscaled(calm_sim, in_service)


@pytest.mark.ledger("autoscaling.alarm-high", "autoscaling.activity-successful", "autoscaling.new-capacity")
@pytest.mark.ledger(
    "autoscaling.cause-alarm", "autoscaling.activity-description", "autoscaling.activity-waiting"
)
@pytest.mark.ledger("autoscaling.evaluation-period", "autoscaling.alarm-reason")
@pytest.mark.parametrize("sim_seed", range(5))
def test_ten_times_the_target_starts_a_scale_out_within_four_to_eight_minutes(scaled: Autoscaled) -> None:
    scaled.load(10 * TARGET)
    assert 4 <= scaled.wait_for_activity(1, within=10) <= 8
    (activity,) = scaled.activities()
    assert activity["StatusCode"] == "InProgress"
    assert "desired instance count to 4." in activity["StatusMessage"]
    assert activity["StartTime"].second % scaled.sim.engine.ledger.value("autoscaling.evaluation-period") == 0
    assert activity["Description"] == "Setting desired instance count to 4."
    assert "AlarmHigh" in activity["Cause"]
    assert scaled.status() == "Updating"
    assert scaled.alarms()["high"] == "ALARM"
    scaled.sim.advance(minutes=8)
    (activity,) = scaled.activities()
    assert activity["StatusCode"] == "Successful"
    assert activity["StatusMessage"] == (
        "Successfully set desired instance count to 4. Change successfully fulfilled by sagemaker."
    )
    assert activity["EndTime"] > activity["StartTime"]
    assert (scaled.status(), scaled.count()) == ("InService", 4)


@pytest.mark.ledger("autoscaling.alarm-low", "autoscaling.low-threshold", "autoscaling.scale-in-step")
@pytest.mark.parametrize("sim_seed", range(5))
def test_idleness_starts_a_scale_in_within_15_to_30_minutes_down_to_the_minimum(scaled: Autoscaled) -> None:
    scaled.bounds(2, 4)
    scaled.load(10 * TARGET)
    scaled.sim.advance(minutes=20)
    assert scaled.count() == 4
    scaled.load(0)
    before = len(scaled.activities())
    assert 15 <= scaled.wait_for_activity(before + 1, within=35) <= 30
    scaled.sim.advance(minutes=60)
    assert scaled.count() == 2
    assert all("AlarmLow" in activity["Cause"] for activity in scaled.activities()[before:])


@pytest.mark.parametrize("sim_seed", range(3))
def test_no_load_takes_the_count_beyond_its_bounds(scaled: Autoscaled) -> None:
    scaled.bounds(2, 3)
    seen = set()
    for rate in (0, 1_000, 0, 45, 400, 0):
        scaled.load(rate)
        for _ in range(25):
            scaled.sim.advance(minutes=1)
            seen.add(scaled.deployer.variants()["VariantA"]["DesiredInstanceCount"])
    assert seen <= {1, 2, 3}
    assert scaled.activities()[0]["Description"] == "Setting desired instance count to 2."
    assert {activity["StatusCode"] for activity in scaled.activities()} <= {"Successful", "InProgress"}


def test_load_at_the_target_changes_nothing(scaled: Autoscaled) -> None:
    scaled.load(0.95 * TARGET)
    scaled.sim.advance(minutes=60)
    assert not scaled.activities()
    assert scaled.alarms() == {"high": "OK", "low": "OK"}


@pytest.mark.parametrize("sim_seed", range(3))
def test_nothing_is_scaled_while_suspended_and_goes_on_when_resumed(scaled: Autoscaled) -> None:
    scaled.suspend(DynamicScalingOutSuspended=True, DynamicScalingInSuspended=True)
    scaled.load(10 * TARGET)
    scaled.sim.advance(minutes=60)
    assert not scaled.activities()
    assert scaled.alarms()["high"] == "ALARM"
    scaled.suspend(DynamicScalingOutSuspended=False, DynamicScalingInSuspended=True)
    scaled.sim.advance(minutes=10)
    assert scaled.count() == 4
    scaled.load(0)
    scaled.sim.advance(minutes=90)
    assert scaled.count() == 4
    scaled.suspend(DynamicScalingInSuspended=False)
    scaled.sim.advance(minutes=90)
    assert scaled.count() == 1


@pytest.mark.ledger("autoscaling.in-cooldown")
@pytest.mark.parametrize("sim_seed", [2])
def test_scale_in_waits_for_its_cooldown(scaled: Autoscaled) -> None:
    assert scaled.sim.engine.ledger.value("autoscaling.scale-in-step") == "single"
    scaled.policy(ScaleInCooldown=1_200)
    scaled.load(10 * TARGET)
    scaled.sim.advance(minutes=20)
    scaled.load(0)
    scaled.sim.advance(minutes=120)
    downs = [activity for activity in scaled.activities() if "AlarmLow" in activity["Cause"]]
    assert len(downs) == 3
    for one, next_ in itertools.pairwise(downs):
        assert (next_["StartTime"] - one["EndTime"]).total_seconds() >= 1_200


@pytest.mark.ledger("autoscaling.out-cooldown")
def test_a_growing_load_adds_to_a_scale_out_even_in_its_cooldown(scaled: Autoscaled) -> None:
    scaled.bounds(1, 10)
    scaled.policy(ScaleOutCooldown=3_600)
    scaled.load(1.9 * TARGET)
    scaled.sim.advance(minutes=15)
    assert scaled.count() == 2
    scaled.load(1.9 * TARGET * 2)
    scaled.sim.advance(minutes=20)
    assert scaled.count() == 2
    scaled.load(20 * TARGET)
    scaled.sim.advance(minutes=15)
    assert scaled.count() == 10


@pytest.mark.ledger("autoscaling.blocked-while-busy")
def test_a_busy_endpoint_is_scaled_when_it_is_in_service_again(scaled: Autoscaled) -> None:
    scaled.load(10 * TARGET)
    scaled.sim.advance(minutes=4)
    scaled.deployer.config("again", VariantA={}, VariantB={"InitialVariantWeight": 0})
    scaled.deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName="again")
    scaled.sim.advance(minutes=2)
    assert scaled.status() == "Updating"
    assert not scaled.activities()
    scaled.sim.advance(minutes=10)
    assert scaled.count() == 4


@pytest.mark.ledger("autoscaling.activity-failed", "autoscaling.retry")
def test_a_quota_fails_activities_until_it_grows(scaled: Autoscaled) -> None:
    scaled.sim.edit(quota={"ml.m5.large": 3})
    scaled.load(10 * TARGET)
    scaled.sim.advance(minutes=8)
    failed = scaled.activities()
    assert len(failed) > 5
    assert {activity["StatusCode"] for activity in failed} == {"Failed"}
    assert failed[0]["StatusMessage"].startswith(
        "Failed to set desired instance count to 4. Reason: The account-level service limit"
    )
    assert "Error Code: ResourceLimitExceeded" in failed[0]["StatusMessage"]
    assert len({activity["StatusMessage"] for activity in failed}) == len(failed), "request ids differ"
    assert len({activity["StatusMessage"].partition("Request ID")[0] for activity in failed}) == 1
    assert (scaled.status(), scaled.count()) == ("InService", 1)
    scaled.sim.edit(quota={"ml.m5.large": None})
    scaled.sim.advance(minutes=10)
    assert scaled.activities()[-1]["StatusCode"] == "Successful"
    assert scaled.count() == 4


@pytest.mark.ledger("autoscaling.activities-per-target", "autoscaling.activities-kept")
def test_the_last_500_activities_of_six_weeks_are_told(scaled: Autoscaled) -> None:
    scaled.sim.edit(quota={"ml.m5.large": 2})
    scaled.bounds(4, 4)
    scaled.sim.advance(minutes=120)
    assert len(scaled.activities()) == 500
    scaled.sim.edit(quota={"ml.m5.large": None})
    scaled.sim.advance(minutes=43 * 24 * 60)
    assert not scaled.activities()


@pytest.mark.ledger("autoscaling.metric-value")
@pytest.mark.parametrize("sim_seed", range(4))
def test_the_capacity_follows_the_newest_minute_or_the_average(calm_sim: InProcessAws) -> None:
    ledger = calm_sim.engine.ledger
    newest = ledger.value("autoscaling.metric-value") == "newest"
    assert Rules.of(ledger).metric([10.0, None, 20.0]) == (20.0 if newest else 15.0)


@pytest.mark.ledger("autoscaling.activity-unfulfilled")
@pytest.mark.parametrize("sim_seed", [0, 1])
def test_missing_capacity_rolls_back_and_leaves_an_unfulfilled_activity(scaled: Autoscaled) -> None:
    scaled.load(10 * TARGET)
    scaled.wait_for_activity(1, within=10)
    scaled.sim.edit(missing={"capacity": "ml.m5.large"})
    scaled.load(0)
    scaled.sim.advance(minutes=25)
    activity = scaled.activities()[0]
    assert activity["StatusCode"] == "Unfulfilled"
    if "{reason}" in scaled.sim.engine.ledger.value("autoscaling.activity-unfulfilled"):
        assert "due to InsufficientInstanceCapacity error" in activity["StatusMessage"]
    assert scaled.count() == 1


@pytest.mark.ledger(
    "autoscaling.bounds-on-register", "autoscaling.cause-minimum", "autoscaling.cause-maximum"
)
@pytest.mark.parametrize("sim_seed", range(2))
def test_new_bounds_pull_the_count_inside_at_once(scaled: Autoscaled) -> None:
    scaled.bounds(3, 4)
    assert scaled.status() == "Updating"
    scaled.sim.advance(minutes=8)
    assert scaled.count() == 3
    assert scaled.activities()[0]["Cause"] == "minimum capacity was set to 3"
    scaled.bounds(1, 2)
    assert scaled.activities()[-1]["Cause"] == "maximum capacity was set to 2"
    assert scaled.deployer.variants()["VariantA"]["DesiredInstanceCount"] == 2


@pytest.mark.ledger("autoscaling.bounds-later")
@pytest.mark.parametrize("sim_seed", range(4))
def test_a_count_set_by_hand_outside_the_bounds_stays_or_not_as_the_seed_has_it(scaled: Autoscaled) -> None:
    scaled.load(0.95 * TARGET * 6)
    scaled.deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[{"VariantName": "VariantA", "DesiredInstanceCount": 6}],
    )
    scaled.sim.advance(minutes=10)
    pulled = scaled.sim.engine.ledger.value("autoscaling.bounds-later")
    assert scaled.count() == (4 if pulled else 6)


@pytest.mark.ledger("autoscaling.missing-data")
def test_an_endpoint_without_data_is_not_scaled(scaled: Autoscaled) -> None:
    assert scaled.alarms() == {"high": "INSUFFICIENT_DATA", "low": "INSUFFICIENT_DATA"}
    scaled.sim.advance(minutes=4)
    assert not scaled.activities()


def test_idle_targets_sleep_until_there_is_traffic(scaled: Autoscaled) -> None:
    store = scaled.sim.engine.region("123456789012", "us-east-1").store(AutoScalingStore)
    assert store.awake
    scaled.sim.advance(minutes=40)
    assert not store.awake
    assert scaled.alarms() == {"high": "OK", "low": "ALARM"}
    scaled.load(10 * TARGET)
    scaled.sim.advance(minutes=1)
    assert store.awake
    assert 3 <= scaled.wait_for_activity(1, within=10) <= 8


def test_activities_are_told_newest_first_and_by_resource(scaled: Autoscaled) -> None:
    for low, high in ((3, 4), (1, 2)):
        scaled.bounds(low, high)
        scaled.sim.advance(minutes=5)
    describe = scaled.client.describe_scaling_activities
    found = describe(**VARIANT)["ScalingActivities"]
    assert [activity["Description"][-2] for activity in found][-2:] == ["2", "3"]
    other = VARIANT | {"ResourceId": "endpoint/reviews/variant/VariantB"}
    assert not describe(**other)["ScalingActivities"]
    assert len(describe(**VARIANT, MaxResults=1)["ScalingActivities"]) == 1


def test_a_day_of_load_gives_the_same_activities_for_the_same_seed_byte_for_byte(in_service: Any) -> None:
    def told() -> str:
        sim = InProcessAws(stale_reads=False, lost_answers=False)
        deployer = type(in_service)(sim.client("sagemaker"))
        deployer.model()
        deployer.config()
        deployer.endpoint()
        sim.advance(minutes=10)
        scaled = Autoscaled(sim, deployer)
        scaled.policy(TargetValue=2.0)
        for hour in range(24):
            scaled.load(5.0 * (1.0 - math.cos(2 * math.pi * (hour - 4) / 24)))
            sim.advance(minutes=60)
        found = scaled.client.describe_scaling_activities(**VARIANT, IncludeNotScaledActivities=True)
        return json.dumps(found["ScalingActivities"], default=str)

    first = told()
    assert first.count("AlarmHigh") >= 2
    assert first.count("AlarmLow") >= 2
    assert "NotScaledReasons" in first
    assert told() == first
