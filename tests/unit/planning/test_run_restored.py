"""A run whose state was lost goes on where that is sound, and is otherwise not repeated."""

import pytest

from sagemaker_ab.planning.ownership import RUN_TAG
from sagemaker_ab.planning.runs.identity import run_tag
from sagemaker_ab.planning.runs.outcome import Outcome
from tests.unit.planning.run_worlds import World, stepped


def lost(world):
    """Take away what the process and status have."""
    world.written = None
    world.restart()
    return world.follow().record


def test_in_the_first_step_a_lost_run_goes_on():
    world = World()
    run = world.minutes(8).record.run
    assert (lost(world).run, lost(world).outcome) == (run, None)
    world.until_ended()
    assert world.follow().record.outcome is Outcome.PROMOTED


def test_a_rebuilt_run_finds_the_harm_of_the_minutes_before():
    world = World(stepped(breakers=[], steps=[{"percent": 10}, {"percent": 100}]))
    world.minutes(6)
    world.rates = {"A": 0.005, "B": 0.05}
    world.minutes(10)
    lost(world)
    assert world.until_ended() < 20
    assert world.follow().record.outcome is Outcome.ROLLED_BACK


def test_in_a_later_step_a_lost_run_ends_and_the_weights_that_serve_stay():
    world = World()
    run = world.minutes(20).record.run
    assert world.weights == {"A": 50.0, "B": 50.0}
    record = lost(world)
    assert (record.run, record.outcome) == (run, Outcome.EVIDENCE_LOST)
    assert world.minutes(60).record == world.minute().record
    assert world.weights == {"A": 50.0, "B": 50.0}


def test_a_lost_run_whose_weights_were_moved_since_ends():
    world = World()
    world.minutes(30 - 20)
    world.modified += 3600
    assert lost(world).outcome is Outcome.EVIDENCE_LOST


@pytest.mark.parametrize(
    ("bad", "outcome", "weights"),
    [
        (0.0, Outcome.PROMOTED, {"A": 0.0, "B": 100.0}),
        (0.6, Outcome.ROLLED_BACK, {"A": 100.0, "B": 0.0}),
    ],
)
def test_a_finished_run_is_not_repeated(bad, outcome, weights):
    world = World()
    world.rates["B"] = bad
    world.until_ended()
    run = world.minute().record.run
    record = lost(world)
    assert (record.run, record.outcome) == (run, outcome)
    world.weights = {"A": 70.0, "B": 30.0}
    assert world.minutes(3).record.run == run
    assert world.weights == weights


def test_another_policy_starts_a_new_run_with_the_next_attempt():
    world = World()
    world.rates["B"] = 0.6
    world.until_ended()
    world.minute()
    world.policy = stepped(falseAlarmRate="0.05")
    world.rates["B"] = 0.0
    record = lost(world)
    assert (record.outcome, record.run.rpartition("-")[2]) == (None, "2")


def test_an_old_status_does_not_bring_a_finished_run_back():
    world = World()
    old = world.minutes(8) and world.written
    world.rates["B"] = 0.6
    world.until_ended()
    world.minute()
    world.written = old
    world.restart()
    assert world.follow().record.outcome is Outcome.ROLLED_BACK


def test_the_tag_says_the_outcome_after_the_weights_have_followed():
    world = World()
    world.until_ended()
    world.minute()
    tag = run_tag({RUN_TAG: world.tags[RUN_TAG]})
    assert tag is not None
    assert tag.outcome is Outcome.PROMOTED


@pytest.mark.parametrize("state", ["", "{}", "[]", "null", '{"layout":99}', "{"])
def test_a_state_that_cannot_be_read_counts_as_lost(state):
    world = World()
    world.minutes(20)
    world.written["state"] = state
    assert world.follow().record.outcome is Outcome.EVIDENCE_LOST


def test_after_manual_weights_a_finished_run_does_not_come_back():
    world = World()
    world.until_ended()
    run = world.minute().record.run
    world.written = {"strategy": "Manual"}
    world.weights = {"A": 100.0, "B": 0.0}
    record = world.minute().record
    assert record.outcome is None
    assert record.run != run
    assert world.weights == {"A": 90.0, "B": 10.0}


def test_after_manual_weights_the_tag_asks_for_no_run():
    world = World()
    world.until_ended()
    world.minute()
    tag = run_tag({RUN_TAG: world.tags[RUN_TAG]}).attempt_only
    world.tags[RUN_TAG] = tag.encode()
    world.weights = {"A": 100.0, "B": 0.0}
    record = lost(world)
    assert (record.outcome, record.run.rpartition("-")[2]) == (None, "2")
    assert world.weights == {"A": 90.0, "B": 10.0}


def test_a_promotion_is_not_restored_once_somebody_has_moved_the_weights():
    world = World()
    world.until_ended()
    world.minute()
    world.weights = {"A": 70.0, "B": 30.0}
    assert lost(world).outcome is Outcome.EVIDENCE_LOST
    assert world.weights == {"A": 70.0, "B": 30.0}


def test_a_status_from_an_earlier_step_moves_no_weight():
    world = World()
    old = world.minutes(8) and world.written
    world.minutes(14)
    assert world.weights == {"A": 50.0, "B": 50.0}
    world.written = old
    world.restart()
    record = world.minutes(30).record
    assert (record.outcome, record.step) == (Outcome.EVIDENCE_LOST, 2)
    assert world.weights == {"A": 50.0, "B": 50.0}


def test_an_endpoint_that_was_created_again_gets_a_run_from_the_first_step():
    world = World()
    run = world.minutes(20).record.run
    world.created, world.weights = world.at * 60.0, {"A": 100.0, "B": 0.0}
    record = world.minute().record
    assert record.run != run
    assert record.previous.outcome == Outcome.SUPERSEDED.value
    assert "created again" in record.previous.message
    assert world.weights == {"A": 90.0, "B": 10.0}


def test_the_deadline_ends_a_run_without_recent_data():
    world = World(stepped(deadlineSeconds=7200))
    world.minutes(8)
    world.readable = False
    world.minutes(180)
    assert world.follow().record.outcome is Outcome.ROLLED_BACK
    assert world.decisions[-1][1] == "DeadlineExceeded"
    assert world.weights == {"A": 100.0, "B": 0.0}


def test_a_command_from_before_the_start_is_refused_and_not_for_the_run_that_starts():
    world = World()
    world.deployed = False
    world.commands["promote"] = "0123456789-1"
    world.minute()
    [entry] = world.follow().status.commands
    assert entry.effect == "Refused"
    world.deployed = True
    assert list(world.minute().status.commands) == [entry]


def test_a_run_of_a_resource_that_was_created_again_has_another_id():
    world = World()
    run = world.minutes(3).record.run
    world.commands["promote"] = run
    world.tags, world.written, world.weights = {}, None, {"A": 100.0, "B": 0.0}
    world.restart()
    world.minutes(3)
    assert world.weights == {"A": 90.0, "B": 10.0}
    [entry] = world.follow().status.commands
    assert entry.effect == "Refused"
