"""The bounds that are intended now, against a replay of all times at which actions were due."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.planning.desired_scaling import Bounds
from sagemaker_ab.planning.intended_bounds import LATE_SECONDS, intended
from sagemaker_ab.planning.scaling_records import ActionRecord, ScalingRecord
from tests.unit.planning.schedule_worlds import BEGIN, DAY, DECLARED, HOUR, held, record, scaling_of


def hourly(hour, **bounds):
    return {"Schedule": f"cron(0 {hour} * * ? *)", "ScalableTargetAction": bounds}


@st.composite
def schedules(draw):
    """Return actions that are due at hours of their own, each with one bound or with both."""
    hours = draw(st.lists(st.integers(0, 23), unique=True, max_size=4))
    low, high = st.integers(2, 4), st.integers(5, 9)
    kinds = st.one_of(
        st.builds(lambda value: {"MinCapacity": value}, low),
        st.builds(lambda value: {"MaxCapacity": value}, high),
        st.builds(lambda one, other: {"MinCapacity": one, "MaxCapacity": other}, low, high),
    )
    return {f"at-{hour}": hourly(hour, **draw(kinds)) for hour in hours}


def replayed(actions, since, now):
    """Let every action run at each time at which it is due, in order."""
    dues = [
        (BEGIN + day * DAY + 3600 * int(name.partition("-")[2]), action["ScalableTargetAction"])
        for name, action in actions.items()
        for day in range(-1, 6)
    ]
    bounds = DECLARED
    for at, sets in sorted(dues, key=lambda due: due[0]):
        if since < at <= now:
            bounds = Bounds(sets.get("MinCapacity", bounds.minimum), sets.get("MaxCapacity", bounds.maximum))
    return bounds


moments = st.integers(0, 4 * 24 * 60).map(lambda minutes: BEGIN + 60.0 * minutes + 7)


@given(actions=schedules(), now=moments, since=st.integers(0, 48).map(lambda hour: BEGIN + 3600.0 * hour + 1))
def test_without_a_target_they_are_those_of_the_replay(actions, now, since):
    found = intended(scaling_of(actions), record(actions, since), None, now)

    assert found.bounds == replayed(actions, since, now)


@given(actions=schedules(), now=moments, lag=st.floats(0, LATE_SECONDS - 1))
def test_what_aws_holds_is_never_fought_however_late_it_runs_an_action(actions, now, lag):
    live = replayed(actions, BEGIN, now - lag)
    found = intended(scaling_of(actions), record(actions), held(live, actions), now)

    assert found.bounds == live


@given(actions=schedules(), now=moments, low=st.integers(20, 30), high=st.integers(31, 40))
def test_drift_is_undone_to_those_of_the_replay(actions, now, low, high):
    found = intended(scaling_of(actions), record(actions), held(Bounds(low, high), actions), now)

    assert found.bounds == replayed(actions, BEGIN, now)
    assert found.foreign == ()


@given(actions=schedules(), then=moments, now=moments)
def test_after_a_lost_record_nothing_that_an_action_may_have_set_is_undone(actions, then, now):
    live = replayed(actions, 0, then)
    lost = ScalingRecord(DECLARED, 0.0, {name: ActionRecord("", now) for name in actions})

    assert intended(scaling_of(actions), lost, held(live, actions), now).bounds == live


@given(actions=schedules(), then=moments, now=moments)
def test_while_schedules_are_suspended_what_one_of_them_set_stays(actions, then, now):
    live = replayed(actions, BEGIN, then)
    suspended = held(live, actions, ScheduledScalingSuspended=True)

    assert intended(scaling_of(actions), record(actions), suspended, now).bounds == live


@given(
    actions=schedules(),
    theirs=st.sampled_from([{"MinCapacity": 12}, {"MaxCapacity": 1}, {"MinCapacity": 5, "MaxCapacity": 20}]),
    now=moments,
    moves=st.booleans(),
)
def test_bounds_never_cross_and_a_foreign_action_is_not_fought(actions, theirs, now, moves):
    before = replayed(actions, BEGIN, now)
    low, high = theirs.get("MinCapacity", before.minimum), theirs.get("MaxCapacity", before.maximum)
    if low > high:
        moved = low if "MinCapacity" in theirs else high
        low, high = (moved, moved) if moves else (before.minimum, before.maximum)
    live = held(Bounds(low, high), {**actions, "theirs": hourly(0, **theirs)})
    found = intended(scaling_of(actions), record(actions, BEGIN - DAY), live, now)

    assert found.bounds.minimum <= found.bounds.maximum
    if not actions:
        assert found.bounds == live.bounds


def test_foreign_bounds_are_attributed_by_name_unless_they_are_to_be_removed():
    live = held(Bounds(3, 10), {"theirs": hourly(6, MinCapacity=3), "others": hourly(7, MinCapacity=4)})
    now = BEGIN + DAY

    assert intended(scaling_of({}), record({}), live, now).foreign == ("theirs",)
    removing = replace(scaling_of({}), removes_foreign=True)
    assert intended(removing, record({}), live, now).bounds == DECLARED


@pytest.mark.parametrize(("hour", "expected"), [(7, Bounds(1, 10)), (9, Bounds(3, 10))])
def test_what_an_earlier_spec_declared_counts_no_more(hour, expected):
    """The action is still there, and its bounds are in effect: it goes, and so do they."""
    now = BEGIN + 3600.0 * hour
    old = {"old": ActionRecord("", BEGIN)}
    live = held(Bounds(4, 10), {"old": hourly(6, MinCapacity=4)})
    declared = {"new": hourly(8, MinCapacity=3)}
    known = ScalingRecord(DECLARED, BEGIN, {**old, "new": ActionRecord("", BEGIN)})

    found = intended(scaling_of(declared), known, live, now)
    assert found.bounds == expected
    assert found.foreign == ()


# Rates, of which AWS does not say from when they count


RATE = {"steady": {"Schedule": "rate(3 hours)", "ScalableTargetAction": {"MinCapacity": 6}}}
phases = st.integers(0, 179).map(lambda minutes: 60.0 * minutes)


def played(actions, phase, now, *, since=BEGIN, period=3 * HOUR):
    """Let a rate run at a phase of its period, together with actions that are due at hours of their own."""
    bounds, runs = DECLARED, []
    for name, action in actions.items():
        sets = action["ScalableTargetAction"]
        if name in RATE:
            first = BEGIN - DAY + phase
            runs += [(first + number * period, sets) for number in range(80)]
        else:
            hour = int(name.partition("-")[2])
            runs += [(BEGIN + day * DAY + HOUR * hour, sets) for day in range(-1, 6)]
    for at, sets in sorted(runs, key=lambda run: run[0]):
        if since < at <= now:
            bounds = Bounds(sets.get("MinCapacity", bounds.minimum), sets.get("MaxCapacity", bounds.maximum))
    return bounds


@given(
    actions=schedules(),
    now=moments,
    lag=st.floats(0, LATE_SECONDS - 1),
    phase=phases,
    begin=st.integers(0, 48).map(lambda hour: BEGIN + HOUR * hour + 1),
)
def test_what_a_rate_has_set_is_never_fought_from_whenever_it_counts(actions, now, lag, phase, begin):
    both = {**actions, **RATE}
    both = {name: {**each, "ScalableTargetAction": fitting(each)} for name, each in both.items()}
    live = played(both, phase, now - lag, since=begin)
    found = intended(scaling_of(both), record(both, begin), held(live, both, created=begin), now)

    assert found.bounds == live


def fitting(action):
    """Return bounds that cross no others: minimums up to 6, maximums from 7."""
    bounds = action["ScalableTargetAction"]
    return {name: value + 2 if name == "MaxCapacity" else value for name, value in bounds.items()}


@pytest.mark.parametrize(
    ("hours", "minimum"),
    [(1, 1), (3, 1), (3.08, 1), (3.09, 6), (30, 6)],
)
def test_drift_is_undone_to_what_a_rate_set_once_it_certainly_ran(hours, minimum):
    """Before one period and the time that AWS may be late, the rate may have run or not."""
    drifted = held(Bounds(4, 10), RATE)

    assert intended(scaling_of(RATE), record(RATE), drifted, BEGIN + HOUR * hours).bounds == Bounds(
        minimum, 10
    )


@pytest.mark.parametrize(("hours", "minimum"), [(1, 3), (3, 3), (3.05, 3), (3.2, 6)])
def test_an_action_that_ran_within_the_period_of_a_rate_may_have_been_the_last_one(hours, minimum):
    """What drifts goes to the action whose time is known. AWS may be late with the rate."""
    actions = {"at-12": hourly(12, MinCapacity=3), **RATE}
    now = BEGIN + HOUR * (12 + hours)

    for live, expected in [(3, minimum), (6, 6), (4, minimum), (1, minimum)]:
        found = intended(scaling_of(actions), record(actions), held(Bounds(live, 10), actions), now)
        assert found.bounds == Bounds(expected, 10)


def test_of_rates_that_disagree_each_may_have_been_the_last_one_but_the_spec_was_not():
    actions = {
        "often": {"Schedule": "rate(2 hours)", "ScalableTargetAction": {"MinCapacity": 3}},
        "seldom": {"Schedule": "rate(5 hours)", "ScalableTargetAction": {"MinCapacity": 4}},
    }
    now = BEGIN + DAY

    for live, expected in [(3, 3), (4, 4), (1, 3), (9, 3)]:
        found = intended(scaling_of(actions), record(actions), held(Bounds(live, 10), actions), now)
        assert found.bounds == Bounds(expected, 10)


def test_a_rate_that_was_put_again_may_not_have_run_since():
    """A release deletes the action, and the restoration puts it again. Its old runs stay in effect."""
    actions = {"at-6": hourly(6, MinCapacity=3), **RATE}
    now = BEGIN + 10 * HOUR

    for live in (3, 6):
        restored = held(Bounds(live, 10), actions, created=BEGIN + 8 * HOUR)
        assert intended(scaling_of(actions), record(actions), restored, now).bounds == Bounds(live, 10)


def test_a_rate_is_in_effect_only_when_it_ran_for_certain_or_nothing_else_set_the_bound():
    same = {"steady": {**RATE["steady"], "ScalableTargetAction": {"MinCapacity": 1}}}
    early, late = BEGIN + HOUR, BEGIN + 4 * HOUR

    assert intended(scaling_of(same), record(same), held(DECLARED, same), early).in_effect is None
    assert intended(scaling_of(same), record(same), held(DECLARED, same), late).in_effect.name == "steady"
    found = intended(scaling_of(RATE), record(RATE), held(Bounds(6, 10), RATE), early)
    assert found.in_effect.name == "steady"


def test_bounds_that_a_foreign_rate_may_have_set_are_left_alone():
    theirs = {"theirs": {"Schedule": "rate(2 hours)", "ScalableTargetAction": {"MinCapacity": 3}}}

    found = intended(scaling_of({}), record({}), held(Bounds(3, 10), theirs), BEGIN + 60)
    assert found.foreign == ("theirs",)


@pytest.mark.parametrize(
    ("schedule", "minimum"), [("cron(0 6 * * ? *)", 2), ("rate(2 hours)", 1)], ids=["cron", "rate"]
)
def test_a_run_that_is_not_certain_counts_for_a_new_target_if_its_time_is_known(schedule, minimum):
    """Whether an action is also due at its start time is not certain; when a rate is due is not known."""
    start = {"StartTime": "2026-01-01T07:00:00+00:00"}
    actions = {"from-7": {"Schedule": schedule, "ScalableTargetAction": {"MinCapacity": 2}, **start}}

    found = intended(scaling_of(actions), record(actions), None, BEGIN + 8 * HOUR)
    assert found.bounds == Bounds(minimum, 10)
