"""What people do to a run: commands by annotations, edits of the policy, and a status that is gone."""

import copy

from tests.integration.rollouts import STEPS, Rollout, stepped
from tests.integration.stage import by_hand
from tests.unit.planning.worlds import spec

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews"
FIRST = {"VariantA": 90.0, "VariantB": 10.0}
SECOND = {"VariantA": 50.0, "VariantB": 50.0}
CANDIDATE = {"VariantA": 0.0, "VariantB": 100.0}
BASELINE = {"VariantA": 100.0, "VariantB": 0.0}


def effects(rollout):
    return {each["command"]: each["effect"] for each in rollout.status.get("commands", ())}


def without_traffic_status(rollout):
    """Delete status.traffic by hand."""
    status = copy.deepcopy(rollout.cluster.resource["status"])
    del status["traffic"]
    rollout.cluster.set_status(**status)


# Commands


def test_a_held_run_keeps_its_weights_and_goes_on_once_it_is_resumed():
    rollout = Rollout()
    rollout.run(minutes=5)
    rollout.command(hold=rollout.status["run"])
    rollout.run(minutes=40)
    assert rollout.weights == FIRST
    assert rollout.operator.conditions["RunHeld"].startswith("True HoldRequested")
    assert rollout.status["decisions"][-1]["reason"] == "HoldRequested"
    rollout.command(hold=None, resume=rollout.status["run"])
    rollout.run(minutes=6)
    assert rollout.weights == SECOND
    assert "RunHeld" not in rollout.operator.conditions
    assert rollout.reasons.count("RunHeld") == rollout.reasons.count("RunResumed") == 1


def test_a_held_run_is_still_rolled_back():
    rollout = Rollout()
    rollout.run(minutes=5)
    rollout.command(hold=rollout.status["run"])
    rollout.fails("bert-b", 0.5)
    assert rollout.until_ended() < 15
    rollout.run(minutes=3)
    assert rollout.weights == BASELINE


def test_an_aborted_run_returns_to_the_baseline_at_once():
    rollout = Rollout()
    rollout.run(minutes=5)
    rollout.command(abort=rollout.status["run"])
    rollout.run(minutes=2)
    assert rollout.weights == BASELINE
    assert rollout.status["outcome"] == "Aborted"
    assert rollout.operator.conditions["Decided"].startswith("True AbortRequested")


def test_a_promoted_run_says_which_gates_were_overridden():
    rollout = Rollout()
    rollout.run(minutes=8)
    rollout.command(promote=rollout.status["run"])
    rollout.run(minutes=2)
    assert rollout.weights == CANDIDATE
    [entry] = rollout.status["commands"]
    assert entry["effect"] == "Applied"
    assert "overrode minDuration" in entry["message"]


def test_stale_and_foreign_commands_change_nothing_and_are_refused_once():
    rollout = Rollout()
    rollout.run(minutes=5)
    run = rollout.status["run"]
    rollout.command(abort="0123456789-1", promote="", hold="all", resume=run, retry=run, approve=f"{run}/9")
    rollout.run(minutes=3)
    assert set(effects(rollout).values()) == {"Refused"}
    assert rollout.reasons.count("CommandRefused") == 6
    assert rollout.weights == FIRST
    rollout.until_ended()
    assert rollout.status["outcome"] == "Promoted"


def test_under_manual_a_command_is_refused():
    rollout = Rollout()
    rollout.until_ended()
    rollout.run(minutes=3)
    rollout.cluster.apply(rollout.patched())
    rollout.command(hold="0123456789-1")
    rollout.run(minutes=3)
    assert effects(rollout) == {"hold": "Refused"}


# Edits


def test_steps_that_are_ahead_can_be_edited_without_another_run():
    rollout = Rollout()
    rollout.run(minutes=8)
    run = rollout.status["run"]
    rollout.cluster.apply(stepped(steps=[STEPS[0], {**STEPS[1], "percent": 30}, STEPS[2]]))
    rollout.until(lambda: rollout.status["step"]["number"] == 2)
    rollout.run(minutes=2)
    assert rollout.weights == {"VariantA": 70.0, "VariantB": 30.0}
    assert rollout.status["run"] == run


