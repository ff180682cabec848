"""Whose alarm, policy or scheduled action it is: the operator records what it declared, as AWS does not."""

import pytest

from tests.integration.scaling_stage import (
    ALL,
    BURSTS,
    INVOCATIONS,
    NOON,
    alarm_of,
    alarms,
    at,
    bounds,
    change_alarm_by_hand,
    cloudwatch_by_hand,
    policies,
    scaling,
    scaling_status,
    stepping,
    tracking,
    writes_of,
    writes_of_one,
)
from tests.integration.stage import (
    SCALING,
    aws,
    held,
    run,
    scaling_by_hand,
    settled,
    target,
    with_replaced,
)
from tests.seeds import SEEDS
from tests.unit.planning.worlds import spec, with_variant

# Alarms of ours


def test_what_others_let_our_alarm_do_stays_when_the_alarm_is_changed():
    operator = settled(policies(INVOCATIONS, BURSTS))
    topic = "arn:aws:sns:us-east-1:123456789012:people"
    action = alarm_of(operator)["AlarmActions"][0]
    told = {"OKActions": [topic], "InsufficientDataActions": [topic], "AlarmDescription": "Ask Ann."}

    assert (
        writes_of(operator, lambda: change_alarm_by_hand(operator, AlarmActions=[action, topic], **told))
        == []
    )
    assert writes_of(operator, policies(INVOCATIONS, stepping(alarm={"threshold": 20}))) == ["PutMetricAlarm"]
    after = alarm_of(operator)
    assert after["AlarmActions"] == [action, topic]
    assert {member: after.get(member) for member in told} == told


@pytest.mark.parametrize(
    "after",
    [
        SCALING,
        with_variant(SCALING, "VariantB", autoscaling=None, instanceCount=1),
        with_replaced(SCALING, "VariantB", "VariantC"),
        with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"),
    ],
    ids=["the policy goes", "autoscaling goes", "the variant goes", "the policy goes with an instance type"],
)
def test_an_alarm_goes_with_its_policy(after):
    operator = settled(policies(INVOCATIONS, BURSTS))
    operator.cluster.apply(after)
    operator.settle()

    assert alarms(operator) == {}
    assert operator.conditions["AutoscalingApplied" if "VariantC" in str(after) else "Ready"].startswith(
        "True"
    )


@pytest.mark.parametrize("handled", [True, False], ids=["at rest", "just applied"])
def test_a_deleted_resource_leaves_no_alarm(handled):
    operator = settled(policies(INVOCATIONS, BURSTS))
    theirs = {**alarm_of(operator), "AlarmName": "sagemaker-ab/of/others/VariantB/1"}
    cloudwatch_by_hand(operator, "PutMetricAlarm", **theirs)
    if not handled:
        operator.cluster.apply(policies(INVOCATIONS, stepping("gusts")))
        operator.step()
    operator.cluster.delete()
    operator.settle()

    assert operator.cluster.resource is None
    assert list(alarms(operator)) == [theirs["AlarmName"]]


# What an earlier spec declared


def test_what_goes_together_with_a_change_of_instance_type_does_not_come_back_as_foreign():
    """The release saves it, and the restoration puts it back: then it must still be known as ours."""
    operator = settled(ALL)
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))
    operator.settle()
    found = target(operator)

    assert operator.conditions["AutoscalingApplied"].startswith("True")
    assert list(found["policies"]) == ["invocations"]
    assert found["scheduledActions"] == {}
    assert not any(found["suspended"].values())


@pytest.mark.parametrize("seed", range(4))
def test_what_was_declared_for_a_moment_goes_although_reads_are_stale(seed):
    operator = settled(SCALING, aws(seed=seed, calm=False))
    for _ in range(6):
        operator.cluster.apply(ALL)
        operator.step()
        operator.sim.advance(seconds=0.2)
        operator.cluster.apply(SCALING)
        operator.step()
    operator.settle()
    found = target(operator)

    assert operator.conditions["AutoscalingApplied"].startswith("True")
    assert list(found["policies"]) == ["invocations"]
    assert found["scheduledActions"] == {}


def test_a_spec_that_renames_everything_while_nothing_may_be_deleted_stays_readable():
    """The record of what earlier specs declared has room for so many names only."""
    operator = settled(SCALING)
    refusal = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
    operator.sim.fault(refusal, match={"operation": "DeleteScheduledAction"}, count=None)
    for round_ in range(3):
        names = [f"{round_}-{number}" for number in range(20)]
        operator.cluster.apply(scaling(scheduledActions=[{**NOON, "name": name} for name in names]))
        operator.settle_or_stall()

    recorded = {each["name"] for each in scaling_status(operator)["scheduledActions"]}
    assert recorded >= set(names)
    assert "delete scheduled action" in operator.conditions["Stalled"]


