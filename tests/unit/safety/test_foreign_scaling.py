"""S3: what the spec never declared stays, unless foreign scaling is removed; what it dropped may go."""

import pytest
from botocore.exceptions import ClientError

from tests.unit.safety.stage import (
    ALARM_NAME,
    AUTOSCALING,
    STEPS,
    STEPS_IN_AWS,
    TRACKING,
    Stage,
    alarm,
    fixed,
    scaled,
    scheduled,
    spec,
    target,
)

HOURLY = {"name": "peak", "schedule": "rate(1 hour)", "minCapacity": 1, "maxCapacity": 4}
BOUNDS = {"minimum": 1, "maximum": 4}
INVOCATIONS = AUTOSCALING["policies"]
SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def deployed(**changes) -> Stage:
    stage = Stage()
    stage.deploy(spec(fixed("VariantA"), scaled("VariantB", **changes)))
    stage.write_status()
    return stage


def apply(stage, **changes) -> None:
    stage.apply(spec(fixed("VariantA"), scaled("VariantB", **changes)))
    stage.read()


def put_theirs(stage, name="theirs") -> None:
    steps = {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": STEPS_IN_AWS}
    stage.somebody("PutScalingPolicy", **target("VariantB"), PolicyName=name, **steps)
    stage.somebody("PutScheduledAction", **scheduled("VariantB", name, "cron(0 3 * * ? *)", **BOUNDS))
    stage.read()


def suspend(stage, **kinds) -> None:
    stage.somebody("RegisterScalableTarget", **target("VariantB"), SuspendedState=kinds)
    stage.read()


def only(stage) -> str:
    """What the one breach of S3 tells."""
    (violation,) = stage.violations()
    assert violation.rule == "S3"
    return violation.found


def test_a_foreign_policy_that_is_deleted_is_caught():
    stage = deployed()
    put_theirs(stage)
    stage.delete_policy("VariantB", "theirs")

    assert "has never declared its policy theirs to go" in only(stage)


def test_a_foreign_scheduled_action_that_is_deleted_is_caught():
    stage = deployed()
    put_theirs(stage)
    stage.delete_action("VariantB", "theirs")

    assert "has never declared its scheduled action theirs to go" in only(stage)


def test_foreign_parts_may_go_where_foreign_scaling_is_removed():
    stage = deployed(foreignScaling="Remove")
    put_theirs(stage)
    suspend(stage, DynamicScalingInSuspended=True)
    stage.delete_policy("VariantB", "theirs")
    stage.delete_action("VariantB", "theirs")
    stage.register("VariantB", SuspendedState=dict.fromkeys(SUSPENSIONS, False))

    assert stage.found() == []


def test_a_foreign_policy_that_is_changed_is_caught():
    stage = deployed()
    put_theirs(stage)
    stage.scaling.put_scaling_policy(
        **target("VariantB"),
        PolicyName="theirs",
        StepScalingPolicyConfiguration=STEPS_IN_AWS | {"Cooldown": 60},
    )

    assert "declares no policy theirs of VariantB" in only(stage)


def test_a_foreign_scheduled_action_that_is_changed_is_caught():
    stage = deployed()
    put_theirs(stage)
    stage.schedule("VariantB", "theirs", "cron(0 4 * * ? *)", **BOUNDS)

    assert "declares no scheduled action theirs of VariantB" in only(stage)


def test_a_foreign_suspension_that_is_resumed_is_caught():
    stage = deployed()
    suspend(stage, ScheduledScalingSuspended=True)
    stage.register("VariantB", SuspendedState=dict.fromkeys(SUSPENSIONS, False))

    assert "it resumes scheduled of VariantB" in only(stage)


def test_what_an_earlier_spec_declared_may_go():
    stage = deployed(policies=[*INVOCATIONS, STEPS], scheduledActions=[HOURLY], suspended={"scaleIn": True})
    arn = stage.put_steps("VariantB")
    stage.put_alarm(arn)
    stage.schedule("VariantB", "peak", "rate(1 hour)", **BOUNDS)
    stage.register("VariantB", SuspendedState={"DynamicScalingInSuspended": True})
    apply(stage)
    stage.delete_policy("VariantB", "burst")
    stage.cloudwatch.delete_alarms(AlarmNames=[ALARM_NAME])
    stage.delete_action("VariantB", "peak")
    stage.register("VariantB", SuspendedState=dict.fromkeys(SUSPENSIONS, False))

    assert stage.found() == []


def test_a_declared_scheduled_action_that_is_deleted_is_caught():
    stage = deployed(scheduledActions=[HOURLY])
    stage.schedule("VariantB", "peak", "rate(1 hour)", **BOUNDS)
    stage.delete_action("VariantB", "peak")

    assert "does not ask for its scheduled action peak to go" in only(stage)


def test_an_action_that_somebody_changed_may_be_put_by_way_of_its_deletion():
    stage = deployed(scheduledActions=[HOURLY])
    stage.somebody("PutScheduledAction", **scheduled("VariantB", "peak", "rate(2 hours)", **BOUNDS))
    stage.delete_action("VariantB", "peak")
    stage.schedule("VariantB", "peak", "rate(1 hour)", **BOUNDS)

    assert stage.found() == []


def test_a_policy_may_be_deleted_for_another_type_or_metric():
    stage = deployed(policies=[STEPS | {"name": "invocations"}])
    stage.delete_policy("VariantB", "invocations")
    stage.put_steps("VariantB", "invocations")

    assert stage.found() == []


@pytest.mark.parametrize("declared", [True, False])
def test_a_suspension_follows_the_spec(declared):
    stage = deployed(suspended={"scaleOut": declared})
    stage.register("VariantB", SuspendedState={"DynamicScalingOutSuspended": True})

    assert stage.found() == ([] if declared else ["S3"])


def test_an_alarm_of_somebody_else_that_is_deleted_is_caught():
    stage = deployed()
    stage.somebody("PutMetricAlarm", service="cloudwatch", **alarm("arn:aws:sns:us-east-1:1:pager", "pager"))
    stage.cloudwatch.delete_alarms(AlarmNames=["pager"])

    assert only(stage) == "pager is no alarm of ours"


def test_an_alarm_under_another_name_than_ours_is_caught():
    stage = deployed(policies=[*INVOCATIONS, STEPS])
    stage.put_alarm(stage.put_steps("VariantB"), "burst")

    assert only(stage) == "burst is no alarm of ours"


def test_the_alarm_of_a_declared_policy_that_is_deleted_is_caught():
    stage = deployed(policies=[*INVOCATIONS, STEPS])
    stage.put_alarm(stage.put_steps("VariantB"))
    stage.cloudwatch.delete_alarms(AlarmNames=[ALARM_NAME])

    assert "fires the step policy burst" in only(stage)


PEAK = {"name": "peak", "schedule": "cron(0 3 * * ? *)", "minCapacity": 1, "maxCapacity": 4}
FULL = {"policies": [*INVOCATIONS, STEPS], "scheduledActions": [PEAK], "suspended": {"scaleIn": True}}
SAVED = {
    "releasedScaling": [
        {
            "variant": "VariantB",
            "bounds": [1, 4],
            "policies": {
                "invocations": ["TargetTrackingScaling", TRACKING],
                "burst": ["StepScaling", STEPS_IN_AWS],
                "theirs": ["StepScaling", STEPS_IN_AWS],
            },
            "actions": {"peak": ["cron(0 3 * * ? *)", 1, 4], "theirs": ["cron(0 3 * * ? *)", 1, 4]},
            "suspended": {"DynamicScalingInSuspended": True},
        }
    ]
}


class Released:
    """VariantB with all that autoscaling has, declared and foreign, released for another instance type."""

    def __init__(self) -> None:
        self.stage = stage = deployed(**FULL)
        stage.put_alarm(stage.put_steps("VariantB"))
        stage.schedule("VariantB", "peak", "cron(0 3 * * ? *)", **BOUNDS)
        stage.register("VariantB", SuspendedState={"DynamicScalingInSuspended": True})
        put_theirs(stage)
        larger = spec(fixed("VariantA"), scaled("VariantB", **FULL) | {"instanceType": "ml.m5.xlarge"})
        stage.apply(larger)
        stage.read()
        stage.create_config("second", larger)
        stage.write_status(**SAVED)
        stage.deregister("VariantB")
        stage.update("second", RetainAllVariantProperties=True)
        stage.settle()
        assert stage.found() == []

    def restore(self, *, without: str = "") -> None:
        stage = self.stage
        suspended = {} if without == "suspension" else {"DynamicScalingInSuspended": True}
        stage.register("VariantB", SuspendedState=suspended)
        stage.put_policy("VariantB")
        arn = stage.put_steps("VariantB")
        if without != "alarm":
            stage.put_alarm(arn)
        if without != "foreign policy":
            stage.put_steps("VariantB", "theirs")
        if without != "action":
            stage.schedule("VariantB", "peak", "cron(0 3 * * ? *)", **BOUNDS)
        least = 2 if without == "content of the foreign action" else 1
        if without != "foreign action":
            stage.schedule("VariantB", "theirs", "cron(0 3 * * ? *)", minimum=least, maximum=4)
        stage.poll(minutes=6)


def test_all_that_was_released_is_restored():
    released = Released()
    released.restore()

    assert released.stage.found() == []


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("alarm", "serves without alarm for policy burst"),
        ("foreign policy", "serves without policy theirs"),
        ("action", "serves without scheduled action peak"),
        ("foreign action", "serves without scheduled action theirs"),
        ("content of the foreign action", "declares no scheduled action theirs"),
    ],
)
def test_what_is_not_restored_as_it_was_is_caught(without, words):
    released = Released()
    released.restore(without=without)

    assert any(words in violation.found for violation in released.stage.violations()), [
        str(one) for one in released.stage.violations()
    ]
    assert {*released.stage.found()} <= {"S3", "S5"}


def test_a_foreign_action_whose_only_time_is_past_need_not_come_back():
    stage = deployed()
    stage.somebody(
        "PutScheduledAction", **scheduled("VariantB", "theirs", "at(2026-01-01T00:20:00)", **BOUNDS)
    )
    stage.aws.advance(minutes=30)
    stage.read()
    larger = spec(fixed("VariantA"), scaled("VariantB") | {"instanceType": "ml.m5.xlarge"})
    stage.apply(larger)
    stage.create_config("second", larger)
    stage.write_status(**SAVED | {"more": {"VariantB": ["at(2026-01-01T00:20:00)"]}})
    with pytest.raises(ClientError):
        stage.delete_policy("VariantB", "never")
    stage.deregister("VariantB")
    stage.update("second", RetainAllVariantProperties=True)
    stage.settle()
    stage.register("VariantB")
    stage.put_policy("VariantB")
    stage.poll(minutes=6)

    assert [one for one in stage.violations() if "serves without" in one.found] == []
