"""Target tracking as arithmetic: alarms from minutes, capacities from metrics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.engine.autoscaling.tracking import (
    alarm_state,
    scale_in,
    scale_out,
    tracked_capacity,
    within,
)
from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState


def high(minutes: list[float | None], before: AlarmState = AlarmState.OK) -> AlarmState:
    return alarm_state(minutes, lambda value: value > 10, before=before)


@pytest.mark.parametrize(
    ("minutes", "state"),
    [
        ([11.0, 12.0, 13.0], AlarmState.ALARM),
        ([11.0, 10.0, 13.0], AlarmState.OK),
        ([1.0, None, 13.0], AlarmState.OK),
        ([None, None, None], AlarmState.INSUFFICIENT_DATA),
    ],
)
def test_an_alarm_wants_every_minute_to_breach(minutes: list[float | None], state: AlarmState) -> None:
    assert high(minutes) is state


@pytest.mark.parametrize("before", list(AlarmState))
def test_a_missing_minute_leaves_the_alarm_as_it_was(before: AlarmState) -> None:
    assert high([11.0, None, 13.0], before) is before


def test_the_capacity_is_rounded_up() -> None:
    assert tracked_capacity(capacity=2, metric=21.0, target=20.0) == 3


def test_the_last_bit_of_a_float_starts_no_instance() -> None:
    assert tracked_capacity(capacity=3, metric=0.1 + 0.2, target=0.3) == 3


def test_a_second_scale_out_in_the_cooldown_counts_from_where_the_first_began() -> None:
    asked = {"capacity": 4, "metric": 30.0, "target": 10.0, "maximum": 20}
    assert scale_out(**asked, base=None) == 12
    assert scale_out(**asked, base=1) is None
    assert scale_out(**asked, base=2) == 6


def test_scale_in_goes_at_once_or_by_one() -> None:
    asked = {"capacity": 5, "metric": 0.0, "target": 10.0, "minimum": 1}
    assert scale_in(**asked, single=False) == 1
    assert scale_in(**asked, single=True) == 4


bounds = st.tuples(st.integers(1, 50), st.integers(0, 50)).map(lambda pair: (pair[0], pair[0] + pair[1]))
metrics = st.floats(0, 1e6)
targets = st.floats(0.01, 1e4)


@given(bounds=bounds, metric=metrics, target=targets, capacity=st.integers(1, 100))
def test_no_scaling_leaves_the_bounds(
    bounds: tuple[int, int], metric: float, target: float, capacity: int
) -> None:
    minimum, maximum = bounds
    inside = within(capacity, minimum=minimum, maximum=maximum)
    out = scale_out(capacity=inside, metric=metric, target=target, maximum=maximum, base=None)
    assert out is None or inside < out <= maximum
    for single in (True, False):
        less = scale_in(capacity=inside, metric=metric, target=target, minimum=minimum, single=single)
        assert less is None or minimum <= less < inside
