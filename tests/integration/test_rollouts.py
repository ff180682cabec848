"""A stepped rollout steers a live endpoint: what it decides, what it sends, and what it says meanwhile."""

from tests.integration.rollouts import STEPS, Rollout, stepped
from tests.integration.stage import aws, by_hand, with_revision
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

FIRST = {"VariantA": 90.0, "VariantB": 10.0}
SECOND = {"VariantA": 50.0, "VariantB": 50.0}
CANDIDATE = {"VariantA": 0.0, "VariantB": 100.0}
BASELINE = {"VariantA": 100.0, "VariantB": 0.0}


def decisions(rollout):
    return [(each["verdict"], each["reason"], each["step"]) for each in rollout.status["decisions"]]


def condition(rollout, kind):
    return rollout.operator.conditions[kind].partition(":")[0]


def test_a_good_candidate_gets_all_traffic_step_by_step():
    rollout = Rollout()
    rollout.until_ended()
    rollout.run(minutes=5)
    assert rollout.weight_calls() == [FIRST, SECOND, CANDIDATE]
    assert rollout.weights == CANDIDATE
    assert rollout.status["outcome"] == "Promoted"
    assert condition(rollout, "Decided") == "True StepsCompleted"
    assert condition(rollout, "Ready") == "True InService"
    assert rollout.reasons.count("RunStarted") == rollout.reasons.count("Promoted") == 1
    assert rollout.cluster.resource["status"]["summary"].endswith("Stepped: Promoted")


def test_ready_does_not_wait_for_the_run():
    rollout = Rollout()
    rollout.run(minutes=5)
    assert "outcome" not in rollout.status
    assert condition(rollout, "Ready") == "True InService"
    assert condition(rollout, "Decided").startswith("False")


def test_the_patch_of_a_promotion_moves_no_weight():
    rollout = Rollout()
    rollout.until_ended()
    rollout.run(minutes=3)
    assert condition(rollout, "SpecConverged") == "False PatchNotCommitted"
    calls = rollout.weight_calls()
    rollout.cluster.apply(rollout.patched())
    rollout.run(minutes=10)
    assert rollout.operator.ready
    assert rollout.weights == CANDIDATE
    assert rollout.weight_calls() == calls
    assert rollout.status == {"strategy": "Manual"}
    assert "SpecConverged" not in rollout.operator.conditions


def test_a_candidate_that_fails_twenty_times_as_often_is_rolled_back_by_one_call():
    rollout = Rollout(stepped(breakers=[]))
    rollout.fails("bert-a", 0.01)
    rollout.fails("bert-b", 0.2)
    assert rollout.until_ended() <= 20
    rollout.run(minutes=60)
    assert rollout.status["outcome"] == "RolledBack"
    assert condition(rollout, "Decided") == "True GuardrailBreached"
    assert rollout.weight_calls() == [FIRST, BASELINE]
    assert "ServerErrors of VariantB" in rollout.event("RolledBack")


def test_a_tripped_breaker_rolls_back_within_minutes():
    rollout = Rollout(stepped(guardrails=[]))
    rollout.run(minutes=5)
    rollout.fails("bert-b", 0.5)
    assert rollout.until_ended() <= 10
    assert decisions(rollout)[-1] == ("Rollback", "BreakerTripped", 1)


def test_after_a_rollback_only_a_changed_spec_or_a_retry_starts_another_run():
    rollout = Rollout()
    rollout.fails("bert-b", 0.5)
    rollout.until_ended()
    first = rollout.status["run"]
    rollout.run(minutes=60)
    assert rollout.status["run"] == first
    rollout.fails("bert-b", 0.0)
    rollout.command(retry=first)
    rollout.run(minutes=5)
    assert rollout.status["attempt"] == 2
    assert rollout.status["run"] != first
    assert rollout.weights == FIRST


def test_without_traffic_nothing_advances_and_nothing_is_written():
    rollout = Rollout(rate=0)
    rollout.run(minutes=60)
    assert decisions(rollout)[-1] == ("Hold", "NoTraffic", 1)
    assert rollout.status["data"]["state"] == "NoTraffic"
    written = rollout.cluster.status_writes
    rollout.run(minutes=120)
    assert rollout.cluster.status_writes == written
    assert rollout.weights == FIRST


def test_no_traffic_rolls_back_if_the_policy_says_so():
    rollout = Rollout(stepped(onNoTraffic="Rollback"), rate=0)
    assert rollout.until_ended() <= 60
    assert decisions(rollout)[-1] == ("Rollback", "NoTraffic", 1)


