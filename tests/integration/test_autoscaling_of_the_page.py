"""docs/autoscaling.md: what it says of schedules, alarms, suspension and foreign parts is so."""

from datetime import UTC, datetime

import pytest

from sagemaker_ab.planning.schedules import parse_schedule
from tests.integration.autoscaling_runs import (
    ALARMS_DENIED,
    INVOCATIONS,
    alarms_unread,
    before_the_morning,
    declared,
    in_effect,
    in_the_morning,
    metric_of_another_policy,
    policy_by_hand,
    set_by_other_tools,
    status,
    tracked,
    until_half_past_eight,
    with_changes,
)
from tests.integration.scaling_stage import alarms, bounds, cloudwatch_by_hand, policy_arns, writes_of
from tests.integration.stage import counts, now, run, scaling_by_hand, settled, steps, target, until
from tests.unit.planning.worlds import with_variant

EIGHT_IN_BERLIN = datetime(2026, 1, 1, 7, tzinfo=UTC).timestamp()
MORNING, EVENING = declared("Schedules")[0]["scheduledActions"]


# Step scaling


def test_our_alarm_follows_a_policy_that_is_put_again_and_a_foreign_one_does_not():
    operator = settled(with_changes("Step scaling"))
    ours = {name: alarm for name, alarm in alarms(operator).items() if alarm["MetricName"] == "ModelLatency"}
    ((name, before),) = ours.items()
    cloudwatch_by_hand(operator, "PutMetricAlarm", **{**before, "AlarmName": "theirs"})
    operator.cluster.apply(with_variant(with_changes("Step scaling"), "VariantB", instanceType="ml.c5.large"))
    operator.settle()

    after = alarms(operator)
    assert after[name]["AlarmActions"] == [policy_arns(operator)["latency"]]
    assert after["theirs"]["AlarmActions"] == before["AlarmActions"] != after[name]["AlarmActions"]


def test_a_deleted_resource_waits_while_its_alarms_cannot_be_read():
    operator = alarms_unread()
    operator.cluster.delete()
    steps(operator, 30)

    assert operator.conditions["Ready"].startswith("False AccessDenied: The alarms of step scaling policies")


def test_without_step_policies_alarms_that_cannot_be_read_change_no_condition():
    operator = tracked()
    before = operator.conditions
    operator.sim.fault({"denied": True}, match=ALARMS_DENIED, count=None)
    steps(operator, 5)

    assert {**operator.conditions, "MetricsAvailable": ""} == {**before, "MetricsAvailable": ""}


def test_the_policy_is_put_although_its_alarm_cannot_be():
    operator = alarms_unread()

    assert set(target(operator)["policies"]) == {"latency", "quiet"}
    assert alarms(operator) == {}


# Schedules


def test_no_call_is_sent_when_an_action_is_due_and_instances_follow_its_minimum():
    operator = before_the_morning(with_changes("Schedules"))
    before = len(operator.writes())
    until_half_past_eight(operator)

    assert operator.writes()[before:] == []
    assert counts(operator)["VariantB"] == MORNING["minCapacity"]


@pytest.mark.parametrize(("month", "hour"), [(1, 7), (7, 6)], ids=["winter", "summer"])
def test_eight_in_berlin_is_another_time_in_utc_in_winter_and_summer(month, hour):
    schedule = parse_schedule(MORNING["schedule"], MORNING["timezone"])
    monday = datetime(2027, month, 4 if month == 1 else 5, tzinfo=UTC)
    due = next(schedule.forward(monday.timestamp()))

    assert datetime.fromtimestamp(due.at, UTC) == monday.replace(hour=hour)
    assert due.certain


def test_the_hour_that_clocks_skip_or_repeat_in_berlin_is_uncertain():
    for day in (datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)):
        night = parse_schedule("cron(30 2 ? * * *)", MORNING["timezone"])
        assert not next(night.forward(day.timestamp() - 3600)).certain


def test_bounds_of_the_spec_that_change_apply_at_once_and_until_the_next_action():
    operator = in_the_morning()
    operator.cluster.apply(with_changes("Schedules", minCapacity=2, maxCapacity=6))
    operator.settle()

    assert bounds(operator) == (2, 6)
    assert in_effect(operator) is None
    assert status(operator)["scaling"][0]["next"]["name"] == "evening"


def after_the_night():
    """An action was due before `morning`, whose bounds are in effect."""
    night = {**EVENING, "name": "night", "schedule": "cron(50 7 ? * MON-FRI *)", "minCapacity": 2}
    operator = before_the_morning(with_changes("Schedules", scheduledActions=[night, MORNING]))
    until_half_past_eight(operator)
    assert bounds(operator) == (3, 8)
    return operator, night


