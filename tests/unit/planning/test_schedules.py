"""When scheduled actions are due: in their time zones, while clocks change, within their start and end."""

from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_ab.planning.scheduled_actions import ActionTimes, is_over, members_to_put, same_action
from sagemaker_ab.planning.schedules import Due, parse_schedule
from sandbox.aws.engine.autoscaling.schedules import parse as simulated

BERLIN = "Europe/Berlin"


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def first(schedule, after, count=1):
    return [due.at for due in islice(schedule.forward(after), count)]


def test_a_cron_expression_is_in_utc_unless_it_has_a_time_zone():
    text = "cron(0 8 * * ? *)"

    assert first(parse_schedule(text), at("2027-07-01T00:00:00")) == [at("2027-07-01T08:00:00")]
    assert first(parse_schedule(text, BERLIN), at("2027-07-01T00:00:00")) == [at("2027-07-01T06:00:00")]


def test_a_morning_stays_a_morning_when_the_clocks_change():
    schedule = parse_schedule("cron(0 8 * * ? *)", BERLIN)

    dues = first(schedule, at("2027-10-30T00:00:00"), 2)

    assert dues == [at("2027-10-30T06:00:00"), at("2027-10-31T07:00:00")]


def test_a_local_time_that_clocks_skip_is_never_certain():
    """In Berlin, 2027-03-28 has no 02:30. It may be due an hour early, an hour late, or not at all."""
    schedule = parse_schedule("cron(30 2 28 3 ? 2027)", BERLIN)

    assert list(schedule.backward(at("2027-04-01T00:00:00"))) == [
        Due(at("2027-03-28T01:30:00"), certain=False),
        Due(at("2027-03-28T00:30:00"), certain=False),
    ]


def test_a_local_time_that_comes_twice_is_never_certain():
    schedule = parse_schedule("cron(30 2 31 10 ? 2027)", BERLIN)

    assert list(schedule.backward(at("2027-11-01T00:00:00"))) == [
        Due(at("2027-10-31T01:30:00"), certain=False),
        Due(at("2027-10-31T00:30:00"), certain=False),
    ]


@pytest.mark.parametrize(
    ("expression", "zone"),
    [
        ("cron(30 2 * * ? *)", BERLIN),
        ("cron(0 0 30 2 ? *)", BERLIN),
        ("at(2027-03-28T02:30:00)", BERLIN),
        ("rate(7 hours)", ""),
    ],
)
@pytest.mark.parametrize("start", [None, "2027-03-20T00:00:00"])
def test_a_search_that_ends_at_a_time_finds_what_is_due_after_it(expression, zone, start):
    members = {"Schedule": expression, "Timezone": zone, **({"StartTime": start} if start else {})}
    times = ActionTimes.of(members)
    until = at("2027-04-01T00:00:00")
    every = list(times.backward(until, since=at("2027-02-01T00:00:00")))

    for since in (at("2027-03-20T00:00:00"), at("2027-03-28T00:30:00"), at("2027-03-28T12:00:00"), until):
        assert list(times.backward(until, since=since)) == [due for due in every if due.at > since]


def test_an_at_expression_is_due_once():
    schedule = parse_schedule("at(2027-07-01T08:00:00)", BERLIN)
    due = at("2027-07-01T06:00:00")

    assert first(schedule, due - 1) == [due]
    assert first(schedule, due) == []
    assert list(schedule.backward(due - 1)) == []


def test_a_rate_may_be_due_now_and_certainly_was_within_each_period_before():
    schedule = parse_schedule("rate(2 hours)")

    assert list(schedule.backward(20000.0, since=5000.0)) == [
        Due(20000.0, certain=False),
        Due(12800.0),
        Due(5600.0),
    ]
    assert list(schedule.backward(20000.0, since=20000.0)) == []


def test_when_a_rate_is_due_next_is_not_known():
    assert first(parse_schedule("rate(2 hours)"), 0.0) == []


def test_a_rate_is_due_between_its_start_and_its_end():
    """The first period after the start has the first run for certain, and the last one ends at the end."""
    times = ActionTimes.of(
        {
            "Schedule": "rate(2 hours)",
            "StartTime": "2027-07-02T00:00:00+00:00",
            "EndTime": "2027-07-02T05:00:00+00:00",
        }
    )

    assert list(times.backward(at("2027-07-01T23:59:59"))) == []
    assert list(times.backward(at("2027-07-02T01:59:59"))) == [
        Due(at("2027-07-02T01:59:59"), certain=False),
        Due(at("2027-07-02T00:00:00"), certain=False),
    ]
    assert list(times.backward(at("2027-07-02T02:00:00"))) == [
        Due(at("2027-07-02T02:00:00"), certain=False),
        Due(at("2027-07-02T00:00:00")),
    ]
    assert list(times.backward(at("2027-08-01T00:00:00"))) == [
        Due(at("2027-07-02T05:00:00"), certain=False),
        Due(at("2027-07-02T03:00:00")),
        Due(at("2027-07-02T01:00:00")),
        Due(at("2027-07-02T00:00:00"), certain=False),
    ]


