"""Gates say what keeps a run from its next step, also while there is nothing to look at."""

import pytest

from sagemaker_ab.planning.run_data import Availability
from tests.unit.planning.run_worlds import World, stepped

REFUSED = "CloudWatch cannot be read"


def shown(status):
    return {gate.name: (gate.state, gate.message) for gate in status.gates}


def unread(minutes, **policy):
    """Return the world and the status after CloudWatch has refused to be read for so long."""
    world = World(stepped(**policy))
    world.minutes(14)
    world.readable, world.availability = False, Availability.REFUSED
    return world, world.minutes(minutes).status


def test_a_healthy_run_waits_for_time_alone():
    status = World().minutes(14).status
    assert {name: state for name, (state, _) in shown(status).items()} == {
        "minDuration": "Waiting",
        "minRequests": "Satisfied",
        "guardrails": "Satisfied",
        "sampleRatio": "Satisfied",
        "dataFresh": "Satisfied",
    }


def test_data_that_cannot_be_read_blocks_at_once():
    _, status = unread(1)
    assert shown(status)["dataFresh"] == ("Blocked", REFUSED)
    assert status.decisions[-1].reason == "StepHold"


def test_once_the_data_is_old_the_hold_of_the_step_does_not_count():
    _, status = unread(30)
    gates = shown(status)
    assert status.message == f"Step 1 of 3 at 10%: on hold. {REFUSED}"
    assert gates["dataFresh"] == ("Blocked", REFUSED)
    assert gates["minDuration"] == ("Waiting", "The time at 10% starts again once there is recent data")
    assert gates["minRequests"] == ("Satisfied", "50 or more of 50 requests")
    assert status.step.applied_since is None


def test_a_step_that_is_approved_meanwhile_is_shown_as_approved():
    steps = [{"percent": 10, "hold": {"minDurationSeconds": 600}, "approval": "Required"}, {"percent": 100}]
    world, status = unread(30, steps=steps)
    assert shown(status)["approval"][0] == "Waiting"
    world.commands = {"approve": f"{status.run}/1"}
    assert shown(world.minute().status)["approval"][0] == "Satisfied"


def test_data_that_is_back_before_it_is_old_is_shown_at_once():
    world, _ = unread(1)
    world.readable, world.availability = True, Availability.FRESH
    assert shown(world.minute().status)["dataFresh"] == ("Satisfied", "The newest minutes have data")


def test_after_an_outage_the_hold_counts_from_the_newest_minute():
    world, before = unread(30)
    world.readable, world.availability = True, Availability.FRESH
    back = world.minute().status
    assert shown(back)["dataFresh"][0] == "Satisfied"
    assert shown(back)["minDuration"][1].startswith("At 10% until")
    assert back.step.applied_since > before.decisions[-1].at


@pytest.mark.parametrize("availability", [Availability.ABSENT, Availability.STALE])
def test_a_metric_without_data_blocks_although_minutes_are_read(availability):
    world = World()
    world.minutes(14)
    world.availability = availability
    assert shown(world.minute().status)["dataFresh"][0] == "Blocked"


def test_an_outage_is_written_once():
    world, _ = unread(30)
    written = world.writes
    world.minutes(120)
    assert world.writes == written
