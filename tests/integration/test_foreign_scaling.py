"""Scaling policies, scheduled actions and suspensions that the spec does not have.

By default the operator names them, leaves them alone, and does not undo what they do. With `Remove` it takes
them away. What an earlier spec declared is never foreign.
"""

import pytest

from tests.integration.scaling_stage import (
    INVOCATIONS,
    at,
    bounds,
    cloudwatch_by_hand,
    scaling,
    stepping,
    tracking,
    writes_of,
)
from tests.integration.stage import (
    SCALING,
    aws,
    counts,
    now,
    repaired,
    run,
    scaling_by_hand,
    sent,
    settled,
    target,
    until,
)
from tests.seeds import SEEDS
from tests.unit.planning.worlds import with_variant

REMOVE = scaling(foreignScaling="Remove")
METRIC = {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}
CPU = {
    "CustomizedMetricSpecification": {
        "MetricName": "CPUUtilization",
        "Namespace": "/aws/sagemaker/Endpoints",
        "Dimensions": [{"Name": "EndpointName", "Value": "reviews"}],
        "Statistic": "Average",
    }
}
STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
}


def policy(operator, name="theirs", metric=CPU):
    kind = "StepScaling" if metric is STEPS else "TargetTrackingScaling"
    settings = metric if metric is STEPS else {"TargetValue": 50.0, **metric}
    parts = {"PolicyType": kind, f"{kind}PolicyConfiguration": settings}
    scaling_by_hand(operator, "PutScalingPolicy", PolicyName=name, **parts)


def schedule(operator, when="cron(0 3 * * ? *)", name="theirs", **bounds):
    action = {"ScalableTargetAction": bounds or {"MinCapacity": 2, "MaxCapacity": 8}}
    scaling_by_hand(operator, "PutScheduledAction", ScheduledActionName=name, Schedule=when, **action)


def suspend(operator, *kinds):
    scaling_by_hand(operator, "RegisterScalableTarget", SuspendedState=dict.fromkeys(kinds, True))


FOREIGN = {
    "a policy for another metric": (policy, "scaling policy theirs", "DeleteScalingPolicy theirs"),
    "a step policy": (
        lambda op: policy(op, "steps", STEPS),
        "scaling policy steps",
        "DeleteScalingPolicy steps",
    ),
    "a schedule": (schedule, "scheduled action theirs", "DeleteScheduledAction theirs"),
    "a suspension of scaling in": (
        lambda op: suspend(op, "DynamicScalingInSuspended"),
        "scaling in is suspended",
        "RegisterScalableTarget",
    ),
    "a suspension of scaling out": (
        lambda op: suspend(op, "DynamicScalingOutSuspended"),
        "scaling out is suspended",
        "RegisterScalableTarget",
    ),
    "a suspension of schedules": (
        lambda op: suspend(op, "ScheduledScalingSuspended"),
        "scheduled scaling is suspended",
        "RegisterScalableTarget",
    ),
}


# Report


@pytest.mark.parametrize("what", FOREIGN)
def test_what_somebody_else_set_is_named_and_left_alone(what):
    by_hand, message, _ = FOREIGN[what]
    operator = settled(SCALING)

    assert writes_of(operator, lambda: by_hand(operator)) == []
    found = operator.conditions["AutoscalingApplied"]
    assert found.startswith("False ForeignScaling: AWS has what the spec does not have")
    assert f"VariantB: {message}" in found
    assert operator.conditions["Ready"].startswith("True")
    assert "Stalled" not in operator.conditions


