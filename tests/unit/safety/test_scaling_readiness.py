"""Policies of both types, alarms, schedules, suspensions by S5, S6 and S7: sent, ready, not left behind."""

import pytest

from tests.unit.safety.stage import (
    ALARM,
    ALARM_NAME,
    AUTOSCALING,
    STEPS,
    STEPS_IN_AWS,
    Stage,
    fixed,
    scaled,
    scheduled,
    spec,
    target,
)

PEAK = {"name": "peak", "schedule": "cron(0 3 * * ? *)", "minCapacity": 1, "maxCapacity": 4}
BOUNDS = {"minimum": 1, "maximum": 4}
POLICIES = [*AUTOSCALING["policies"], STEPS]
FULL = {"policies": POLICIES, "scheduledActions": [PEAK], "suspended": {"scaleIn": True}}
NAMES = {"scaling": [{"name": "VariantB", "names": ["burst", "peak", "scaleIn"]}]}


@pytest.fixture
def full() -> Stage:
    """VariantB with policies of both types, an alarm, a scheduled action and a suspension, as specified."""
    stage = Stage()
    stage.deploy(spec(fixed("VariantA"), scaled("VariantB", **FULL)))
    stage.put_alarm(stage.put_steps("VariantB"))
    stage.schedule("VariantB", "peak", "cron(0 3 * * ? *)", **BOUNDS)
    stage.register("VariantB", SuspendedState={"DynamicScalingInSuspended": True})
    stage.poll(minutes=1)
    stage.write_status(ready=True, **NAMES)
    assert stage.found() == []
    return stage


def found_after(stage, **changes) -> str:
    """What S6 tells when the spec is changed, and nothing is done about it before Ready=True."""
    stage.apply(spec(fixed("VariantA"), scaled("VariantB", **FULL | changes)))
    stage.read()
    stage.write_status(ready=True, **NAMES)
    (violation,) = stage.violations()
    assert violation.rule == "S6"
    return violation.found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scheduledActions": [PEAK | {"schedule": "cron(0 4 * * ? *)"}]}, "another scheduled action peak"),
        ({"scheduledActions": [PEAK | {"timezone": "Europe/Berlin"}]}, "another scheduled action peak"),
        ({"scheduledActions": [PEAK, PEAK | {"name": "night"}]}, "VariantB has no scheduled action night"),
        ({"scheduledActions": []}, "VariantB has scheduled action peak"),
        ({"policies": POLICIES[:1]}, "VariantB has policy burst"),
        ({"suspended": {"scaleIn": False}}, "VariantB has scaleIn suspended"),
        ({"suspended": {"scaleIn": True, "scheduled": True}}, "VariantB has scheduled not suspended"),
        ({"suspended": {}}, "VariantB has scaleIn suspended"),
        (
            {
                "policies": [
                    POLICIES[0],
                    STEPS | {"stepScaling": STEPS["stepScaling"] | {"cooldownSeconds": 60}},
                ]
            },
            "VariantB has another policy burst",
        ),
        (
            {
                "policies": [
                    POLICIES[0],
                    STEPS | {"stepScaling": STEPS["stepScaling"] | {"alarm": ALARM | {"threshold": 90}}},
                ]
            },
            "VariantB has another alarm for policy burst",
        ),
    ],
)
def test_ready_while_something_differs_from_the_spec_is_caught(full, changes, words):
    assert words in found_after(full, **changes)


def drift(stage, operation, *, service="application-autoscaling", **params) -> str:
    stage.somebody(operation, service=service, **params)
    stage.read()
    stage.write_status(ready=True, **NAMES, later=True)
    (violation,) = stage.violations()
    assert violation.rule == "S6"
    return violation.found


def test_ready_without_the_alarm_of_a_step_policy_is_caught(full):
    found = drift(full, "DeleteAlarms", service="cloudwatch", AlarmNames=[ALARM_NAME])
    assert "VariantB has no alarm for policy burst" in found


def test_ready_while_the_alarm_names_an_older_policy_is_caught(full):
    full.somebody("DeleteScalingPolicy", **target("VariantB"), PolicyName="burst")
    full.read()
    full.put_steps("VariantB")
    full.read()
    full.write_status(ready=True, **NAMES, later=True)

    assert "VariantB has no alarm for policy burst" in full.violations()[0].found


def test_ready_without_an_alarm_of_target_tracking_is_caught(full):
    names = [one["AlarmName"] for one in full.cloudwatch.describe_alarms()["MetricAlarms"]]
    high = next(name for name in names if "AlarmHigh" in name)
    found = drift(full, "DeleteAlarms", service="cloudwatch", AlarmNames=[high])
    assert "VariantB has no alarms for policy invocations" in found


def test_ready_while_an_alarm_of_ours_is_left_over_is_caught(full):
    full.put_alarm("arn:aws:autoscaling:us-east-1:1:scalingPolicy:gone", f"{ALARM_NAME}0")
    full.read()
    full.write_status(ready=True, **NAMES, later=True)

    assert f"VariantB has the alarm {ALARM_NAME}0 of no policy" in full.violations()[0].found


