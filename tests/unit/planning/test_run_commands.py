"""Commands name their run, are consumed once, and a stale one changes nothing."""

import pytest

from sagemaker_ab.planning.runs.command_values import value_to_give
from sagemaker_ab.planning.runs.commands import asks_for_retry, consume_commands, refuse_commands
from sagemaker_ab.planning.runs.outcome import Outcome
from sagemaker_ab.planning.runs.record import RunRecord
from tests.unit.planning.run_worlds import START, World, stepped

NOW = START * 60.0
OTHER = "ffffffffff-9"


@pytest.fixture
def record() -> RunRecord:
    """A run in its first step."""
    followed = World().minutes(12)
    assert followed.record is not None
    return followed.record


def entry(record, command):
    return next(each for each in record.commands if each.command == command)


def consumed(record, **commands):
    values = {name: value.replace("RUN", record.run) for name, value in commands.items()}
    return consume_commands(record, values, now=NOW)


@pytest.mark.parametrize(
    ("command", "value", "changes"),
    [
        ("approve", "RUN/1", {"approved": frozenset({1})}),
        ("approve", "RUN/3", {"approved": frozenset({3})}),
        ("hold", "RUN", {"held": True}),
        ("hold", "RUN/2", {"held": True}),
        ("abort", "RUN", {"outcome": Outcome.ABORTED, "requested": {"A": 100, "B": 0}}),
        ("promote", "RUN", {"promoted": True, "outcome": None, "requested": {"A": 0, "B": 100}}),
    ],
)
def test_a_command_changes_its_run(record, command, value, changes):
    after = consumed(record, **{command: value})
    assert {name: getattr(after, name) for name in changes} == changes
    assert entry(after, command).effect == "Applied"
    assert entry(after, command).value == value.replace("RUN", record.run)


@pytest.mark.parametrize(
    ("command", "value", "word"),
    [
        ("approve", f"{OTHER}/1", "not the current run"),
        ("approve", "RUN", "not one of the 3 steps"),
        ("approve", "RUN/0", "not one of the 3 steps"),
        ("approve", "RUN/4", "not one of the 3 steps"),
        ("approve", "RUN/1.0", "not one of the 3 steps"),
        ("hold", OTHER, "not the current run"),
        ("hold", "", "not the current run"),
        ("hold", "RUN/", "not the current run"),
        ("hold", "RUN/0", "not the current run"),
        ("hold", "RUN/x", "not the current run"),
        ("hold", "RUN/1000000", "not the current run"),
        ("hold", f"{OTHER}/2", "not the current run"),
        ("abort", "RUN/2", "not the current run"),
        ("resume", "RUN", "is not held"),
        ("abort", OTHER, "not the current run"),
        ("promote", "RUN/1", "not the current run"),
        ("retry", "RUN", "goes on"),
        ("retry", OTHER, "not the current run"),
    ],
)
def test_a_command_for_another_run_or_step_is_refused(record, command, value, word):
    after = consumed(record, **{command: value})
    assert entry(after, command).effect == "Refused"
    assert word in entry(after, command).message
    assert consumed(after) == record


def test_a_command_is_consumed_once(record):
    held = consumed(record, hold="RUN")
    resumed = consumed(held, hold="RUN", resume="RUN")
    assert not resumed.held
    assert consumed(resumed, hold="RUN", resume="RUN") == resumed


def test_a_number_after_the_run_lets_a_person_hold_resume_and_hold_again(record):
    """Each value differs from the one before, as `kubectl annotate --overwrite` sets it."""
    held = []
    for hold, resume in [(1, None), (1, 1), (2, 1), (2, 2), (3, 2)]:
        given = {"hold": f"RUN/{hold}", "resume": resume and f"RUN/{resume}"}
        record = consumed(record, **{name: value for name, value in given.items() if value})
        held.append(record.held)
    assert held == [True, False, True, False, True]


def test_a_value_of_before_is_new_after_another_one(record):
    resumed = consumed(consumed(record, hold="RUN"), hold="RUN", resume="RUN")
    assert consumed(consumed(resumed, hold="RUN/2"), hold="RUN/2", resume="RUN/2").held is False
    assert consumed(resumed, hold=f"{OTHER}/1").held is False
    assert consumed(consumed(resumed, hold=OTHER, resume="RUN"), hold="RUN", resume="RUN").held


