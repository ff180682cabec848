"""A run is followed, and traffic returns to the baseline, while not all of AWS or of the spec can be read."""

import pytest

from tests.integration.rollouts import Rollout, stepped
from tests.integration.stage import SCALING
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

FIRST = {"VariantA": 90.0, "VariantB": 10.0}
BASELINE = {"VariantA": 100.0, "VariantB": 0.0}
READS = ["DescribeScalableTargets", "ListTags", "DescribeEndpointConfig"]


def failing(rollout, operation, effect):
    return rollout.sim.fault({effect: True}, match={"operation": operation}, count=None)


@pytest.mark.parametrize(
    ("operation", "effect"), [*((read, "denied") for read in READS), ("DescribeScalableTargets", "throttle")]
)
def test_a_failing_candidate_is_rolled_back_while_one_read_fails(operation, effect):
    rollout = Rollout()
    rollout.run(minutes=8)
    failing(rollout, operation, effect)
    rollout.fails("bert-b", 1.0)
    rollout.until(lambda: rollout.weights == BASELINE, minutes=15)
    assert rollout.status["outcome"] == "RolledBack"
    assert rollout.weight_calls() == [FIRST, BASELINE]
    assert not rollout.operator.ready


@pytest.mark.parametrize("operation", READS)
def test_a_person_aborts_a_run_while_one_read_is_denied(operation):
    rollout = Rollout()
    rollout.run(minutes=8)
    failing(rollout, operation, "denied")
    rollout.command(abort=rollout.status["run"])
    rollout.until(lambda: rollout.weights == BASELINE, minutes=2)
    assert rollout.status["outcome"] == "Aborted"


def test_a_candidate_gets_no_more_traffic_while_scalable_targets_cannot_be_read():
    rollout = Rollout(stepped(SCALING))
    rollout.run(minutes=8)
    failing(rollout, "DescribeScalableTargets", "denied")
    rollout.run(minutes=40)
    assert rollout.weights == FIRST
    assert rollout.weight_calls() == [FIRST]


def test_a_run_goes_on_once_everything_can_be_read_again():
    rollout = Rollout()
    rollout.run(minutes=8)
    fault = failing(rollout, "DescribeScalableTargets", "denied")
    rollout.run(minutes=25)
    assert rollout.status["decisions"][-1]["reason"] == "MissingData"
    rollout.sim.gateway.faults.remove(fault)
    rollout.until_ended(minutes=90)
    rollout.run(minutes=5)
    assert rollout.status["outcome"] == "Promoted"
    assert rollout.operator.ready


def with_schedule(schedule):
    action = {"name": "evening", "schedule": schedule, "minCapacity": 1}
    scaling = {**AUTOSCALING, "minCapacity": 1, "scheduledActions": [action]}
    return stepped(with_variant(spec(), "VariantA", instanceCount=None, autoscaling=scaling))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_failing_candidate_is_rolled_back_while_the_spec_is_invalid(restarted):
    rollout = Rollout(with_schedule("cron(0 8 ? * * *)"))
    rollout.run(minutes=8)
    rollout.cluster.apply(with_schedule("cron(99 8 ? * * *)"))
    rollout.run(minutes=3)
    if restarted:
        rollout.crash()
    assert rollout.operator.conditions["Ready"].startswith("False InvalidSpec")
    rollout.fails("bert-b", 1.0)
    rollout.until(lambda: rollout.weights == BASELINE, minutes=15)
    assert rollout.status["outcome"] == "RolledBack"
    assert rollout.operator.conditions["Ready"].startswith("False InvalidSpec")


def test_an_invalid_policy_does_not_end_the_run():
    rollout = Rollout()
    rollout.run(minutes=8)
    run = rollout.status["run"]
    broken = stepped(candidate="VariantA")
    rollout.cluster.apply(broken)
    rollout.run(minutes=5)
    assert rollout.status["run"] == run
    assert "outcome" not in rollout.status
    rollout.command(abort=run)
    rollout.until(lambda: rollout.weights == BASELINE, minutes=2)


def test_a_rollback_that_aws_refuses_is_sent_every_minute():
    rollout = Rollout()
    rollout.run(minutes=8)
    match = {"operation": "UpdateEndpointWeightsAndCapacities"}
    fault = rollout.sim.fault({"denied": True}, match=match, count=None)
    rollout.command(abort=rollout.status["run"])
    rollout.run(minutes=20)
    assert rollout.weight_calls().count(BASELINE) >= 15
    rollout.sim.gateway.faults.remove(fault)
    rollout.until(lambda: rollout.weights == BASELINE, minutes=2)