def test_while_cloudwatch_refuses_the_run_holds_and_its_hold_starts_again():
    rollout = Rollout()
    rollout.run(minutes=12)
    fault = rollout.sim.fault({"denied": True}, match={"operation": "GetMetricData"}, count=None)
    rollout.fails("bert-b", 0.5)
    rollout.run(minutes=60)
    assert decisions(rollout)[-1] == ("Hold", "MissingData", 1)
    assert rollout.status["data"]["state"] == "Refused"
    assert "not authorized" in rollout.status["data"]["message"]
    assert rollout.weights == FIRST
    rollout.fails("bert-b", 0.0)
    rollout.sim.gateway.faults.remove(fault)
    begun = rollout.until(lambda: rollout.status["data"]["state"] == "Fresh", minutes=10)
    assert begun
    rollout.run(minutes=3)
    assert rollout.status["outcome"] == "RolledBack"


def test_a_step_waits_for_approval_and_the_deadline_ends_a_forgotten_one():
    steps = [{**STEPS[0], "approval": "Required"}, *STEPS[1:]]
    rollout = Rollout(stepped(steps=steps, deadlineSeconds=7200))
    rollout.run(minutes=60)
    assert decisions(rollout)[-1] == ("Undecided", "ApprovalRequired", 1)
    assert [gate["name"] for gate in rollout.status["gates"] if gate["state"] != "Satisfied"] == ["approval"]
    rollout.command(approve=f"{rollout.status['run']}/1")
    rollout.run(minutes=6)
    assert rollout.weights == SECOND
    assert rollout.status["commands"][0]["effect"] == "Applied"


def test_a_forgotten_approval_is_rolled_back_at_the_deadline():
    steps = [{**STEPS[0], "approval": "Required"}, *STEPS[1:]]
    rollout = Rollout(stepped(steps=steps, deadlineSeconds=7200))
    assert 115 < rollout.until_ended() < 130
    assert decisions(rollout)[-1] == ("Rollback", "DeadlineExceeded", 1)


def test_observe_decides_and_reports_and_never_moves_a_weight():
    rollout = Rollout(stepped(mode="Observe"))
    rollout.run(minutes=30)
    assert rollout.weight_calls() == []
    by_hand(
        rollout.operator,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[
            {"VariantName": name, "DesiredWeight": weight} for name, weight in FIRST.items()
        ],
    )
    rollout.fails("bert-b", 0.5)
    rollout.until_ended()
    rollout.run(minutes=10)
    assert rollout.status["outcome"] == "RolledBack"
    assert rollout.weights == FIRST
    assert rollout.weight_calls() == []
    assert rollout.operator.ready


def test_weights_moved_by_hand_are_repaired_and_their_minutes_do_not_stop_the_run():
    rollout = Rollout()
    rollout.run(minutes=8)
    by_hand(
        rollout.operator,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[
            {"VariantName": "VariantA", "DesiredWeight": 1},
            {"VariantName": "VariantB", "DesiredWeight": 1},
        ],
    )
    rollout.run(minutes=5)
    assert rollout.weights == FIRST
    rollout.until_ended()
    assert rollout.status["outcome"] == "Promoted"


def test_a_candidate_that_does_not_get_its_instances_gets_no_more_traffic():
    rollout = Rollout()
    rollout.run(minutes=5)
    rollout.sim.edit(quota={"ml.m5.large": 2})
    rollout.cluster.apply(with_variant(stepped(), "VariantB", instanceCount=3))
    rollout.run(minutes=60)
    assert rollout.status["step"]["number"] == 2
    assert decisions(rollout)[-1] == ("Undecided", "WeightsNotApplied", 2)
    assert rollout.weight_calls() == [FIRST]
    assert "VariantB has 1 of 3 instances" in rollout.operator.conditions["Ready"]
    rollout.sim.edit(quota={"ml.m5.large": None})
    rollout.until_ended()
    assert rollout.status["outcome"] == "Promoted"


def test_a_model_change_supersedes_the_run_and_drains_the_candidate_before_its_update():
    rollout = Rollout()
    rollout.run(minutes=8)
    first = rollout.status["run"]
    assert rollout.weights == FIRST
    rollout.cluster.apply(with_revision(stepped(), "2"))
    rollout.until(lambda: rollout.status.get("run") not in {None, first}, minutes=30)
    assert rollout.weight_calls()[:2] == [FIRST, BASELINE]
    assert "Superseded" in rollout.reasons
    rollout.until_ended()
    assert rollout.status["outcome"] == "Promoted"


