"""Autoscaling is taken off a variant only together with the update that needs it, and comes back as it was.

AWS refuses to change the instance type of a registered variant, or to remove it. What belongs to its scalable
target is lost with it: policies, scheduled actions and suspension, whoever created them (S3).
"""

import json
from itertools import pairwise

import pytest

from sagemaker_ab.api.resource import RECONCILE_REQUESTED_AT
from tests.integration.kills import killed_at_each_write
from tests.integration.stage import (
    SCALING,
    artifact_arrives,
    aws,
    endpoint,
    repaired,
    run,
    scaling_by_hand,
    sent,
    settled,
    steps,
    target,
    until,
    updates_fail,
    with_missing_artifact,
    with_replaced,
)
from tests.seeds import SEEDS
from tests.unit.planning.worlds import AUTOSCALING, with_variant

OTHER_TYPE = with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge")
REFUSED_AT_THE_CALL = {"sm.quota.update": 0}
NOON = {"Schedule": "cron(0 12 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 3}}
SUSPENDED = {"scale_in": True, "scale_out": False, "scheduled": False}


REPLACED = with_replaced(SCALING, "VariantB", "VariantC")


def with_foreign_parts(operator):
    """Somebody schedules a change of bounds for noon, and suspends scaling in."""
    scaling_by_hand(operator, "PutScheduledAction", ScheduledActionName="noon", **NOON)
    suspended = {"DynamicScalingInSuspended": True}
    scaling_by_hand(operator, "RegisterScalableTarget", SuspendedState=suspended)
    operator.sim.advance(seconds=10)  # until no read is so stale as not to show it
    return operator


# Released only when everything else is ready


def test_a_variant_keeps_its_autoscaling_while_its_successor_cannot_be_created():
    operator = settled(SCALING)
    before = target(operator)
    operator.cluster.apply(with_missing_artifact(operator, REPLACED))
    run(operator, hours=3)

    assert operator.conditions["Stalled"].startswith("True Refused")
    assert target(operator) == before
    assert sent(operator, "DeregisterScalableTarget") == []

    artifact_arrives(operator)
    operator.settle()
    assert target(operator) is None
    assert target(operator, "VariantC")


def test_nothing_comes_between_a_release_and_its_update():
    operator = settled(SCALING)
    operator.cluster.apply(OTHER_TYPE)
    operator.settle()

    writes = [call["operation"] for call in operator.writes()]
    released = writes.index("DeregisterScalableTarget")
    assert writes[released + 1] == "UpdateEndpoint"
    assert "CreateEndpointConfig" not in writes[released:]


# Saved before, restored as it was read


def test_what_is_released_is_saved_in_status_before():
    operator = with_foreign_parts(settled(SCALING))
    operator.sim.fault({"drop": "before"}, match={"operation": "DeregisterScalableTarget"})
    operator.cluster.apply(OTHER_TYPE)
    until(operator, lambda: sent(operator, "DeregisterScalableTarget"))

    (saved,) = operator.cluster.resource["status"]["releasedScaling"]
    content = json.loads(saved["content"])
    assert saved["name"] == "VariantB"
    assert (content["MinCapacity"], content["MaxCapacity"]) == (1, 4)
    assert content["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert list(content["Policies"]) == ["invocations"]
    assert content["ScheduledActions"]["noon"]["Schedule"] == NOON["Schedule"]


@pytest.mark.parametrize("outcome", ["succeeds", "fails", "fails silently", "is refused"])
def test_foreign_schedules_and_suspension_survive_an_update(outcome):
    operator = with_foreign_parts(settled(SCALING, aws(variants=REFUSED_AT_THE_CALL)))
    before = target(operator)
    match outcome:
        case "fails":
            updates_fail(operator)
        case "fails silently":
            updates_fail(operator, silent=True)
        case "is refused":
            operator.sim.edit(quota={"ml.m5.xlarge": 0})
    operator.cluster.apply(OTHER_TYPE)
    operator.settle_or_stall()

    assert sent(operator, "DeregisterScalableTarget")
    assert target(operator) == before
    assert operator.cluster.resource["status"].get("releasedScaling") is None


def test_a_variant_that_was_to_go_gets_its_autoscaling_back_when_the_update_fails():
    operator = with_foreign_parts(settled(SCALING))
    before = target(operator)
    updates_fail(operator)
    operator.cluster.apply(REPLACED)
    operator.settle_or_stall()

    assert "VariantB" in endpoint(operator)["variants"]
    assert target(operator) == before


def test_a_policy_put_by_hand_is_restored_with_the_fleet_that_it_was_put_on():
    operator = settled(SCALING)
    scaling_by_hand(
        operator,
        "PutScalingPolicy",
        PolicyName="theirs",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
    )
    updates_fail(operator)
    operator.cluster.apply(OTHER_TYPE)
    operator.settle_or_stall()

    put = [c["params"]["PolicyName"] for c in sent(operator, "PutScalingPolicy") if c["code"] == "ok"]
    assert put.count("theirs") == 1
    assert sent(operator, "DeleteScalingPolicy") == []


# A refused update


def test_an_update_that_is_refused_again_and_again_takes_autoscaling_off_ever_more_rarely():
    operator = settled(SCALING, aws(variants=REFUSED_AT_THE_CALL))
    operator.sim.edit(quota={"ml.m5.xlarge": 0})
    operator.cluster.apply(OTHER_TYPE)
    run(operator, hours=2.5)

    releases = [call["time"] for call in sent(operator, "DeregisterScalableTarget")]
    gaps = [later - earlier for earlier, later in pairwise(releases)]
    assert len(gaps) >= 6
    for number, gap in enumerate(gaps):
        promised = min(60 * 2**number, 50 * 60)  # jitter only lengthens it, to an hour at most
        assert promised <= gap <= 1.2 * promised + 60


def test_a_reconcile_request_tries_a_refused_update_at_once():
    operator = settled(SCALING, aws(variants=REFUSED_AT_THE_CALL))
    operator.sim.edit(quota={"ml.m5.xlarge": 0})
    operator.cluster.apply(OTHER_TYPE)
    run(operator, hours=0.5)
    operator.sim.edit(quota={"ml.m5.xlarge": None})
    operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})
    steps(operator, 2)

    assert endpoint(operator)["status"] == "Updating"


