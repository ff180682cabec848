"""A run is promoted once its candidate has all the traffic. Until then it is watched, and people steer it."""

import pytest

from sagemaker_ab.planning.run_data import Availability
from sagemaker_ab.planning.runs.outcome import Outcome
from tests.unit.planning.run_worlds import World, stepped

TWO_STEPS = [{"percent": 10, "hold": {"minDurationSeconds": 600, "minRequests": 50}}, {"percent": 100}]


def growing(*, last=100, by_hand=False, **policy):
    """Return a world whose candidate autoscales and is to get all the traffic, and has 20% of it."""
    world = World(stepped(steps=[TWO_STEPS[0], {"percent": last}], **policy))
    world.autoscaled = frozenset({"B"})
    world.minutes(5)
    if by_hand:
        world.commands = {"promote": world.follow().record.run}
    for _ in range(60):
        if world.minute().traffic.weights["B"] == 20:
            return world
    raise AssertionError(world.weights)


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_run_is_promoted_when_its_candidate_has_all_the_traffic(by_hand):
    world = growing(by_hand=by_hand)
    while world.weights["B"] < 100:
        status = world.minute().status
        assert (status.outcome, status.patch) == (None, None)
    assert world.minute().status.outcome == "Promoted"
    assert world.follow().status.patch is not None
    assert world.follow().status.decisions[-1].verdict == "Promote"


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_candidate_that_fails_on_the_way_is_rolled_back(by_hand):
    world = growing(by_hand=by_hand)
    world.rates = {"A": 0.0, "B": 1.0}
    assert world.until_ended() <= 5
    assert world.follow().record.outcome is Outcome.ROLLED_BACK
    assert world.weights == {"A": 100.0, "B": 0.0}


@pytest.mark.parametrize("by_hand", [False, True])
def test_people_can_abort_on_the_way(by_hand):
    world = growing(by_hand=by_hand)
    world.commands = {**world.commands, "abort": world.follow().record.run}
    assert world.minute().record.outcome is Outcome.ABORTED
    assert world.weights == {"A": 100.0, "B": 0.0}


@pytest.mark.parametrize("by_hand", [False, True])
def test_people_can_hold_on_the_way(by_hand):
    world = growing(by_hand=by_hand)
    run = world.follow().record.run
    world.commands = {**world.commands, "hold": run}
    world.minutes(60)
    assert world.weights == {"A": 80.0, "B": 20.0}
    world.commands = {**world.commands, "resume": run}
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


@pytest.mark.parametrize("availability", [each for each in Availability if each != "Fresh"])
def test_without_data_no_share_grows_on_the_way(availability):
    world = growing()
    world.availability = availability
    world.minutes(60)
    assert world.weights == {"A": 80.0, "B": 20.0}
    assert world.follow().record.outcome is None


def test_without_data_a_promotion_by_a_person_goes_on():
    world = growing(by_hand=True)
    world.availability = Availability.REFUSED
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED
    assert world.weights == {"A": 0.0, "B": 100.0}


@pytest.mark.parametrize("by_hand", [False, True])
def test_while_not_all_of_aws_is_read_no_share_grows_on_the_way_and_a_rollback_still_happens(by_hand):
    world = growing(by_hand=by_hand)
    world.stays_because = "Not all of AWS can be read"
    world.minutes(60)
    assert world.weights == {"A": 80.0, "B": 20.0}
    world.rates = {"A": 0.0, "B": 1.0}
    assert world.until_ended() <= 5
    assert world.weights == {"A": 100.0, "B": 0.0}


def test_a_gap_in_the_data_takes_no_share_back():
    """The last step has 15%. All the traffic was due when the data ended."""
    world = growing(last=15)
    world.availability = Availability.STALE
    world.minutes(20)
    assert world.weights == {"A": 80.0, "B": 20.0}


def test_a_restart_on_the_way_changes_nothing():
    world = growing(by_hand=True)
    world.restart()
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


def test_under_observe_a_run_ends_although_no_weight_moves():
    world = World(stepped(mode="Observe", steps=TWO_STEPS))
    world.minutes(2)
    world.weights = {"A": 90.0, "B": 10.0}
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


@pytest.mark.parametrize("gap", [False, True])
@pytest.mark.parametrize("by_hand", [False, True])
def test_the_deadline_does_not_end_a_run_whose_share_only_grows(by_hand, gap):
    world = growing(by_hand=by_hand, deadlineSeconds=2400)
    world.stays_because = "Not all of AWS can be read"
    if gap:
        world.availability = Availability.STALE
    world.minutes(120)
    assert world.follow().record.outcome is None
    world.stays_because, world.availability = "", Availability.FRESH
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


def test_after_the_deadline_a_promoted_candidate_that_fails_is_still_rolled_back():
    world = growing(by_hand=True, deadlineSeconds=2400)
    world.stays_because = "Not all of AWS can be read"
    world.minutes(120)
    world.rates = {"A": 0.0, "B": 1.0}
    assert world.until_ended() <= 5
    assert world.follow().record.outcome is Outcome.ROLLED_BACK


def test_before_the_last_step_is_over_the_deadline_ends_a_run_whose_share_grows():
    hold = {"minDurationSeconds": 600}
    world = World(
        stepped(steps=[{"percent": 10, "hold": hold}, {"percent": 80, "hold": hold}], deadlineSeconds=2400)
    )
    world.autoscaled = frozenset({"B"})
    world.until_ended()
    assert world.decisions[-1][1] == "DeadlineExceeded"
