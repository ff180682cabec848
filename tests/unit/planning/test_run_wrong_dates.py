"""AWS's answers have a wrong date for some minutes. No healthy run ends because of it."""

import pytest

from sagemaker_ab.planning.runs.outcome import Outcome
from tests.unit.planning.run_worlds import World, stepped

DAY = 24 * 60


def wrong(world: World, ahead: int, *, minutes: int = 5) -> None:
    """Let a reconcile follow the run in each of some minutes whose dates are minutes ahead."""
    right = world.at
    for minute in range(minutes):
        world.at = right + ahead + minute
        world.follow()
        world.modified = min(world.modified, right * 60.0)  # AWS records the right time.
    world.at = right + minutes


@pytest.mark.parametrize("ahead", [121, 2 * DAY])
@pytest.mark.parametrize("minutes", [1, 5, 30])
def test_a_date_beyond_the_deadline_does_not_end_a_healthy_run(ahead, minutes):
    world = World(stepped(deadlineSeconds=7200))
    world.minutes(8)
    wrong(world, ahead, minutes=minutes)
    assert world.follow().record.outcome is None
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


def test_a_date_beyond_the_deadline_does_not_end_a_run_of_a_process_that_has_just_started():
    world = World(stepped(deadlineSeconds=7200))
    world.minutes(8)
    world.restart()
    wrong(world, 2 * DAY)
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


def test_a_deadline_that_is_over_for_an_hour_ends_a_run_without_data():
    world = World(stepped(deadlineSeconds=7200))
    world.minutes(8)
    world.readable = False
    count = world.until_ended()
    assert count + 8 == pytest.approx(120 + 60, abs=4)
    assert world.decisions[-1][1] == "DeadlineExceeded"


def test_a_run_that_starts_at_a_date_in_the_future_starts_again_once_the_date_is_right():
    world = World(stepped(deadlineSeconds=7200))
    wrong(world, 2 * DAY)
    record = world.follow().record
    assert record.started <= world.at + 4
    assert record.previous.outcome == Outcome.SUPERSEDED.value
    assert "wrong date" in record.previous.message
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


def test_a_run_that_starts_at_a_date_in_the_past_starts_again_once_the_date_is_right():
    world = World(stepped(deadlineSeconds=7200))
    right, world.modified = world.at, (world.at - 3 * DAY) * 60.0
    world.at = right - 2 * DAY
    assert world.follow().record.started < right - DAY
    world.modified = right * 60.0  # AWS has changed the weights. It records the right time.
    world.at += 1
    waiting = world.follow()
    assert waiting.record.outcome is Outcome.SUPERSEDED
    assert world.weights == {"A": 90.0, "B": 10.0}
    world.at = right + 2
    assert world.follow().record.started >= right
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


def test_no_run_starts_at_a_date_before_the_last_change_of_the_endpoint():
    world = World()
    world.at -= DAY
    assert world.follow().record is None


@pytest.mark.parametrize("ahead", [-120, 120])
def test_a_run_with_data_keeps_its_start(ahead):
    world = World()
    run = world.minutes(8).record.run
    wrong(world, ahead)
    assert world.minutes(20).record.run == run