@pytest.mark.parametrize("left", [[{**MORNING, "maxCapacity": 9}], []], ids=["changed", "removed"])
def test_an_action_in_effect_that_is_changed_or_removed_leaves_the_one_that_was_due_before(left):
    operator, night = after_the_night()
    operator.cluster.apply(with_changes("Schedules", scheduledActions=[night, *left]))
    operator.settle()

    assert bounds(operator) == (2, 4)
    assert in_effect(operator) == "night"


def test_without_an_earlier_action_a_changed_one_leaves_the_bounds_of_the_spec():
    operator = in_the_morning()
    changed = [{**MORNING, "maxCapacity": 9}, EVENING]
    operator.cluster.apply(with_changes("Schedules", scheduledActions=changed))
    operator.settle()

    assert bounds(operator) == (1, 4)
    assert in_effect(operator) is None


def test_other_changes_leave_the_bounds_of_the_action_in_effect():
    operator = in_the_morning()

    slower = [{**each} for each in declared("Target tracking")[1]["policies"]]
    assert writes_of(operator, with_changes("Schedules", policies=slower)) == [
        "DeleteScalingPolicy invocations",
        "PutScalingPolicy utilization",
    ]
    assert bounds(operator) == (3, 8)


def test_an_action_that_was_due_while_autoscaling_was_released_has_its_effect_afterwards():
    operator = before_the_morning(with_changes("Schedules"))
    run(operator, hours=(EIGHT_IN_BERLIN - 60 - now(operator)) / 3600)
    operator.cluster.apply(with_variant(with_changes("Schedules"), "VariantB", instanceType="ml.c5.large"))
    until(operator, lambda: now(operator) > EIGHT_IN_BERLIN)
    assert target(operator) is None

    operator.settle()
    run(operator, hours=0.1)
    assert bounds(operator) == (3, 8)


# Suspension


def test_an_action_that_aws_skipped_has_its_effect_when_scheduled_scaling_resumes():
    operator = before_the_morning(with_changes("Schedules", suspended={"scheduled": True}))
    until_half_past_eight(operator)
    assert bounds(operator) == (1, 4)
    assert "next" not in status(operator)["scaling"][0]

    operator.cluster.apply(with_changes("Schedules"))
    operator.settle()
    assert bounds(operator) == (3, 8)


def test_bounds_apply_while_everything_is_suspended():
    everything = dict.fromkeys(("scaleIn", "scaleOut", "scheduled"), True)
    operator = settled(with_changes("Suspension", suspended=everything))
    operator.cluster.apply(with_changes("Suspension", suspended=everything, minCapacity=2))
    operator.settle()

    assert counts(operator)["VariantB"] == 2


@pytest.mark.parametrize(("kind", "declared_as"), [("In", True), ("Out", False)])
def test_a_kind_that_the_spec_sets_is_suspended_or_resumed_again(kind, declared_as):
    operator = settled(with_changes("Suspension"))
    before = target(operator)["suspended"]
    change = {f"DynamicScaling{kind}Suspended": not declared_as}
    scaling_by_hand(operator, "RegisterScalableTarget", SuspendedState=change)
    operator.settle()

    assert target(operator)["suspended"] == before


# What other tools set


def test_remove_takes_away_what_other_tools_set():
    operator = set_by_other_tools()
    operator.cluster.apply(with_changes("What other tools set"))
    operator.settle()

    assert operator.conditions["AutoscalingApplied"].startswith("True")
    assert list(target(operator)["policies"]) == ["invocations"]
    assert target(operator)["scheduledActions"] == {}
    assert bounds(operator) == (1, 4)


def test_a_declared_policy_that_waits_for_a_foreign_one_holds_up_nothing_else():
    operator = metric_of_another_policy()
    both = [*declared("Target tracking")[1]["policies"], *declared("Target tracking")[0]["policies"]]
    operator.cluster.apply(with_changes("Target tracking", policies=both, maxCapacity=7))
    steps(operator, 20)

    assert bounds(operator) == (1, 7)


def test_a_foreign_policy_that_is_declared_is_the_operators():
    operator = settled(with_changes("Target tracking", 1))
    policy_by_hand(operator, "by-hand", INVOCATIONS)
    (invocations,) = declared("Target tracking")[0]["policies"]
    theirs = {**invocations, "name": "by-hand"}
    assert writes_of(operator, with_changes("Target tracking", policies=[theirs])) == [
        "DeleteScalingPolicy utilization",
        "PutScalingPolicy by-hand",
    ]
    assert operator.conditions["AutoscalingApplied"].startswith("True")
