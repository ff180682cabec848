"""What trouble with AWS costs, and how it is told: against the simulated AWS, in process."""

import logging

import pytest

from tests.integration.scaling_stage import BURSTS
from tests.integration.stage import SCALING, repaired, steps, until, weights
from tests.integration.stage import settled as scaled
from tests.integration.test_steering import settled
from tests.unit.planning.worlds import AUTOSCALING, with_variant


def denied(operation):
    fault = {"error": {"code": "AccessDeniedException", "text": f"not authorized: {operation}", "http": 400}}
    return {"effect": fault, "match": {"operation": operation}}


def test_a_listing_that_fails_once_does_not_hold_up_a_deletion():
    operator = settled()
    operator.sim.fault(**denied("ListModels"), count=1)
    operator.cluster.delete()

    operator.settle(reconciles=60)

    assert operator.cluster.resource is None
    assert operator.sim.state() == {}


def test_numbers_that_aws_does_not_give_any_more_are_not_called_available():
    operator = settled()
    tick(operator, until=lambda: operator.cluster.resource["status"].get("metrics"))
    operator.sim.fault(**denied("GetMetricData"), count=None)
    tick(operator, until=lambda: not operator.conditions["MetricsAvailable"].startswith("True"))

    assert operator.conditions["MetricsAvailable"].startswith(
        "False AccessDenied: CloudWatch could not be read"
    )
    assert operator.ready
    assert operator.cluster.resource["status"]["metrics"]


def tick(operator, *, until):
    began = operator.sim.engine.clock.now()
    while not until():
        assert operator.sim.engine.clock.now() - began < 3600
        operator.metrics.tick()
        operator.step()


THROTTLED = {"error": {"code": "Throttling", "text": "Rate exceeded", "http": 400}}
STEPS = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "policies": [BURSTS]})


@pytest.mark.parametrize("first", [SCALING, STEPS], ids=["target tracking", "step scaling"])
def test_alarms_that_cannot_be_read_hold_up_no_shift_of_traffic(first):
    operator = scaled(first)
    operator.sim.fault(THROTTLED, match={"operation": "DescribeAlarms"}, count=None)
    operator.cluster.apply(with_variant(first, "VariantB", weight=0))

    until(operator, lambda: weights(operator) == {"VariantA": 50, "VariantB": 0}, reconciles=20)


def test_while_cloudwatch_is_down_step_scaling_is_not_called_applied():
    operator = scaled(STEPS)
    fault = operator.sim.fault(THROTTLED, match={"operation": "DescribeAlarms"}, count=None)
    operator.cluster.apply(with_variant(STEPS, "VariantB", weight=0))
    steps(operator, 20)

    assert not operator.ready
    assert "Rate exceeded" in operator.conditions["Ready"]
    repaired(operator, fault)
    operator.settle()


def test_while_cloudwatch_is_down_a_resource_stays_as_ready_as_it_was():
    operator = scaled(STEPS)
    status = operator.cluster.resource["status"]
    operator.sim.fault(THROTTLED, match={"operation": "DescribeAlarms"}, count=5)

    steps(operator, 5)

    assert operator.cluster.resource["status"] == status


@pytest.mark.parametrize("first", [SCALING, STEPS], ids=["target tracking", "step scaling"])
def test_alarms_that_an_older_policy_denies_are_logged_once_until_they_can_be_read_again(first, caplog):
    caplog.set_level(logging.INFO, logger="sagemaker_ab.controller.gather")
    operator = scaled(first)
    for _ in range(2):
        fault = operator.sim.fault({"denied": True}, match={"operation": "DescribeAlarms"}, count=None)
        steps(operator, 5)
        repaired(operator, fault)
        steps(operator, 5)

    lines = [message for message in caplog.messages if message.startswith("ml/reviews: alarms can")]
    assert [line.split(":")[1] for line in lines] == [
        " alarms cannot be read",
        " alarms can be read again",
    ] * 2