def test_a_scheduled_action_that_may_not_be_restored_yet_holds_up_nothing_else():
    operator = with_foreign_parts(settled(SCALING))
    refusal = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
    denied = operator.sim.fault(refusal, match={"operation": "PutScheduledAction"}, count=None)
    operator.cluster.apply(OTHER_TYPE)
    until(operator, lambda: sent(operator, "PutScheduledAction"))
    wider = with_variant(OTHER_TYPE, "VariantB", weight=80, autoscaling={**AUTOSCALING, "maxCapacity": 9})
    operator.cluster.apply(wider)
    steps(operator, 30)

    assert target(operator)["max"] == 9
    assert endpoint(operator)["variants"]["VariantB"]["currentWeight"] == 80
    assert "put scheduled action noon" in operator.conditions["Stalled"]

    repaired(operator, denied)
    operator.settle()
    assert list(target(operator)["scheduledActions"]) == ["noon"]


def test_a_policy_that_gets_another_name_with_the_update_waits_for_the_earlier_one_to_be_restored():
    """AWS allows one policy for a metric. The earlier one would be refused for good, and never be deleted."""
    renamed = {**AUTOSCALING["policies"][0], "name": "requests"}
    operator = settled(SCALING)
    operator.cluster.apply(
        with_variant(OTHER_TYPE, "VariantB", autoscaling={**AUTOSCALING, "policies": [renamed]})
    )
    until(operator, lambda: target(operator) is None)
    throttled = {"error": {"code": "ThrottlingException", "text": "Rate exceeded", "http": 400}}
    operator.sim.fault(throttled, match={"operation": "PutScalingPolicy"}, count=1)
    operator.settle()

    assert list(target(operator)["policies"]) == ["requests"]
    assert operator.conditions["AutoscalingApplied"].startswith("True")


# The spec changes meanwhile


def test_autoscaling_turned_off_and_on_again_brings_back_nothing_of_before():
    operator = with_foreign_parts(settled(SCALING))
    operator.cluster.apply(with_variant(OTHER_TYPE, "VariantB", autoscaling=None, instanceCount=1))
    operator.settle()
    assert target(operator) is None

    operator.cluster.apply(OTHER_TYPE)
    operator.settle()
    assert target(operator)["scheduledActions"] == {}


def test_a_change_taken_back_after_the_release_restores_the_autoscaling():
    operator = with_foreign_parts(settled(SCALING))
    before = target(operator)
    operator.sim.fault({"drop": "before"}, match={"operation": "UpdateEndpoint"})
    operator.cluster.apply(OTHER_TYPE)
    until(operator, lambda: sent(operator, "UpdateEndpoint"))
    assert target(operator) is None
    operator.cluster.apply(SCALING)
    operator.settle()

    assert target(operator) == before


# Killed between any two calls


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("outcome", ["succeeds", "fails", "is refused"])
def test_a_release_survives_the_death_of_the_process_at_any_write(outcome, seed):
    def change(operator):
        if outcome == "fails":
            updates_fail(operator)
        if outcome == "is refused":
            operator.sim.edit(quota={"ml.m5.xlarge": 0})
        operator.cluster.apply(OTHER_TYPE)

    def prepared():
        return with_foreign_parts(settled(SCALING, aws(seed=seed, variants=REFUSED_AT_THE_CALL, calm=False)))

    before = target(prepared())
    for operator in killed_at_each_write(prepared, change, seed=seed):
        operator.settle_or_stall()
        assert target(operator) == before
        expected = "ml.m5.xlarge" if outcome == "succeeds" else "ml.m5.large"
        assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == expected