def test_a_resource_that_leaves_manual_starts_from_what_serves():
    rollout = Rollout(spec())
    rollout.cluster.apply(stepped())
    rollout.run(minutes=5)
    assert rollout.weight_calls() == [FIRST]


def test_the_evidence_of_a_steady_hour_takes_a_write_every_five_minutes_at_most():
    rollout = Rollout(stepped(steps=[{"percent": 10, "hold": {"minDurationSeconds": 36000}}, *STEPS[2:]]))
    for model in ("bert-a", "bert-b"):
        rollout.fails(model, 0.01)
    rollout.run(minutes=30)
    written = rollout.cluster.status_writes
    rollout.run(minutes=120)
    assert 5 <= rollout.cluster.status_writes - written <= 24


def test_a_good_candidate_bakes_at_all_traffic_and_is_then_promoted():
    """The baseline has no share any more. CloudWatch shows nothing of it, also not 0 requests."""
    rollout = Rollout(stepped(bakeSeconds=1200), sim=aws(variants={"metrics.idle-invocations": 1}))
    rollout.until(lambda: rollout.weights == CANDIDATE)
    assert rollout.until(lambda: "appliedSince" in rollout.status["step"]) <= 8
    assert 18 <= rollout.until_ended() <= 25
    assert rollout.status["outcome"] == "Promoted"
    assert rollout.status["data"]["state"] == "Fresh"
    assert rollout.weight_calls() == [FIRST, SECOND, CANDIDATE]


def test_a_candidate_that_fails_while_it_bakes_is_rolled_back():
    rollout = Rollout(stepped(bakeSeconds=3600, breakers=[{"metric": "ServerErrors", "maxRate": "0.2"}]))
    rollout.until(lambda: rollout.weights == CANDIDATE)
    rollout.run(minutes=30)
    rollout.fails("bert-b", 0.5)
    assert rollout.until_ended() <= 10
    assert decisions(rollout)[-1] == ("Rollback", "BreakerTripped", 3)


def test_a_candidate_that_fails_while_it_scales_is_rolled_back_and_not_promoted():
    """While AWS updates the endpoint, no weight is verified, but breakers count."""
    autoscaled = with_variant(
        spec(),
        "VariantB",
        instanceCount=None,
        autoscaling={**AUTOSCALING, "minCapacity": 1, "maxCapacity": 10},
    )
    hold = {"minDurationSeconds": 1800, "minRequests": 50}
    rollout = Rollout(stepped(autoscaled, steps=[{"percent": 10, "hold": hold}, {"percent": 100}]))
    rollout.until(lambda: "appliedSince" in rollout.status["step"])
    rollout.run(minutes=20)
    rollout.fails("bert-b", 1.0)
    count = {"VariantName": "VariantB", "DesiredInstanceCount": 3}
    by_hand(
        rollout.operator,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[count],
    )
    assert rollout.until_ended() <= 10
    rollout.run(minutes=5)
    assert rollout.status["outcome"] == "RolledBack"
    assert rollout.weight_calls() == [FIRST, BASELINE]


def test_a_candidate_that_fails_before_it_has_all_the_traffic_is_not_promoted():
    autoscaled = with_variant(
        spec(),
        "VariantB",
        instanceCount=None,
        autoscaling={**AUTOSCALING, "minCapacity": 1, "maxCapacity": 10},
    )
    rollout = Rollout(stepped(autoscaled, steps=[STEPS[0], {"percent": 100}]))
    rollout.until(lambda: rollout.weights["VariantB"] == 20)
    assert decisions(rollout)[-1] == ("Promote", "StepsCompleted", 2)
    assert "patch" not in rollout.status
    rollout.fails("bert-b", 1.0)
    rollout.until_ended(minutes=10)
    rollout.run(minutes=5)
    assert rollout.status["outcome"] == "RolledBack"
    assert rollout.weights == BASELINE


def test_a_run_whose_weights_aws_refuses_stays_in_its_first_step():
    rollout = Rollout(stepped(deadlineSeconds=86400))
    rollout.sim.fault({"denied": True}, match={"operation": "UpdateEndpointWeightsAndCapacities"}, count=None)
    rollout.sim.edit(weights={"endpoint": "reviews", "variants": SECOND})
    rollout.run(minutes=90)
    assert rollout.status["step"]["number"] == 1
    assert "outcome" not in rollout.status
    assert decisions(rollout)[-1] == ("Undecided", "WeightsNotApplied", 1)
