"""The traffic and the capacity after a run, until another one starts."""

import pytest

from sagemaker_ab.planning.runs.outcome import Outcome
from tests.unit.planning.run_worlds import CONTENT, World, stepped

CANDIDATE = {"A": 0.0, "B": 100.0}
HALF = {"A": 50.0, "B": 50.0}


def changed(world, *variants):
    """Let the spec have another model for some variants, which is not deployed yet."""
    world.deployed, world.changing = False, frozenset(variants)
    world.content = {**CONTENT, **{name: {"ModelName": f"new-{name}"} for name in variants}}


def promoted(*, autoscaled=()):
    world = World()
    world.until_ended()
    world.minute()
    world.autoscaled = frozenset(autoscaled)
    assert world.weights == CANDIDATE
    return world


def half_way():
    world = World()
    world.minutes(20)
    assert world.weights == HALF
    return world


@pytest.mark.parametrize("variants", ["A", "AB"])
def test_a_baseline_without_traffic_gets_no_new_model(variants):
    world = promoted()
    changed(world, *variants)
    followed = world.minutes(3)
    assert world.weights == CANDIDATE
    assert followed.traffic.holds_update == followed.status.message
    assert "A has no traffic" in followed.status.message
    assert "Commit the winner, or swap the roles" in followed.status.message


def test_a_new_model_of_the_baseline_alone_moves_no_weight():
    world = half_way()
    changed(world, "A")
    followed = world.minutes(3)
    assert world.weights == HALF
    assert (followed.traffic.holds_update, followed.traffic.drained_first) == ("", frozenset())
    assert followed.traffic.keeps_capacity == {"A"}


def test_a_new_model_of_the_candidate_takes_its_traffic_away_first():
    world = half_way()
    changed(world, "B")
    followed = world.minutes(3)
    assert world.weights == {"A": 100.0, "B": 0.0}
    assert followed.traffic.drained_first == {"B"}
    assert followed.traffic.keeps_capacity == {"A"}


def shares_of_the_candidate(world, minutes):
    """Return the shares that the candidate has had one after the other."""
    seen = [world.weights["B"]]
    for _ in range(minutes):
        world.minute()
        if world.weights["B"] != seen[-1]:
            seen.append(world.weights["B"])
    return seen


def test_a_baseline_that_may_have_scaled_in_gets_its_traffic_back_step_by_step_before_an_update():
    world = promoted(autoscaled="AB")
    changed(world, "B")
    assert "step by step" in world.follow().traffic.holds_update
    assert shares_of_the_candidate(world, 60) == [90.0, 80.0, 60.0, 20.0, 0.0]
    assert world.follow().traffic.drained_first == {"B"}


def test_a_baseline_that_may_have_scaled_in_gets_its_traffic_back_step_by_step_in_the_next_run():
    world = promoted(autoscaled="AB")
    world.policy = stepped(steps=[{"percent": 10, "hold": {"minDurationSeconds": 7200}}, {"percent": 100}])
    assert shares_of_the_candidate(world, 45) == [100.0, 90.0, 80.0, 60.0, 20.0, 10.0]


def test_weights_that_are_no_percents_are_shares_all_the_same():
    world = World(stepped(steps=[{"percent": 60}, {"percent": 100}]))
    world.weights, world.autoscaled = {"A": 9.0, "B": 1.0}, frozenset("B")
    world.minute()
    assert world.weights == {"A": 90.0, "B": 10.0}


def test_the_baseline_keeps_its_capacity_after_evidence_was_lost():
    world = half_way()
    world.written = None
    world.restart()
    assert world.follow().record.outcome is Outcome.EVIDENCE_LOST
    assert world.minutes(60).traffic.keeps_capacity == {"A"}
