"""The steps that make a scalable target with all that belongs to it that of the spec, write by write."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.desired_scaling import alarm_name
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedPolicy, ObservedTarget
from sagemaker_ab.planning.scaling_differences import ScaledVariant, differences
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import AUTOSCALING, NOW, held, recorded, spec, want, with_variant, world

BURST = {
    "name": "burst",
    "type": "StepScaling",
    "stepScaling": {
        "adjustmentType": "ChangeInCapacity",
        "stepAdjustments": [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}],
        "alarm": {
            "namespace": "Shop",
            "metricName": "Backlog",
            "statistic": "Sum",
            "comparisonOperator": "GreaterThanThreshold",
            "threshold": 100,
        },
    },
}
MORNING = {"name": "morning", "schedule": "cron(0 6 * * ? *)", "minCapacity": 2}
IN_AWS = {"Schedule": "cron(0 6 * * ? *)", "ScalableTargetAction": {"MinCapacity": 2}}
IDENTITY = {"ServiceNamespace", "ResourceId", "ScalableDimension"}


def scaled(**changes):
    """The spec in which VariantB scales, with these changes of its autoscaling."""
    return want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling={**AUTOSCALING, **changes}))


STEPPED = scaled(policies=[BURST])
ALARM = alarm_name(STEPPED.alarm_prefix, "VariantB", "burst")


def steps(wanted, target="as declared", *, alarms="as made", record=None, kept=None):
    """The steps for VariantB, whose target AWS holds as declared unless another one is given."""
    observed = world(wanted)
    target = observed.targets["VariantB"] if target == "as declared" else target
    (variant,) = [each for each in wanted.variants if each.name == "VariantB"]
    return list(
        differences(
            ScaledVariant(
                desired=wanted,
                endpoint=observed.endpoint,
                name="VariantB",
                scaling=variant.scaling,
                target=target,
                alarms=observed.alarms if alarms == "as made" else alarms,
                record=record,
                kept=kept,
                now=NOW,
            )
        )
    )


def writes(found):
    """Operation and request of each write, without what identifies the target."""
    return [
        (command.operation, {k: v for k, v in command.request.items() if k not in IDENTITY})
        for step in found
        for command in step.commands
    ]


def live(wanted, **changes):
    return replace(world(wanted).targets["VariantB"], **changes)


def test_a_target_as_declared_needs_no_step():
    assert steps(scaled()) == []


def test_all_else_waits_for_the_registration_of_a_new_target():
    wanted = scaled(scheduledActions=[MORNING])
    register, policy, action = found = steps(wanted, None)

    assert register.waits_for == frozenset()
    assert policy.waits_for == action.waits_for == {register.identity}
    assert {step.kind for step in found} == {StepKind.APPLY_SCALING}
    assert [operation for operation, _ in writes(found)] == [
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "PutScheduledAction",
    ]
    assert writes(found)[0][1] == {"MinCapacity": 1, "MaxCapacity": 4, "Tags": wanted.all_tags}


def test_a_target_with_other_bounds_is_registered_without_tags_and_without_its_suspended_state():
    (step,) = steps(scaled(), live(scaled(), max_capacity=9))

    assert writes([step]) == [("RegisterScalableTarget", {"MinCapacity": 1, "MaxCapacity": 4})]


def test_a_suspension_is_sent_with_all_members():
    (step,) = steps(scaled(suspended={"scaleIn": True}))

    assert writes([step])[0][1]["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }


# Scheduled actions


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, [("PutScheduledAction", {"ScheduledActionName": "morning", **IN_AWS})]),
        (IN_AWS, []),
        ({**IN_AWS, "Timezone": "UTC"}, []),
        (
            {**IN_AWS, "Timezone": "Asia/Tokyo"},
            [("PutScheduledAction", {"ScheduledActionName": "morning", **IN_AWS, "Timezone": "Etc/UTC"})],
        ),
        (
            {**IN_AWS, "Schedule": "cron(0 7 * * ? *)"},
            [("PutScheduledAction", {"ScheduledActionName": "morning", **IN_AWS})],
        ),
        (
            {**IN_AWS, "ScalableTargetAction": {"MinCapacity": 3}},
            [("PutScheduledAction", {"ScheduledActionName": "morning", **IN_AWS})],
        ),
    ],
    ids=["absent", "the same", "default zone", "another zone", "another schedule", "other bounds"],
)
def test_a_declared_action_is_put_unless_aws_holds_it(found, expected):
    wanted = scaled(scheduledActions=[MORNING])
    actions = {"morning": ObservedAction(found)} if found else {}

    assert writes(steps(wanted, live(wanted, scheduled_actions=actions))) == expected


@pytest.mark.parametrize("exists", [True, False])
def test_a_declared_action_that_is_over_is_not_put_and_another_under_its_name_is_deleted(exists):
    """It is 14 November 2023, 22:13:20 UTC."""
    over = {**MORNING, "schedule": "at(2023-11-14T22:13:19)"}
    wanted = scaled(scheduledActions=[over, {**MORNING, "name": "later"}])
    actions = {"morning": ObservedAction(IN_AWS)} if exists else {}
    deletion = [("DeleteScheduledAction", {"ScheduledActionName": "morning"})] if exists else []

    assert writes(steps(wanted, live(wanted, scheduled_actions=actions))) == [
        *deletion,
        ("PutScheduledAction", {"ScheduledActionName": "later", **IN_AWS}),
    ]


def test_what_an_earlier_spec_declared_is_deleted_unless_it_was_released_and_comes_back_first():
    earlier = recorded(scaled(policies=[{**BURST, "name": "old"}], scheduledActions=[MORNING]))["VariantB"]
    step_policy = ObservedPolicy("StepScaling", {})
    policies = {**world(scaled()).targets["VariantB"].policies, "old": step_policy, "theirs": step_policy}
    target = live(
        scaled(),
        policies=policies,
        scheduled_actions={"morning": ObservedAction(IN_AWS), "theirs": ObservedAction(IN_AWS)},
    )

    assert writes(steps(scaled(), target, record=earlier)) == [
        ("DeleteScalingPolicy", {"PolicyName": "old"}),
        ("DeleteScheduledAction", {"ScheduledActionName": "morning"}),
    ]
    assert steps(scaled(), target, record=earlier, kept=target) == []
    assert steps(scaled(), target) == []


# Policies


def test_a_policy_of_another_type_is_deleted_by_the_step_that_puts_it_and_put_back_if_that_is_refused():
    before = {"invocations": ObservedPolicy("StepScaling", {"Cooldown": 60})}
    (step,) = steps(scaled(), live(scaled(), policies=before))

    delete, put = step.commands
    assert (delete.operation, put.operation) == ("DeleteScalingPolicy", "PutScalingPolicy")
    assert step.undo.keys() == {delete.identity}
    assert writes([replace(step, commands=tuple(step.undo.values()))]) == [
        (
            "PutScalingPolicy",
            {
                "PolicyName": "invocations",
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": {"Cooldown": 60},
            },
        )
    ]


def test_a_policy_of_somebody_else_for_the_same_metric_blocks_the_put_with_what_to_do():
    (declared,) = world(scaled()).targets["VariantB"].policies.values()
    (step,) = steps(scaled(), live(scaled(), policies={"theirs": declared}))

    assert step.blocked == (
        "scaling policy theirs of VariantB, which the spec does not have, tracks the same metric, and AWS"
        " allows one. Delete it, or set foreignScaling to Remove"
    )


def test_a_policy_is_put_after_the_deletion_of_one_of_an_earlier_spec_for_the_same_metric():
    (declared,) = world(scaled()).targets["VariantB"].policies.values()
    earlier = replace(recorded(scaled())["VariantB"], policies=frozenset({"old"}))
    delete, put = steps(scaled(), live(scaled(), policies={"old": declared}), record=earlier)

    assert [step.commands[0].operation for step in (delete, put)] == [
        "DeleteScalingPolicy",
        "PutScalingPolicy",
    ]
    assert (put.waits_for, put.blocked) == ({delete.identity}, "")


def test_a_target_tracking_policy_whose_alarm_was_deleted_is_put_again():
    assert [operation for operation, _ in writes(steps(scaled(), alarms={}))] == ["PutScalingPolicy"]
    assert steps(scaled(), alarms=None) == []


# Alarms


def stepped(arn="arn:1", **changes):
    """The target with the declared step policy."""
    (policy,) = STEPPED.variants[1].scaling.policies
    return ObservedTarget(1, 4, {"burst": replace(held("VariantB", policy), arn=arn, **changes)})


def test_the_alarm_of_a_step_policy_is_created_with_our_tags_once_its_arn_is_known():
    (operation, request) = writes(steps(STEPPED, stepped(), alarms={}))[0]

    assert (operation, request["AlarmName"]) == ("PutMetricAlarm", ALARM)
    assert (request["AlarmActions"], request["Threshold"]) == (["arn:1"], 100.0)
    assert {tag["Key"]: tag["Value"] for tag in request["Tags"]} == STEPPED.all_tags
    bare = ObservedTarget(1, 4)
    assert [step.commands[0].operation for step in steps(STEPPED, bare, alarms={})] == ["PutScalingPolicy"]


def test_an_alarm_that_exists_is_repaired_without_tags_and_left_alone_as_declared():
    (_, created) = writes(steps(STEPPED, stepped(), alarms={}))[0]
    as_declared = {member: value for member, value in created.items() if member not in {"AlarmName", "Tags"}}

    assert steps(STEPPED, stepped(), alarms={ALARM: as_declared}) == []
    ((operation, repaired),) = writes(steps(STEPPED, stepped("arn:2"), alarms={ALARM: as_declared}))
    assert operation == "PutMetricAlarm"
    assert "Tags" not in repaired
    assert "arn:2" in repaired["AlarmActions"]


def test_alarms_that_could_not_be_read_are_left_alone():
    assert steps(STEPPED, stepped(), alarms=None) == []