def test_a_retry_that_came_too_early_can_be_given_again(record):
    early = consumed(record, retry="RUN")
    ended = consumed(early, retry="RUN", abort="RUN")
    assert not asks_for_retry(ended)
    assert asks_for_retry(consumed(ended, retry="RUN/2", abort="RUN"))


def test_a_command_can_be_given_again_after_its_annotation_was_removed(record):
    resumed = consumed(consumed(record, hold="RUN"), resume="RUN")
    assert consumed(resumed, hold="RUN").held


def test_of_an_abort_and_a_promotion_the_abort_wins(record):
    after = consumed(record, promote="RUN", abort="RUN")
    assert after.outcome is Outcome.ABORTED
    assert entry(after, "promote").effect == "Refused"


def test_a_promotion_reports_the_gates_that_it_overrode(record):
    message = entry(consumed(record, promote="RUN"), "promote").message
    assert "minDuration" in message
    assert "guardrails" not in message


@pytest.mark.parametrize(("command", "outcome"), [("abort", Outcome.ABORTED), ("promote", Outcome.PROMOTED)])
def test_under_observe_a_command_that_ends_the_run_says_that_the_weights_stay(command, outcome):
    observing = World(stepped(mode="Observe")).minutes(12).record
    after = consumed(observing, **{command: "RUN"})
    stays = "The run has ended. The weights stay, because its mode is Observe."
    assert after.outcome is outcome
    assert entry(after, command).message.startswith(stays)
    assert "traffic" not in entry(after, command).message


def test_under_observe_a_hold_speaks_of_the_step():
    observing = World(stepped(mode="Observe")).minutes(12).record
    message = entry(consumed(observing, hold="RUN"), "hold").message
    assert message == "The run stays in its step until it is resumed. A rollback still ends it."


def test_only_a_run_that_has_ended_can_be_retried_and_nothing_else_changes_it(record):
    ended = consumed(record, abort="RUN")
    again = consumed(ended, abort="RUN", retry="RUN", hold="RUN")
    assert asks_for_retry(again)
    assert entry(again, "hold").effect == "Refused"
    assert not asks_for_retry(ended)


def test_a_step_that_is_over_cannot_be_approved():
    world = World()
    world.until_ended()
    record = RunRecord.from_status(world.follow().status)
    assert record is not None
    assert entry(consumed(record, approve="RUN/1"), "approve").effect == "Refused"


def test_without_a_run_every_command_is_refused_once():
    first = refuse_commands((), {"hold": OTHER}, now=NOW, why="No run has started yet.")
    assert [each.effect for each in first] == ["Refused"]
    assert refuse_commands(first, {"hold": OTHER}, now=NOW + 60, why="…") == first
    assert refuse_commands(first, {}, now=NOW, why="…") == ()


def test_a_promotion_is_refused_while_a_person_holds_the_run():
    world = World()
    run = world.minutes(3).record.run
    world.commands = {"hold": run, "promote": run}
    effects = {each.command: each.effect for each in world.minute().status.commands}
    assert effects == {"hold": "Applied", "promote": "Refused"}
    assert world.weights == {"A": 90.0, "B": 10.0}


@pytest.mark.parametrize(("percent", "step"), [(50, 3), (90, 2)])
def test_an_approval_is_for_the_step_as_it_was(percent, step):
    def policy(percent):
        hold = {"minDurationSeconds": 600, "minRequests": 50}
        second = {"percent": percent, "hold": hold, "approval": "Required"}
        return stepped(steps=[{"percent": 10, "hold": hold}, second, {"percent": 100, "hold": hold}])

    world = World(policy(50))
    run = world.minutes(5).record.run
    world.commands["approve"] = f"{run}/2"
    world.minute()
    world.policy = policy(percent)
    record = world.minutes(26).record
    assert record.step == step
    if step == 2:
        again = value_to_give("approve", record, world.commands["approve"])
        assert again == f"{run}/2/2"
        world.commands["approve"] = again
        assert world.minutes(2).record.step == 3


def test_a_superseded_run_cannot_be_retried():
    world = World()
    run = world.minutes(5).record.run
    world.deployed, world.content = False, {"A": {"ModelName": "model-a"}, "B": {"ModelName": "new"}}
    world.minute()
    world.commands["retry"] = run
    [entry] = world.minute().status.commands
    assert entry.effect == "Refused"
    assert "superseded" in entry.message