def test_everything_foreign_is_named_in_one_message_and_comes_through_a_change_of_the_spec():
    operator = settled(SCALING)
    for by_hand, *_ in FOREIGN.values():
        by_hand(operator)
    operator.sim.advance(seconds=60)
    before = target(operator)
    changed = with_variant(scaling(maxCapacity=6, policies=[INVOCATIONS, stepping()]), "VariantB", weight=60)

    assert writes_of(operator, changed) == [
        "RegisterScalableTarget",
        "PutScalingPolicy bursts",
        "PutMetricAlarm",
        "UpdateEndpointWeightsAndCapacities",
    ]
    after = target(operator)
    assert after["scheduledActions"] == before["scheduledActions"]
    assert after["suspended"] == before["suspended"]
    assert {name: after["policies"][name] for name in ("theirs", "steps")} == {
        name: before["policies"][name] for name in ("theirs", "steps")
    }
    assert operator.conditions["AutoscalingApplied"].endswith(
        "VariantB: scaling policy steps, scaling policy theirs, scheduled action theirs, scaling in is"
        " suspended, scaling out is suspended, scheduled scaling is suspended"
    )


@pytest.mark.parametrize("partly", [0, 1], ids=["AWS leaves the others", "AWS resumes the others"])
def test_a_suspension_by_hand_of_what_the_spec_does_not_govern_outlives_the_repair_of_what_it_does(partly):
    operator = settled(
        scaling(suspended={"scaleIn": False}), aws(variants={"autoscaling.suspended-partly": partly})
    )

    def by_hand():
        suspend(operator, "DynamicScalingInSuspended", "DynamicScalingOutSuspended")

    assert writes_of(operator, by_hand) == ["RegisterScalableTarget"]
    assert target(operator)["suspended"] == {"scale_in": False, "scale_out": True, "scheduled": False}
    assert "scaling out is suspended" in operator.conditions["AutoscalingApplied"]


@pytest.mark.parametrize("late", [0, 1], ids=["on time", "late"])
@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ({"MinCapacity": 2, "MaxCapacity": 8}, (2, 8)),
        ({"MinCapacity": 3}, (3, 4)),
        ({"MaxCapacity": 2}, (1, 2)),
    ],
    ids=str,
)
def test_the_bounds_of_a_foreign_schedule_are_not_undone_and_attributed_to_it(sets, expected, late):
    operator = settled(SCALING, aws(variants={"autoscaling.scheduled-late": late}))
    schedule(operator, f"cron({30} 0 * * ? *)", **sets)
    before = len(operator.writes())
    run(operator, hours=3)

    assert operator.writes()[before:] == []
    assert bounds(operator) == expected
    assert counts(operator)["VariantB"] == expected[0]
    message = f"scheduled action theirs, whose bounds are in effect ({expected[0]} to {expected[1]})"
    assert message in operator.conditions["AutoscalingApplied"]
    assert operator.conditions["Ready"].startswith("True")


@pytest.mark.parametrize("crossing", [0, 1], ids=["AWS moves the other bound", "AWS ignores the action"])
@pytest.mark.parametrize("sets", [{"MinCapacity": 5}, {"MaxCapacity": 1}], ids=str)
def test_a_foreign_bound_beyond_the_other_one_is_not_fought_either(sets, crossing):
    sim = aws(variants={"autoscaling.scheduled-crossing": crossing})
    operator = settled(scaling(minCapacity=2), sim)
    schedule(operator, "cron(30 0 * * ? *)", **sets)
    before = len(operator.writes())
    run(operator, hours=2)

    assert operator.writes()[before:] == []
    moved = next(iter(sets.values()))
    assert bounds(operator) == ((2, 4) if crossing else (moved, moved))
    assert operator.conditions["Ready"].startswith("True")


def test_other_bounds_than_those_of_the_foreign_schedule_are_drift():
    operator = settled(SCALING)
    schedule(operator, "cron(30 0 * * ? *)")
    run(operator, hours=1)
    assert bounds(operator) == (2, 8)

    scaling_by_hand(operator, "RegisterScalableTarget", MinCapacity=2, MaxCapacity=9)
    operator.settle()
    assert bounds(operator) == (2, 4)


def test_bounds_in_the_spec_that_change_end_the_effect_of_a_foreign_schedule_until_it_is_due_again():
    operator = settled(SCALING)
    schedule(operator, "cron(30 * * * ? *)")
    run(operator, hours=1)
    assert bounds(operator) == (2, 8)

    operator.cluster.apply(scaling(maxCapacity=5))
    operator.settle()
    assert bounds(operator) == (1, 5)
    run(operator, hours=1)
    assert bounds(operator) == (2, 8)