# Schedules that are over


@pytest.mark.parametrize("refused", [0, 1], ids=["AWS refuses the past", "AWS takes the past"])
def test_an_action_whose_time_is_over_is_never_put(refused):
    operator = settled(SCALING, aws(variants={"autoscaling.schedule-past": refused}))
    over = {"name": "once", "schedule": at(operator, minutes=-60), "minCapacity": 3}

    assert writes_of(operator, scaling(scheduledActions=[over])) == []
    assert operator.conditions["AutoscalingApplied"].startswith("True")


@pytest.mark.parametrize("refused", [0, 1], ids=["AWS refuses the past", "AWS takes the past"])
def test_an_action_moved_into_the_past_is_taken_away(refused):
    """As it is, it would be due at a time that the spec no longer names."""
    operator = settled(SCALING, aws(variants={"autoscaling.schedule-past": refused}))
    once = {"name": "once", "schedule": at(operator, minutes=90), "minCapacity": 3}
    operator.cluster.apply(scaling(scheduledActions=[once]))
    operator.settle()
    over = {**once, "schedule": at(operator, minutes=-60)}

    assert writes_of(operator, scaling(scheduledActions=[over])) == ["DeleteScheduledAction once"]
    run(operator, hours=2)
    assert bounds(operator) == (1, 4)


# A lost status


@pytest.mark.parametrize("seed", SEEDS)
def test_a_status_lost_at_any_moment_loses_nothing(seed):
    """Nothing of ours is deleted or made twice, and what a schedule set stays."""
    operator = settled(ALL, aws(seed=seed, calm=False))
    until_noon = scaling(
        policies=[INVOCATIONS, BURSTS, tracking("cpu")],
        scheduledActions=[{"name": "soon", "schedule": at(operator, minutes=10), "minCapacity": 2}],
        suspended={"scaleIn": True, "scaleOut": False, "scheduled": False},
    )
    operator.cluster.apply(until_noon)
    operator.settle()
    run(operator, hours=0.3)
    assert bounds(operator) == (2, 4)
    before, others = target(operator), alarms(operator)

    for _ in range(5):
        operator.cluster.set_status()
        assert writes_of(operator, lambda: None) == []
    assert (target(operator), alarms(operator)) == (before, others)
    assert operator.conditions["AutoscalingApplied"].startswith("True")


def test_a_status_lost_while_a_change_is_applied_doubles_nothing():
    operator = settled(SCALING)
    operator.cluster.apply(ALL)
    written = []
    for _ in range(8):
        written += writes_of_one(operator)
        operator.cluster.set_status()
    written += writes_of(operator, lambda: None)

    assert sorted(written) == sorted(
        {
            "RegisterScalableTarget",
            "PutScalingPolicy bursts",
            "PutScalingPolicy cpu",
            "PutMetricAlarm",
            "PutScheduledAction noon",
        }
    )


def test_what_nobody_can_tell_apart_after_a_lost_status_is_left_alone_and_named():
    operator = settled(ALL)
    operator.cluster.set_status()
    operator.cluster.apply(SCALING)
    operator.settle()

    assert set(target(operator)["policies"]) == {"invocations", "cpu"}
    message = operator.conditions["AutoscalingApplied"]
    assert message.startswith("False ForeignScaling")
    for part in ("scaling policy cpu", "scheduled action noon", "scaling in"):
        assert part in message


def test_a_step_policy_is_recognized_by_its_alarm_after_a_lost_status():
    operator = settled(ALL)
    operator.cluster.set_status()
    operator.cluster.apply(SCALING)
    operator.settle()

    assert "bursts" not in target(operator)["policies"]
    assert not held(operator, "alarms")


def test_bounds_from_before_the_spec_autoscales_are_not_taken_for_those_of_a_declared_action():
    operator = settled(spec())
    scaling_by_hand(operator, "RegisterScalableTarget", MinCapacity=1, MaxCapacity=7)
    evening = {"name": "evening", "schedule": "cron(0 20 * * ? *)", "maxCapacity": 7}
    operator.cluster.apply(scaling(scheduledActions=[evening]))
    operator.settle()

    assert bounds(operator) == (1, 4)


def test_bounds_of_a_declared_action_are_kept_on_a_target_found_after_a_lost_status():
    operator = settled(spec())
    scaling_by_hand(operator, "RegisterScalableTarget", MinCapacity=1, MaxCapacity=7)
    operator.cluster.set_status()
    evening = {"name": "evening", "schedule": "cron(0 20 * * ? *)", "maxCapacity": 7}
    operator.cluster.apply(scaling(scheduledActions=[evening]))
    operator.settle()

    assert bounds(operator) == (1, 7)