@pytest.mark.parametrize(
    ("text", "zone", "problem"),
    [
        ("every day", "", "a schedule is at"),
        ("rate(0 hours)", "", "rate takes a positive number"),
        ("at(2027-13-01T08:00:00)", "", "month must be in 1..12"),
        ("cron(0 8 * * ? *)", "Europe/Atlantis", "there is no time zone Europe/Atlantis"),
        ("cron(0 8 * * ? *)", "../etc/passwd", "there is no time zone"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(text, zone, problem):
    with pytest.raises(ValueError, match=problem):
        parse_schedule(text, zone)


def test_an_action_is_due_between_its_start_and_its_end():
    times = ActionTimes.of(
        {
            "Schedule": "cron(0 8 * * ? *)",
            "StartTime": "2027-07-02T00:00:00+00:00",
            "EndTime": "2027-07-03T12:00:00+00:00",
        }
    )

    assert times.next(at("2027-06-01T00:00:00")) == at("2027-07-02T08:00:00")
    assert times.next(at("2027-07-03T08:00:00")) is None
    assert list(times.backward(at("2027-08-01T00:00:00"))) == [
        Due(at("2027-07-03T08:00:00")),
        Due(at("2027-07-02T08:00:00")),
        Due(at("2027-07-02T00:00:00"), certain=False),
    ]


def test_an_action_that_is_due_once_is_not_due_at_its_start():
    once = {"Schedule": "at(2027-07-02T08:00:00)", "StartTime": "2027-07-01T00:00:00+00:00"}

    dues = ActionTimes.of(once).backward(at("2027-08-01T00:00:00"))
    assert list(dues) == [Due(at("2027-07-02T08:00:00"))]


@pytest.mark.parametrize(
    ("members", "over"),
    [
        ({"Schedule": "at(2027-07-01T08:00:00)"}, True),
        ({"Schedule": "at(2027-07-02T08:00:00)"}, False),
        ({"Schedule": "cron(0 8 * * ? *)"}, False),
        ({"Schedule": "cron(0 8 * * ? *)", "EndTime": "2027-07-02T00:00:00+00:00"}, True),
        ({"Schedule": "cron(0 8 * * ? 2026)"}, True),
        ({"Schedule": "something new"}, False),
    ],
)
def test_an_action_is_over_when_it_is_never_due_again(members, over):
    assert is_over(members, at("2027-07-01T12:00:00")) is over


def test_actions_are_the_same_whatever_the_form_of_a_time_and_of_utc():
    declared = {
        "Schedule": "rate(1 day)",
        "StartTime": "2027-07-02T02:00:00+02:00",
        "ScalableTargetAction": {"MinCapacity": 2},
    }
    live = {**declared, "StartTime": "2027-07-02T00:00:00+00:00", "Timezone": "UTC"}

    assert same_action(live, declared)
    assert not same_action({**live, "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 4}}, declared)
    assert not same_action({**live, "Timezone": BERLIN}, declared)


def test_a_time_zone_that_an_action_loses_is_replaced_by_utc():
    declared = {"Schedule": "cron(0 8 * * ? *)"}

    assert members_to_put(declared, {**declared, "Timezone": BERLIN}) == {**declared, "Timezone": "Etc/UTC"}
    assert members_to_put(declared, {**declared, "Timezone": "UTC"}) == declared
    assert members_to_put(declared, None) == declared


FIELDS = st.tuples(
    st.sampled_from(["0", "*/15", "5-50/9", "59"]),
    st.sampled_from(["*", "0", "2", "3-6", "8,20", "23"]),
    st.sampled_from([("*", "?"), ("1", "?"), ("L", "?"), ("29-31", "?"), ("?", "MON-FRI"), ("?", "1,7")]),
    st.sampled_from(["*", "2", "MAR,OCT", "1-6"]),
)
ZONES = st.sampled_from(["", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
MOMENTS = st.floats(1_767_000_000, 1_860_000_000).map(
    lambda seconds: datetime.fromtimestamp(int(seconds), UTC)
)


@settings(deadline=None)
@given(FIELDS, ZONES, MOMENTS)
def test_the_simulated_aws_runs_an_action_when_it_may_be_due(fields, zone, moment):
    """The simulation has its own reading of cron. It may choose at times that clocks skip or repeat."""
    minute, hour, (day, weekday), month = fields
    text, now = f"cron({minute} {hour} {day} {month} {weekday} *)", moment.timestamp()

    run = simulated(text, timezone=zone, since=0.0)(now)
    dues = islice(parse_schedule(text, zone).forward(now), 50)
    possible = []
    for due in dues:
        possible.append(due.at)
        if due.certain:
            break

    assert run in possible


@settings(deadline=None)
@given(FIELDS, ZONES, MOMENTS)
def test_backward_and_forward_are_the_same_times(fields, zone, moment):
    minute, hour, (day, weekday), month = fields
    schedule = parse_schedule(f"cron({minute} {hour} {day} {month} {weekday} *)", zone)
    now = moment.timestamp()
    later = now + timedelta(days=10).total_seconds()

    forward = list(takewhile(lambda due: due.at <= later, schedule.forward(now)))
    backward = list(takewhile(lambda due: due.at > now, schedule.backward(later)))

    assert forward == sorted(backward)