def test_bounds_come_back_once_the_foreign_schedule_that_set_them_is_gone():
    operator = settled(SCALING)
    schedule(operator, "cron(30 0 * * ? *)")
    run(operator, hours=1)
    scaling_by_hand(operator, "DeleteScheduledAction", ScheduledActionName="theirs")
    operator.settle()

    assert bounds(operator) == (1, 4)
    assert operator.conditions["AutoscalingApplied"].startswith("True")


def test_a_foreign_policy_for_a_declared_metric_holds_the_declared_one_and_is_named():
    operator = settled(scaling(policies=[tracking("cpu")]))
    policy(operator, "theirs", METRIC)
    operator.cluster.apply(scaling(policies=[tracking("cpu"), INVOCATIONS], maxCapacity=6))
    run(operator, hours=1)

    assert set(target(operator)["policies"]) == {"theirs", "cpu"}
    assert bounds(operator) == (1, 6)
    assert not [c for c in sent(operator, "PutScalingPolicy") if c["params"]["PolicyName"] == "invocations"]
    ready = operator.conditions["Ready"]
    assert ready.startswith("False ForeignScaling")
    assert operator.conditions["Stalled"].startswith("True ForeignScaling")
    assert "scaling policy theirs of VariantB, which the spec does not have, tracks the same metric" in ready
    assert "set foreignScaling to Remove" in ready

    changed = scaling(policies=[tracking("cpu"), INVOCATIONS], maxCapacity=6, foreignScaling="Remove")
    assert writes_of(operator, changed) == ["DeleteScalingPolicy theirs", "PutScalingPolicy invocations"]


def test_a_declared_policy_that_another_holds_comes_once_the_other_is_gone():
    operator = settled(scaling(policies=[tracking("cpu")]))
    policy(operator, "theirs", METRIC)
    operator.cluster.apply(scaling(policies=[tracking("cpu"), INVOCATIONS]))
    run(operator, hours=0.2)

    def by_hand():
        scaling_by_hand(operator, "DeleteScalingPolicy", PolicyName="theirs")

    assert writes_of(operator, by_hand) == ["PutScalingPolicy invocations"]


# Remove


@pytest.mark.parametrize("what", FOREIGN)
def test_with_remove_it_is_taken_away_by_one_write(what):
    by_hand, _, write = FOREIGN[what]
    operator = settled(REMOVE)
    before = target(operator)

    assert writes_of(operator, lambda: by_hand(operator)) == [write]
    assert target(operator) == before
    assert operator.conditions["AutoscalingApplied"].startswith("True")


def test_what_was_only_reported_goes_when_the_spec_says_remove():
    operator = settled(SCALING)
    before = target(operator)
    for by_hand, *_ in FOREIGN.values():
        by_hand(operator)
    operator.settle()

    assert sorted(writes_of(operator, REMOVE)) == [
        "DeleteScalingPolicy steps",
        "DeleteScalingPolicy theirs",
        "DeleteScheduledAction theirs",
        "RegisterScalableTarget",
    ]
    assert target(operator) == before