def test_ready_without_a_read_of_alarms_or_scheduled_actions_is_caught():
    stage = Stage()
    stage.reads_all = False
    stage.deploy()
    stage.apply(spec(fixed("VariantA"), scaled("VariantB", **FULL)))
    stage.write_status(ready=True)

    (violation,) = stage.violations()
    assert "the alarms of reviews was never read" in violation.found
    assert "the scheduled actions of reviews was never read" in violation.found


def test_foreign_parts_matter_only_where_they_are_removed(full):
    full.somebody("PutScheduledAction", **scheduled("VariantB", "theirs", "cron(0 4 * * ? *)", **BOUNDS))
    full.somebody(
        "RegisterScalableTarget",
        **target("VariantB"),
        SuspendedState={"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": True},
    )
    full.read()
    full.write_status(ready=True, **NAMES, later=True)
    assert full.found() == []

    found = found_after(full, foreignScaling="Remove")
    assert "VariantB has scheduled action theirs" in found
    assert "VariantB has scheduled suspended" in found


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"releasedScaling": [{"name": "VariantB", "content": '{"actions": ["peak"]}'}]},
        {"scaling": [{"name": "VariantA", "actions": [{"name": "peak"}]}, {"name": "VariantB"}]},
    ],
)
def test_what_the_operator_has_forgotten_with_its_status_is_foreign(full, known):
    """Also where it is released and restored, as all that is foreign, or known of another variant."""
    full.apply(spec(fixed("VariantA"), scaled("VariantB", **FULL | {"scheduledActions": []})))
    full.resource["status"] = {}
    full.apply(full.resource["spec"])
    full.read()
    full.write_status(**known)
    full.write_status(ready=True)

    assert full.found() == []


def test_what_the_operator_had_forgotten_before_it_was_put_again_by_somebody_is_foreign(full):
    full.somebody("DeleteScheduledAction", **target("VariantB"), ScheduledActionName="peak")
    full.apply(spec(fixed("VariantA"), scaled("VariantB", **FULL | {"scheduledActions": []})))
    full.read()
    full.somebody("PutScheduledAction", **scheduled("VariantB", "peak", "cron(0 4 * * ? *)", **BOUNDS))
    full.read()
    full.write_status(ready=True, **NAMES)

    assert full.found() == []


def test_an_action_whose_only_time_is_past_may_be_missing(full):
    past = {"name": "once", "schedule": "at(2026-01-01T00:00:00)", "minCapacity": 1}
    full.apply(spec(fixed("VariantA"), scaled("VariantB", **FULL | {"scheduledActions": [PEAK, past]})))
    full.read()
    full.write_status(ready=True, **NAMES)

    assert full.found() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scheduledActions": [PEAK, PEAK | {"name": "night"}]}, "VariantB has no scheduled action night"),
        ({"policies": [*POLICIES, STEPS | {"name": "spike"}]}, "VariantB has no policy spike"),
        ({"suspended": {"scaleIn": True, "scaleOut": True}}, "VariantB has scaleOut not suspended"),
        ({"foreignScaling": "Remove"}, "VariantB has policy theirs"),
    ],
)
def test_a_part_that_is_not_sent_in_time_is_caught(full, changes, words):
    steps = {"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": STEPS_IN_AWS}
    full.somebody("PutScalingPolicy", **target("VariantB"), PolicyName="theirs", **steps)
    full.apply(spec(fixed("VariantA"), scaled("VariantB", **FULL | changes)))
    full.poll(minutes=8)

    (violation,) = full.violations()
    assert violation.rule == "S5"
    assert words in violation.found


def test_an_alarm_that_is_not_put_in_time_is_caught(full):
    full.somebody("DeleteAlarms", service="cloudwatch", AlarmNames=[ALARM_NAME])
    full.poll(minutes=8)

    (violation,) = full.violations()
    assert violation.rule == "S5"
    assert "VariantB has no alarm for policy burst" in violation.found


def remove(stage, *, alarms: bool) -> None:
    stage.delete()
    stage.deregister("VariantB")
    if alarms:
        stage.cloudwatch.delete_alarms(AlarmNames=[ALARM_NAME])
    stage.sagemaker.delete_endpoint(EndpointName="reviews")
    stage.aws.advance(minutes=10)
    stage.read()
    stage.sagemaker.delete_endpoint_config(EndpointConfigName="first")
    for model in ("bert-a", "bert-b"):
        stage.sagemaker.delete_model(ModelName=model)
    stage.release_finalizer()


def test_a_finalizer_that_goes_with_the_alarms_is_right(full):
    remove(full, alarms=True)

    assert full.found() == []


def test_an_alarm_that_is_left_behind_is_caught(full):
    remove(full, alarms=False)

    (violation,) = full.violations()
    assert violation.rule == "S7"
    assert violation.found == f"AWS holds alarm {ALARM_NAME}"


def test_an_alarm_that_a_read_did_not_ask_for_may_be_left_over(full):
    """After a lost status, only the garbage collection lists it."""
    full.read()
    full.put_alarm("arn:aws:autoscaling:us-east-1:1:scalingPolicy:gone", f"{ALARM_NAME}0")
    named = [
        name for name in full.aws.state()["123456789012/us-east-1"]["alarms"] if name != f"{ALARM_NAME}0"
    ]
    full.read()
    full.cloudwatch.describe_alarms(AlarmNames=named)
    full.write_status(ready=True, **NAMES, later=True)

    assert full.violations() == []
