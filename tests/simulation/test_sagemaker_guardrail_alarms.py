"""Deployment guardrails: alarms on the new fleet, or on both, turn a deployment back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.guarded import LINEAR, Guarded, percent, policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.inprocess import InProcessAws


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm on more than one failure in twenty of VariantA, of one fleet or both."""

    sim: InProcessAws

    def make(self, **dimensions: str) -> str:
        known = {"EndpointName": "reviews", "VariantName": "VariantA"} | dimensions
        self.sim.client("cloudwatch").put_metric_alarm(
            AlarmName="too-many-errors",
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Dimensions=[{"Name": name, "Value": value} for name, value in known.items()],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.05,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        return "too-many-errors"

    def break_model(self, model: str) -> None:
        self.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 120})
        self.sim.edit(ailment={"model": model, "rate5xx": 1.0})


def guarded_by(*alarms: str, wait: int = 1200) -> dict[str, Any]:
    names = [{"AlarmName": alarm} for alarm in alarms]
    canary = policy("CANARY", wait=wait, CanarySize=percent(25))
    return canary | {"AutoRollbackConfiguration": {"Alarms": names}}


@pytest.mark.ledger("sm.guardrails.any-alarm", "sm.guardrails.alarm-reason", "sm.guardrails.alarm-poll")
@pytest.mark.ledger("sm.guardrails.rollback")
@pytest.mark.parametrize("sim_seed", range(3))
def test_an_alarm_that_trips_while_the_canary_bakes_gives_all_traffic_back(guarded: Guarded) -> None:
    alarm = Alarm(guarded.sim)
    name = alarm.make()
    alarm.break_model("new")
    guarded.update(guarded_by(name))
    guarded.wait_for("Deleting")
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Updating", "first")
    assert {model for _, model in guarded.serve()} == {"old"}
    guarded.sim.advance(minutes=3)
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert name in found["FailureReason"]
    assert "PendingDeploymentSummary" not in found


def test_an_alarm_that_stays_quiet_lets_the_new_fleet_take_over(guarded: Guarded) -> None:
    guarded.update(guarded_by(Alarm(guarded.sim).make()))
    guarded.sim.advance(minutes=45)
    assert guarded.deployer.describe()["EndpointConfigName"] == "next"


def test_an_alarm_on_both_fleets_minds_the_old_ones_failures(guarded: Guarded) -> None:
    alarm = Alarm(guarded.sim)
    name = alarm.make()
    alarm.break_model("old")
    guarded.update(guarded_by(name, wait=600))
    guarded.sim.advance(minutes=45)
    assert guarded.deployer.describe()["EndpointConfigName"] == "first"


@pytest.mark.ledger("metrics.config-dimension")
@pytest.mark.parametrize(("cause", "config"), [("old", "next"), ("new", "first")])
def test_an_alarm_on_the_new_fleet_alone_minds_its_own_failures_only(
    guarded: Guarded, cause: str, config: str
) -> None:
    alarm = Alarm(guarded.sim)
    name = alarm.make(EndpointConfigName="next")
    alarm.break_model(cause)
    guarded.update(guarded_by(name, wait=600))
    guarded.sim.advance(minutes=45)
    assert guarded.deployer.describe()["EndpointConfigName"] == config


@pytest.mark.ledger("metrics.config-dimension")
def test_the_invocations_of_each_fleet_are_counted_and_listed_by_its_config(guarded: Guarded) -> None:
    guarded.update(LINEAR)
    guarded.wait_for("Baking")
    start = guarded.now()
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 600})
    guarded.sim.advance(minutes=4)
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    guarded.sim.advance(minutes=20)
    for variant in ("VariantA", "VariantB"):
        whole = guarded.invocations(variant, start)
        old, new = (guarded.invocations(variant, start, config) for config in ("first", "next"))
        assert old + new == whole
        assert new / whole == pytest.approx(0.25, abs=0.05)
    listed = guarded.sim.client("cloudwatch").list_metrics(
        MetricName="Invocations", Dimensions=[{"Name": "EndpointConfigName", "Value": "next"}]
    )["Metrics"]
    assert len(listed) == 2


def test_without_guardrails_no_fleet_is_told_apart(guarded: Guarded) -> None:
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 60})
    start = guarded.now()
    guarded.sim.advance(minutes=10)
    assert guarded.invocations("VariantA", start) > 0
    assert guarded.invocations("VariantA", start, "first") == 0


@pytest.mark.ledger("sm.guardrails.alarm-missing", "sm.guardrails.alarm-missing-text")
def test_an_alarm_that_is_not_there_may_refuse_the_update(
    guarded_under: Callable[..., Guarded], refused: Any
) -> None:
    guarded = guarded_under(alarm_missing=0)
    code, text = refused(guarded.update, guarded_by("no-such-alarm"))
    assert (code, "no-such-alarm" in text) == ("ValidationException", True)


@pytest.mark.ledger("sm.guardrails.alarm-missing", "sm.guardrails.alarm-missing-reason")
def test_an_alarm_that_is_not_there_may_end_the_update_when_its_fleet_bakes(
    guarded_under: Callable[..., Guarded],
) -> None:
    guarded = guarded_under(alarm_missing=1)
    guarded.update(guarded_by("no-such-alarm"))
    guarded.sim.advance(minutes=10)
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert "no-such-alarm" in found["FailureReason"]
