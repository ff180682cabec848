"""The scheduled action in effect and the next one, as status shows them: with times that stay for an hour."""

import pytest

from sagemaker_ab.api.scaling_status import ActionInTime
from sagemaker_ab.planning.desired_scaling import Bounds
from sagemaker_ab.planning.scaling_records import moment
from sagemaker_ab.planning.schedule_status import action_in_effect, next_action
from tests.unit.planning.schedule_worlds import BEGIN, HOUR, held, record, scaling_of

HALF_PAST_NINE = BEGIN + 9.5 * HOUR


def action(schedule, minimum=2, **members):
    return {"Schedule": schedule, "ScalableTargetAction": {"MinCapacity": minimum}, **members}


def shown(actions, minimum=2, now=HALF_PAST_NINE, **suspended):
    """Return the action in effect and the next one."""
    scaling, target = scaling_of(actions), held(Bounds(minimum, 10), actions, **suspended)
    return action_in_effect(scaling, record(actions), target, now), next_action(scaling, target, now)


def at(name, hour):
    return ActionInTime(name=name, at=moment(BEGIN + HOUR * hour))


def test_the_action_that_was_due_last_and_the_one_that_is_due_next_are_shown_with_their_times():
    actions = {"morning": action("cron(0 8 * * ? *)"), "evening": action("cron(0 18 * * ? *)", 3)}

    assert shown(actions) == (at("morning", 8), at("evening", 18))


def test_bounds_of_the_spec_have_no_action_in_effect_and_suspended_schedules_no_next_one():
    actions = {"evening": action("cron(0 18 * * ? *)")}

    assert shown(actions, 1) == (None, at("evening", 18))
    assert shown(actions, 1, ScheduledScalingSuspended=True) == (None, None)


def test_a_rate_is_in_effect_without_a_time_and_never_the_next_one():
    actions = {"steady": action("rate(2 hours)"), "evening": action("cron(0 18 * * ? *)", 3)}

    assert shown(actions) == (ActionInTime(name="steady"), at("evening", 18))
    assert shown({"steady": action("rate(1 minute)")}) == (ActionInTime(name="steady"), None)


@pytest.mark.parametrize("schedule", ["cron(* * * * ? *)", "cron(0/15 9 * * ? *)", "cron(0/59 * * * ? *)"])
def test_an_action_that_is_due_again_within_the_hour_has_no_time(schedule):
    often = ActionInTime(name="often")

    assert shown({"often": action(schedule)}, now=BEGIN + 9.2 * HOUR) == (often, often)


def test_an_action_that_is_due_every_hour_has_times():
    assert shown({"hourly": action("cron(0 * * * ? *)")}) == (at("hourly", 9), at("hourly", 10))


def test_the_last_of_several_times_in_a_row_is_shown():
    actions = {"often": action("cron(0/15 8 * * ? *)")}

    assert shown(actions) == (at("often", 8.75), ActionInTime(name="often"))


def test_an_action_that_is_over_is_in_effect_since_its_last_time():
    once = {"once": action("at(2026-01-01T08:00:00)"), "over": action("cron(0 7 * * ? 2025)", 3)}

    assert shown(once) == (at("once", 8), None)


@pytest.mark.parametrize("schedule", ["rate(1 minute)", "cron(* * * * ? *)", "cron(0/7 * * * ? *)"])
def test_in_a_quiet_hour_nothing_changes_however_often_an_action_is_due(schedule):
    actions = {"often": action(schedule), "later": action("cron(0 18 * * ? *)", 3)}
    minutes = [HALF_PAST_NINE + 60.0 * minute for minute in range(60)]

    assert len({repr(shown(actions, now=now)) for now in minutes}) == 1