def test_another_guardrail_starts_another_run():
    rollout = Rollout()
    rollout.run(minutes=8)
    run = rollout.status["run"]
    rollout.cluster.apply(stepped(guardrails=[{"metric": "Latency", "noWorseThanPercent": 20}]))
    rollout.run(minutes=3)
    assert rollout.status["run"] != run
    assert "Superseded" in rollout.reasons
    assert rollout.weights == FIRST


# A status that is gone


def test_in_its_first_step_a_lost_run_is_rebuilt_from_cloudwatch():
    rollout = Rollout()
    rollout.fails("bert-a", 0.005)
    rollout.run(minutes=8)
    run = rollout.status["run"]
    without_traffic_status(rollout)
    rollout.run(minutes=2)
    assert rollout.status["run"] == run
    assert "outcome" not in rollout.status
    rollout.fails("bert-b", 0.15)
    rollout.until_ended()
    assert rollout.status["outcome"] == "RolledBack"


def test_in_a_later_step_a_lost_run_ends_and_its_weights_stay():
    rollout = Rollout()
    rollout.until(lambda: rollout.weights == SECOND)
    run = rollout.status["run"]
    without_traffic_status(rollout)
    rollout.run(minutes=30)
    assert rollout.status["run"] == run
    assert rollout.status["outcome"] == "EvidenceLost"
    assert rollout.weights == SECOND
    assert rollout.reasons.count("EvidenceLost") == 1
    rollout.command(retry=run)
    rollout.until(lambda: rollout.status.get("outcome") == "Promoted")
    assert rollout.status["attempt"] == 2


def test_a_finished_run_is_not_repeated_by_a_resource_that_was_created_again():
    rollout = Rollout()
    rollout.fails("bert-b", 0.5)
    rollout.until_ended()
    rollout.run(minutes=5)
    run, calls = rollout.status["run"], len(rollout.weight_calls())
    without_traffic_status(rollout)
    rollout.run(minutes=30)
    assert rollout.status["run"] == run
    assert rollout.status["outcome"] == "RolledBack"
    assert rollout.weights == BASELINE
    assert len(rollout.weight_calls()) == calls


def test_the_outcome_of_a_lost_run_is_kept_in_force():
    rollout = Rollout()
    rollout.until_ended()
    rollout.run(minutes=5)
    without_traffic_status(rollout)
    rollout.run(minutes=3)
    by_hand(
        rollout.operator,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[{"VariantName": "VariantB", "DesiredWeight": 50}],
    )
    rollout.run(minutes=5)
    assert rollout.weights == CANDIDATE
    assert rollout.status["patch"]


def test_a_state_that_cannot_be_read_counts_as_lost():
    rollout = Rollout()
    rollout.until(lambda: rollout.weights == SECOND)
    status = copy.deepcopy(rollout.cluster.resource["status"])
    status["traffic"]["state"] = "{}"
    rollout.cluster.set_status(**status)
    rollout.run(minutes=3)
    assert rollout.status["outcome"] == "EvidenceLost"


def test_weights_wait_while_the_endpoint_has_no_room_for_the_tag_of_the_run():
    """AWS allows 50 tags. The operator has four of them."""
    rollout = Rollout(spec())
    tags = [{"Key": f"key-{number}", "Value": "x"} for number in range(46)]
    by_hand(rollout.operator, "AddTags", ResourceArn=ARN, Tags=tags)
    rollout.cluster.apply(stepped())
    rollout.run(minutes=40)
    assert rollout.weight_calls() == []
    assert "the tag sagemaker-ab.dev/run of the endpoint" in rollout.operator.conditions["Stalled"]
    by_hand(rollout.operator, "DeleteTags", ResourceArn=ARN, TagKeys=["key-0"])
    rollout.until(lambda: rollout.weights["VariantB"] == 10, minutes=70)
