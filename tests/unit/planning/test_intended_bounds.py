"""The bounds that are intended now, against a replay of all times at which actions were due."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.planning.desired_scaling import Bounds, DesiredScaling
from sagemaker_ab.planning.intended_bounds import LATE_SECONDS, intended
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedTarget
from sagemaker_ab.planning.scaling_records import ActionRecord, ScalingRecord

DAY = 86_400.0
BEGIN = 1_767_225_600.0
"""Midnight of 1 January 2026, a Thursday, in UTC."""
DECLARED = Bounds(1, 10)


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


def record(actions, since=BEGIN, **parts):
    known = {name: ActionRecord("", since) for name in actions}
    return ScalingRecord(DECLARED, since, known, **parts)


def held(bounds, actions=None, **suspended):
    live = {name: ObservedAction(members, BEGIN) for name, members in (actions or {}).items()}
    return ObservedTarget(bounds.minimum, bounds.maximum, {}, suspended, live)


def scaling_of(actions, **parts):
    return DesiredScaling(declared=DECLARED, bounds=DECLARED, scheduled_actions=actions, **parts)


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