def test_with_remove_the_bounds_of_a_foreign_schedule_are_undone():
    operator = settled(SCALING)
    schedule(operator, "cron(30 0 * * ? *)")
    run(operator, hours=1)
    assert bounds(operator) == (2, 8)

    operator.cluster.apply(REMOVE)
    operator.settle()
    assert bounds(operator) == (1, 4)
    assert target(operator)["scheduledActions"] == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_with_remove_a_suspension_that_the_spec_declares_stays(seed):
    spec = scaling(foreignScaling="Remove", suspended={"scaleIn": True})
    operator = settled(spec, aws(seed=seed, calm=False))
    suspend(operator, "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    operator.settle()

    assert target(operator)["suspended"] == {"scale_in": True, "scale_out": False, "scheduled": False}


# Nothing foreign


@pytest.mark.parametrize("seed", SEEDS)
def test_what_an_earlier_spec_declared_is_removed_under_report_and_theirs_is_not(seed):
    declared = scaling(
        policies=[INVOCATIONS, tracking("cpu"), stepping()],
        scheduledActions=[{"name": "noon", "schedule": "cron(0 12 * * ? *)", "minCapacity": 2}],
        suspended={"scaleIn": True, "scaleOut": True},
    )
    operator = settled(declared, aws(seed=seed, calm=False))
    schedule(operator)
    policy(operator, "more", STEPS)
    suspend(operator, "ScheduledScalingSuspended", "DynamicScalingInSuspended", "DynamicScalingOutSuspended")
    operator.sim.advance(seconds=60)
    operator.cluster.apply(SCALING)
    operator.settle()
    found = target(operator)

    assert set(found["policies"]) == {"invocations", "more"}
    assert set(found["scheduledActions"]) == {"theirs"}
    assert found["suspended"] == {"scale_in": False, "scale_out": False, "scheduled": True}


def test_an_action_of_theirs_with_the_name_of_one_that_is_gone_is_theirs():
    """The record of an earlier spec ends when AWS no longer has what it names."""
    noon = {"name": "noon", "schedule": "cron(0 12 * * ? *)", "minCapacity": 2}
    operator = settled(scaling(scheduledActions=[noon]))
    operator.cluster.apply(SCALING)
    operator.settle()
    assert target(operator)["scheduledActions"] == {}

    assert writes_of(operator, lambda: schedule(operator, name="noon")) == []
    assert "scheduled action noon" in operator.conditions["AutoscalingApplied"]


def test_a_declared_part_that_somebody_else_put_before_is_taken_over():
    operator = settled(SCALING)
    schedule(operator, "cron(0 12 * * ? *)", MinCapacity=2)
    policy(operator)
    theirs = {"name": "theirs", "schedule": "cron(0 12 * * ? *)", "minCapacity": 2}
    declared = scaling(policies=[INVOCATIONS, tracking("theirs", targetValue=50)], scheduledActions=[theirs])

    assert writes_of(operator, declared) == ["PutScalingPolicy theirs"]
    assert sorted(writes_of(operator, SCALING)) == [
        "DeleteScalingPolicy theirs",
        "DeleteScheduledAction theirs",
    ]


def test_a_removal_that_aws_refuses_holds_up_nothing_else():
    operator = settled(scaling(policies=[INVOCATIONS, tracking("cpu")]))
    refusal = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}
    denied = operator.sim.fault(refusal, match={"operation": "DeleteScalingPolicy"}, count=None)
    operator.cluster.apply(with_variant(scaling(SCALING, maxCapacity=7), "VariantB", weight=70))
    until(operator, lambda: sent(operator, "UpdateEndpointWeightsAndCapacities"))

    assert bounds(operator) == (1, 7)
    assert operator.conditions["Stalled"].startswith("True AccessDenied")
    assert operator.conditions["AutoscalingApplied"].startswith("False Pending")
    repaired(operator, denied)
    operator.settle()
    assert list(target(operator)["policies"]) == ["invocations"]


def test_alarms_of_others_are_never_touched():
    operator = settled(scaling(policies=[INVOCATIONS, stepping()]))
    theirs = {
        "AlarmName": "theirs",
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Statistic": "Sum",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 1.0,
        "Period": 60,
        "EvaluationPeriods": 1,
    }
    cloudwatch_by_hand(operator, "PutMetricAlarm", **theirs)
    operator.cluster.apply(REMOVE)
    operator.settle()

    named = [
        c["params"].get("AlarmName") or c["params"]["AlarmNames"] for c in sent(operator, "DeleteAlarms")
    ]
    assert len(named) == 1
    assert "theirs" not in named[0]


def test_a_foreign_action_that_is_due_once_is_not_undone_while_aws_lists_it():
    operator = settled(SCALING, aws(variants={"autoscaling.scheduled-once-stays": 0}))
    schedule(operator, at(operator, minutes=20))
    started = now(operator)
    run(operator, hours=1)

    assert now(operator) - started >= 3600
    assert bounds(operator) == (2, 8)
    assert "whose bounds are in effect (2 to 8)" in operator.conditions["AutoscalingApplied"]
