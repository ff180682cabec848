"""Scheduled actions: AWS runs them in their time zones, and the operator does not undo what they set."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sandbox.aws.inprocess import START
from tests.integration.scaling_stage import INVOCATIONS, at, bounds, scaling, scaling_status, writes_of
from tests.integration.stage import (
    aws,
    counts,
    now,
    repaired,
    run,
    scaling_by_hand,
    settled,
    target,
    until,
)
from tests.unit.planning.worlds import with_variant

MORNING = {"name": "morning", "schedule": "cron(0 8 ? * MON-FRI *)", "minCapacity": 3, "maxCapacity": 6}
EVENING = {"name": "evening", "schedule": "cron(30 18 ? * MON-FRI *)", "minCapacity": 1, "maxCapacity": 4}
WORKDAYS = [MORNING, EVENING]
CLOCKS = {
    "Europe/Berlin": datetime(2026, 10, 23, tzinfo=UTC),
    "America/New_York": datetime(2026, 3, 6, tzinfo=UTC),
}
"""Time zones with a Friday before their clocks change, on the Sunday after it."""


def schedule(*actions, zone=None):
    """The usual spec, with scheduled actions in one time zone."""
    times = {"timezone": zone} if zone else {}
    return scaling(scheduledActions=[{**action, **times} for action in actions])


def days(operator, number, *, minutes=20.0, look=lambda: None):
    """Let so many days go by, with a reconcile every few minutes, and look after each."""
    end = now(operator) + 86_400 * number
    while now(operator) < end:
        operator.step()
        look()
        operator.sim.advance(seconds=max(0.0, 60 * minutes - 60))


def starting(operator_time, **variants):
    """An AWS whose clock shows a time."""
    sim = aws(variants=variants)
    sim.advance(seconds=operator_time.timestamp() - START)
    return sim


def local(operator, zone):
    return datetime.fromtimestamp(now(operator), ZoneInfo(zone))


def expected(time):
    """What the workday schedule has set at a local time, from its first morning on."""
    minute = 60 * time.hour + time.minute
    return (3, 6) if time.weekday() < 5 and 8 * 60 <= minute < 18 * 60 + 30 else (1, 4)


# A week


@pytest.mark.parametrize(
    ("zone", "late"),
    [("Europe/Berlin", 1), ("America/New_York", 0)],
    ids=["Berlin, run late", "New York, run on time"],
)
def test_bounds_and_counts_follow_the_workday_schedule_for_a_week_without_a_write(zone, late):
    sim = starting(CLOCKS[zone], **{"autoscaling.scheduled-late": late})
    few = {**INVOCATIONS["targetTrackingScaling"], "targetValue": 2}
    policies = [{**INVOCATIONS, "targetTrackingScaling": few}]
    operator = settled(scaling(schedule(*WORKDAYS, zone=zone), policies=policies), sim)
    quiet, peak = 0.5, 16.0
    sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": [quiet] * 7 + [peak] * 12 + [quiet] * 5})
    days(operator, 0.75)
    first, seen = len(operator.writes()), set()

    def look():
        time = local(operator, zone)
        minute = 60 * time.hour + time.minute
        if min(abs(minute - 8 * 60), abs(minute - (18 * 60 + 30))) > 12:
            assert bounds(operator) == expected(time), time
            low, high = bounds(operator)
            assert low <= counts(operator)["VariantB"] <= high, time
            seen.add((bounds(operator), counts(operator)["VariantB"]))
            effect = scaling_status(operator).get("inEffect")
            assert effect["name"] == ("morning" if expected(time) == (3, 6) else "evening")

    days(operator, 7, look=look, minutes=30)

    assert operator.writes()[first:] == []
    assert operator.ready
    assert {found for found, _ in seen} == {(3, 6), (1, 4)}
    assert len({count for found, count in seen if found == (3, 6)}) > 1, "the policy scales within the bounds"


@pytest.mark.parametrize(
    ("zone", "guess"),
    [
        ("Europe/Berlin", {"autoscaling.schedule-repeated": 0}),
        ("Europe/Berlin", {"autoscaling.schedule-repeated": 1}),
        ("America/New_York", {"autoscaling.schedule-skipped": 0}),
        ("America/New_York", {"autoscaling.schedule-skipped": 1}),
        ("America/New_York", {"autoscaling.schedule-skipped": 2}),
    ],
    ids=str,
)
def test_actions_due_while_clocks_change_are_not_fought_however_aws_takes_them(zone, guess):
    """Local times that do not exist or exist twice, each between two that do, are due as AWS pleases."""
    sim = starting(CLOCKS[zone], **guess)
    hours = [(hour, minute) for hour in (0, 1, 2, 3) for minute in (10, 50)]
    actions = [
        {
            "name": f"at{hour}{minute}",
            "schedule": f"cron({minute} {hour} * * ? *)",
            "minCapacity": 1 + place % 3,
            "maxCapacity": 5 + place,
        }
        for place, (hour, minute) in enumerate(hours)
    ]
    operator = settled(schedule(*actions, zone=zone), sim)
    first = len(operator.writes())
    days(operator, 1.5, minutes=40)
    days(operator, 1, minutes=8)
    days(operator, 0.5, minutes=40)

    assert operator.writes()[first:] == []
    assert operator.ready


def test_status_shows_what_is_in_effect_and_what_comes_next():
    operator = settled(schedule(*WORKDAYS, zone="Europe/Berlin"), starting(CLOCKS["Europe/Berlin"]))
    shown = scaling_status(operator)
    assert "inEffect" not in shown
    assert shown["next"] == {"name": "morning", "at": "2026-10-23T06:00:00Z"}

    days(operator, 0.5)
    shown = scaling_status(operator)
    assert shown["inEffect"] == {"name": "morning", "at": "2026-10-23T06:00:00Z"}
    assert shown["next"] == {"name": "evening", "at": "2026-10-23T16:30:00Z"}

    days(operator, 0.5)
    shown = scaling_status(operator)
    assert shown["inEffect"] == {"name": "evening", "at": "2026-10-23T16:30:00Z"}
    assert shown["next"] == {"name": "morning", "at": "2026-10-26T07:00:00Z"}


def test_the_status_is_written_for_changes_only():
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 1)
    before = operator.cluster.status_writes
    days(operator, 2)

    # Saturday and Sunday: nothing happens, but for what metrics and the certainty of the last run bring.
    assert operator.cluster.status_writes - before <= 2


# Other expressions


@pytest.mark.parametrize("stays", [0, 1], ids=["AWS lists it on", "AWS lists it no more"])
@pytest.mark.parametrize("late", [0, 1], ids=["on time", "late"])
def test_an_action_that_is_due_once_sets_the_bounds_for_good(stays, late):
    guesses = {"autoscaling.scheduled-once-stays": stays, "autoscaling.scheduled-late": late}
    operator = settled(scaling(), aws(variants=guesses))
    once = {"name": "once", "schedule": at(operator, minutes=30), "minCapacity": 2}
    assert writes_of(operator, schedule(once)) == ["PutScheduledAction once"]
    first = len(operator.writes())
    run(operator, hours=2)
    days(operator, 2, minutes=30)

    assert operator.writes()[first:] == []
    assert bounds(operator) == (2, 4)
    assert scaling_status(operator)["inEffect"]["name"] == "once"
    assert "next" not in scaling_status(operator)


COUNTED_FROM = pytest.mark.parametrize(
    "counted", [0, 1], ids=["counted from the put", "counted from the epoch"]
)


@COUNTED_FROM
def test_a_rate_sets_the_bounds_again_and_again(counted):
    """Whichever of the two actions ran last, the operator leaves what it set."""
    operator = settled(scaling(), aws(variants={"autoscaling.schedule-rate": counted}))
    steady = {"name": "steady", "schedule": "rate(5 hours)", "minCapacity": 2}
    operator.cluster.apply(schedule(steady, MORNING))
    operator.settle()
    first, seen = len(operator.writes()), set()
    days(operator, 2, look=lambda: seen.add((bounds(operator)[0], scaling_status(operator)["next"]["name"])))

    assert operator.writes()[first:] == []
    assert {minimum for minimum, _ in seen} == {1, 2, 3}
    assert {following for _, following in seen} == {"morning"}
    assert bounds(operator)[0] == 2
    assert scaling_status(operator)["inEffect"]["name"] == "steady"


@COUNTED_FROM
def test_bounds_set_by_hand_go_back_to_those_of_a_rate_that_certainly_ran(counted):
    operator = settled(scaling(), aws(variants={"autoscaling.schedule-rate": counted}))
    operator.cluster.apply(schedule({"name": "steady", "schedule": "rate(2 hours)", "minCapacity": 2}))
    operator.settle()
    run(operator, hours=3)

    def by_hand():
        scaling_by_hand(operator, "RegisterScalableTarget", MinCapacity=3)

    assert writes_of(operator, by_hand) == ["RegisterScalableTarget"]
    assert bounds(operator) == (2, 4)


@COUNTED_FROM
def test_a_rate_keeps_what_it_set_while_its_variant_gets_another_instance_type(counted):
    """The restored action is a new one to AWS, and may not run for a whole period from then."""
    operator = settled(scaling(), aws(variants={"autoscaling.schedule-rate": counted}))
    steady = {"name": "steady", "schedule": "rate(5 hours)", "minCapacity": 2}
    morning = {"name": "morning", "schedule": "cron(0 8 * * ? *)", "minCapacity": 3}
    operator.cluster.apply(schedule(steady, morning))
    operator.settle()
    while now(operator) < START + 8.2 * 3600:
        run(operator, hours=0.2)
    assert bounds(operator)[0] == 3
    operator.cluster.apply(with_variant(schedule(steady, morning), "VariantB", instanceType="ml.m5.xlarge"))
    operator.settle()
    first, seen = len(operator.writes()), []
    days(operator, 0.5, look=lambda: seen.append(bounds(operator)[0]))

    assert operator.writes()[first:] == []
    assert sorted(seen, reverse=True) == seen
    assert set(seen) == {3, 2}


@pytest.mark.parametrize("expression", ["rate(1 minute)", "cron(* * * * ? *)"])
def test_a_quiet_hour_writes_no_status_however_often_an_action_is_due(expression):
    operator = settled(scaling(), aws(variants={"autoscaling.scheduled-late": 1}))
    operator.cluster.apply(schedule({"name": "often", "schedule": expression, "minCapacity": 2}))
    operator.settle()
    run(operator, hours=1)
    assert scaling_status(operator)["inEffect"] == {"name": "often"}
    before = operator.cluster.status_writes
    run(operator, hours=1)

    assert operator.cluster.status_writes == before
    assert bounds(operator) == (2, 4)


@pytest.mark.parametrize("by_itself", [0, 1], ids=["due at its start", "due by its schedule only"])
def test_an_action_with_a_start_and_an_end_is_left_to_aws(by_itself):
    operator = settled(scaling(), aws(variants={"autoscaling.schedule-start": by_itself}))
    daily = {
        "name": "daily",
        "schedule": "cron(0 12 * * ? *)",
        "startTime": "2026-01-02T06:00:00Z",
        "endTime": "2026-01-03T13:00:00Z",
        "minCapacity": 2,
    }
    operator.cluster.apply(schedule(daily))
    operator.settle()
    first, seen = len(operator.writes()), {}
    days(operator, 5, minutes=20, look=lambda: seen.setdefault(bounds(operator)[0], now(operator)))

    assert operator.writes()[first:] == []
    hours = (seen[2] - START) / 3600 - 24
    assert hours == pytest.approx(12 if by_itself else 6, abs=0.5)
    assert "next" not in scaling_status(operator)


# The spec changes meanwhile


def test_bounds_of_the_spec_that_change_hold_until_an_action_is_due_again():
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)
    assert bounds(operator) == (3, 6)

    changed = scaling(schedule(*WORKDAYS), minCapacity=2, maxCapacity=5)
    assert writes_of(operator, changed) == ["RegisterScalableTarget"]
    assert bounds(operator) == (2, 5)
    assert "inEffect" not in scaling_status(operator)

    days(operator, 0.5)
    assert bounds(operator) == (1, 4)


def test_a_change_of_other_fields_leaves_the_schedule_in_effect():
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)

    written = writes_of(operator, with_variant(schedule(*WORKDAYS), "VariantB", weight=60))
    assert written == ["UpdateEndpointWeightsAndCapacities"]
    assert bounds(operator) == (3, 6)


def test_an_action_changed_while_in_effect_counts_from_its_next_time():
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)
    changed = schedule({**MORNING, "minCapacity": 4}, EVENING)

    assert writes_of(operator, changed) == ["RegisterScalableTarget", "PutScheduledAction morning"]
    assert bounds(operator) == (1, 4)
    days(operator, 2.9)
    assert bounds(operator) == (4, 6)


def test_an_action_removed_while_in_effect_gives_the_bounds_back_to_the_one_before_or_to_the_spec():
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)
    assert bounds(operator) == (3, 6)

    assert sorted(writes_of(operator, schedule(EVENING))) == [
        "DeleteScheduledAction morning",
        "RegisterScalableTarget",
    ]
    assert bounds(operator) == (1, 4)
    assert operator.conditions["AutoscalingApplied"].startswith("True")


def test_an_action_added_counts_from_its_next_time():
    operator = settled(scaling(), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)

    assert writes_of(operator, schedule(*WORKDAYS)) == [
        "PutScheduledAction morning",
        "PutScheduledAction evening",
    ]
    assert bounds(operator) == (1, 4)


def test_the_instance_type_changes_in_the_middle_of_a_schedule():
    """The target comes back as it was; what is due meanwhile is caught up with."""
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)
    other = with_variant(schedule(*WORKDAYS), "VariantB", instanceType="ml.m5.xlarge")
    operator.cluster.apply(other)
    operator.settle()
    assert bounds(operator) == (3, 6)

    denied = operator.sim.fault(
        {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}},
        match={"operation": "RegisterScalableTarget"},
        count=None,
    )
    operator.cluster.apply(schedule(*WORKDAYS))
    until(operator, lambda: "AccessDenied" in operator.conditions["Ready"])
    days(operator, 0.5)
    repaired(operator, denied)
    run(operator, hours=1.5)
    assert bounds(operator) == (1, 4)


def test_an_endpoint_made_again_starts_with_the_bounds_of_the_schedule():
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)
    operator.sim.edit(delete={"endpoint": "reviews"})
    until(operator, lambda: not operator.ready)
    operator.settle()

    assert bounds(operator) == (3, 6)
    assert counts(operator)["VariantB"] == 3


# Drift and suspension


def test_bounds_set_by_hand_during_a_schedule_go_back_to_those_of_the_schedule():
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)

    def by_hand():
        scaling_by_hand(operator, "RegisterScalableTarget", MinCapacity=1, MaxCapacity=9)

    assert writes_of(operator, by_hand) == ["RegisterScalableTarget"]
    assert bounds(operator) == (3, 6)


@pytest.mark.parametrize("who", ["the spec", "somebody else"])
def test_while_schedules_are_suspended_the_bounds_stay_and_are_caught_up_with_afterwards(who):
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)
    if who == "the spec":
        suspended = scaling(schedule(*WORKDAYS), suspended={"scheduled": True})
        assert writes_of(operator, suspended) == ["RegisterScalableTarget"]
    else:
        state = {"ScheduledScalingSuspended": True}
        scaling_by_hand(operator, "RegisterScalableTarget", SuspendedState=state)
    first = len(operator.writes())
    days(operator, 1)
    assert operator.writes()[first:] == []
    assert bounds(operator) == (3, 6)
    assert "next" not in scaling_status(operator)

    if who == "the spec":
        operator.cluster.apply(schedule(*WORKDAYS))
    else:
        state = {"ScheduledScalingSuspended": False}
        scaling_by_hand(operator, "RegisterScalableTarget", SuspendedState=state)
    operator.settle()
    assert target(operator)["suspended"]["scheduled"] is False
    assert bounds(operator) == (1, 4)


def test_a_status_lost_during_a_schedule_does_not_undo_it():
    operator = settled(schedule(*WORKDAYS), starting(CLOCKS["Europe/Berlin"]))
    days(operator, 0.5)
    first = len(operator.writes())
    operator.cluster.set_status()
    days(operator, 0.2)
    assert bounds(operator) == (3, 6)
    days(operator, 4)

    assert operator.writes()[first:] == []
    assert bounds(operator) == (3, 6)
    assert scaling_status(operator)["inEffect"]["name"] == "morning"
