"""What conditions, summary and events say of a run."""

import pytest

from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning.runs.events import run_events
from sagemaker_ab.planning.runs.report import run_conditions, run_summary
from tests.unit.planning.run_worlds import World, stepped

MANUAL = TrafficStatus(strategy="Manual")


def conditions(status):
    return {each.type.value: (each.status, each.reason) for each in run_conditions(status)}


def events(before, after):
    return [(each.kind, each.reason) for each in run_events(before, after)]


def played(*, minutes=12, rate=0.0, **policy):
    """Return the world and the status of a run that has gone on for so long."""
    world = World(stepped(**policy))
    world.rates["B"] = rate
    return world, world.minutes(minutes).status


def test_under_manual_there_is_nothing_to_say():
    assert conditions(MANUAL) == {}
    assert run_summary(MANUAL) == ""
    assert events(None, MANUAL) == []
    assert events(MANUAL, None) == []


def test_before_the_start_the_run_is_undecided():
    world = World()
    world.deployed, world.changing = False, frozenset({"B"})
    status = world.minute().status
    assert conditions(status)["Decided"] == (False, "NotStarted")
    assert run_summary(status) == "Stepped: not started"
    assert [each.percent for each in status.weights] == [100, 0]


def test_while_it_goes_on_the_summary_says_what_it_waits_for():
    _, status = played()
    assert conditions(status) == {"Decided": (False, "StepHold"), "SpecConverged": (True, "Converged")}
    assert run_summary(status) == "Stepped step 1/3: waits for minDuration"


def test_a_held_run_has_a_condition_of_its_own():
    world, status = played()
    world.commands = {"hold": status.run}
    held = world.minute().status
    assert conditions(held)["RunHeld"] == (True, "HoldRequested")
    assert run_summary(held) == "Stepped step 1/3: held"
    assert events(status, held) == [("Normal", "RunHeld")]
    world.commands = {"resume": status.run}
    assert events(held, world.minute().status) == [("Normal", "RunResumed")]


@pytest.mark.parametrize(
    ("rate", "reason", "kind", "converged"),
    [
        (0.0, "StepsCompleted", "Normal", (False, "PatchNotCommitted")),
        (0.6, "BreakerTripped", "Warning", (True, "Converged")),
    ],
)
def test_an_outcome_decides_and_has_one_event(rate, reason, kind, converged):
    world, before = played(minutes=2, rate=rate)
    world.until_ended()
    after = world.follow().status
    assert conditions(after) == {"Decided": (True, reason), "SpecConverged": converged}
    assert run_summary(after) == f"Stepped: {after.outcome}"
    assert (kind, after.outcome) in events(before, after)
    assert events(after, world.minute().status) == []


def test_under_observe_a_promotion_asks_for_no_change_of_the_spec():
    world, status = played(mode="Observe")
    assert run_summary(status).startswith("Stepped (Observe) step 1/3")
    world.commands = {"promote": status.run}
    promoted = world.minute().status
    assert promoted.outcome == "Promoted"
    assert promoted.patch is None
    messages = [each.message for each in (*run_events(status, promoted), *run_conditions(promoted))]
    assert not [each for each in messages if "gets all the traffic" in each]
    assert world.weights == {"A": 100.0, "B": 0.0}


def test_a_start_and_each_step_have_an_event():
    world = World()
    before, found = None, []
    for _ in range(40):
        after = world.minute().status
        found += [reason for _, reason in events(before, after)]
        before = after
    assert found == ["RunStarted", "StepAdvanced", "StepAdvanced", "Promoted"]


def test_another_policy_supersedes_the_run_in_an_event():
    world, before = played()
    world.policy = stepped(falseAlarmRate="0.05")
    after = world.minute().status
    why = "The policy or the content of a variant changed. Another run follows"
    assert [each.message for each in run_events(before, after)] == [
        f"Run {before.run}: {why}",
        f"Run {after.run} of B started",
    ]
    assert [reason for _, reason in events(before, after)] == ["Superseded", "RunStarted"]
    assert (after.previous.run, after.previous.outcome) == (before.run, "Superseded")
    assert after.previous.message == why


def test_status_says_of_the_run_before_why_it_ended_until_the_next_one_ends():
    world, before = played(rate=0.6)
    world.until_ended()
    ended = world.follow().status
    assert ended.previous is None
    world.rates["B"] = 0.0
    world.commands = {"retry": before.run}
    previous = world.minutes(20).status.previous
    assert (previous.run, previous.outcome, previous.ended_at) == (before.run, "RolledBack", ended.ended_at)
    assert previous.message == ended.decisions[-1].message


def test_a_step_that_is_over_and_changes_is_named_as_the_reason():
    world, _ = played(minutes=20)
    over, *ahead = [each.model_dump(by_alias=True) for each in world.policy.steps]
    world.policy = stepped(steps=[over | {"percent": 5}, *ahead])
    message = world.minute().status.previous.message
    assert message == "The share of the current step, or a step that is over, changed. Another run follows"


def test_a_change_to_manual_ends_the_run_in_an_event():
    _, before = played()
    (event,) = run_events(before, MANUAL)
    assert (event.reason, event.message) == ("Superseded", f"Run {before.run}: The strategy changed")


def test_a_run_that_is_superseded_waits_for_the_content_of_the_next():
    world, before = played()
    world.content = {**world.content, "B": {"ModelName": "model-c"}}
    world.deployed, world.changing = False, frozenset({"B"})
    after = world.minute().status
    why = "The policy or the content of a variant changed. Another run follows"
    assert [each.message for each in run_events(before, after)] == [f"Run {before.run}: {why}"]
    decided = next(each for each in run_conditions(after) if each.type == "Decided")
    assert (decided.status, decided.reason) == (True, "Superseded")
    assert decided.message.startswith(f"{why}. The run starts once the endpoint is in service")
    assert after.outcome == "Superseded"
    assert world.weights == {"A": 100.0, "B": 0.0}
    world.deployed = True
    started = world.minute().status
    assert events(after, started) == [("Normal", "RunStarted")]
    assert started.outcome is None


def test_a_refused_command_has_one_warning():
    world, before = played()
    world.commands = {"abort": "0123456789-1"}
    after = world.minute().status
    assert events(before, after) == [("Warning", "CommandRefused")]
    assert events(after, world.minute().status) == []
