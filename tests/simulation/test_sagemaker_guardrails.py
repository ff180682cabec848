"""Deployment guardrails: a new fleet takes over step by step, and the time limit turns it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.guarded import (
    CANARY,
    CANARY_BAKING,
    FULL_BAKING,
    LINEAR,
    Guarded,
    instances,
    percent,
    policy,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.ledger("sm.guardrails.canary", "sm.guardrails.activating", "sm.guardrails.baking")
@pytest.mark.ledger("sm.guardrails.capacity-canary", "sm.guardrails.capacity-full", "sm.variant.launching")
def test_a_canary_bakes_before_the_whole_fleet_takes_over_and_bakes_again(guarded: Guarded) -> None:
    guarded.update(CANARY)
    assert list(guarded.stages()) == [
        "Creating: Launching 4 instance(s).",
        "ActivatingTraffic: Activating traffic on canary capacity of 1 instance(s).",
        CANARY_BAKING.format(1) + "instance(s).",
        "ActivatingTraffic: Activating traffic on full capacity of 4 instance(s).",
        FULL_BAKING,
    ]
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "next")
    assert "FailureReason" not in found


@pytest.mark.ledger("sm.guardrails.linear")
def test_linear_steps_go_on_until_the_whole_fleet_serves(guarded: Guarded) -> None:
    guarded.update(LINEAR)
    baking = [said for said in guarded.stages() if said.startswith("Baking")]
    assert [said.partition("enabled on ")[2] for said in baking] == [
        "canary capacity of 1 instance(s).",
        "canary capacity of 2 instance(s).",
        "canary capacity of 3 instance(s).",
        "full capacity of 4 instance(s).",
    ]
    assert guarded.deployer.describe()["EndpointConfigName"] == "next"


@pytest.mark.ledger("sm.guardrails.termination-wait")
def test_all_at_once_bakes_once_and_without_policy_not_at_all(guarded: Guarded) -> None:
    guarded.update(policy("ALL_AT_ONCE", wait=0, final_wait=120))
    baking = [said for said in guarded.stages() if said.startswith("Baking")]
    assert [said.partition(" with")[0] for said in baking] == [
        "Baking: Baking for 120 seconds (TerminationWaitInSeconds)"
    ]


@pytest.mark.ledger("sm.guardrails.terminating", "sm.guardrails.terminating-seconds")
@pytest.mark.ledger("sm.guardrails.activating-seconds")
def test_the_old_fleet_is_terminated_before_the_endpoint_is_in_service_on_its_new_config(
    guarded: Guarded,
) -> None:
    guarded.update(policy("ALL_AT_ONCE", wait=0, final_wait=0))
    guarded.wait_for("Baking")
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Updating", "first")
    (said,) = found["ProductionVariants"][0]["VariantStatus"]
    assert (said["Status"], said["StatusMessage"]) == ("Deleting", "Terminating 4 instance(s).")
    assert guarded.serve()["VariantB", "new"] == 75
    assert guarded.serve()["VariantB", "old"] == 0


@pytest.mark.ledger("sm.guardrails.traffic")
@pytest.mark.parametrize("active", [1, 2, 3])
def test_traffic_is_divided_between_the_fleets_by_the_instances_turned_on(
    guarded: Guarded, active: int
) -> None:
    guarded.update(LINEAR)
    for step in range(1, active + 1):
        guarded.wait_for(CANARY_BAKING.format(step))
    share = 25 * active
    served = guarded.serve()
    expected = {
        ("VariantA", "old"): (100 - share) / 4,
        ("VariantB", "old"): 3 * (100 - share) / 4,
        ("VariantA", "new"): share / 4,
        ("VariantB", "new"): 3 * share / 4,
    }
    assert served == pytest.approx(expected, abs=3)
    targeted_at = guarded.serve("VariantA")
    assert targeted_at == pytest.approx({("VariantA", "old"): 100 - share, ("VariantA", "new"): share}, abs=3)


def test_before_its_traffic_is_turned_on_the_new_fleet_serves_nothing(guarded: Guarded) -> None:
    guarded.update(CANARY)
    guarded.wait_for("ActivatingTraffic")
    assert {model for _, model in guarded.serve()} == {"old"}


def test_all_that_both_fleets_serve_counts_for_the_variant(guarded: Guarded) -> None:
    guarded.update(LINEAR)
    guarded.wait_for("Baking")
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 600})
    start = guarded.now()
    guarded.sim.advance(seconds=10)
    guarded.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    guarded.sim.advance(minutes=5)
    assert sum(guarded.invocations(name, start) for name in ("VariantA", "VariantB")) == 100


@pytest.mark.ledger("sm.guardrails.whole-instances")
@pytest.mark.parametrize(("number", "canary"), [(0, 1), (1, 2)])
def test_a_canary_of_a_third_of_four_instances_is_one_or_two(
    guarded_under: Callable[..., Guarded], number: int, canary: int
) -> None:
    guarded = guarded_under(whole_instances=number)
    guarded.update(policy("CANARY", CanarySize=percent(33)))
    guarded.wait_for(CANARY_BAKING.format(canary))


@pytest.mark.parametrize("size", [instances(2), percent(50)])
def test_a_canary_may_be_half_of_the_fleet(guarded: Guarded, size: dict[str, Any]) -> None:
    guarded.update(policy("CANARY", CanarySize=size))
    guarded.wait_for("Baking")
    assert guarded.serve()["VariantB", "new"] == pytest.approx(37.5, abs=3)


@pytest.mark.ledger("sm.guardrails.sizes", "sm.guardrails.size")
@pytest.mark.parametrize(
    "deployment",
    [
        policy("CANARY", CanarySize=percent(51)),
        policy("CANARY", CanarySize=instances(3)),
        policy("LINEAR", LinearStepSize=percent(9)),
        policy("LINEAR", LinearStepSize=instances(3)),
    ],
)
def test_steps_that_are_too_small_or_too_large_are_refused(
    guarded: Guarded, refused: Any, deployment: dict[str, Any]
) -> None:
    assert refused(guarded.update, deployment)[0] == "ValidationException"
    assert guarded.deployer.describe()["EndpointStatus"] == "InService"


@pytest.mark.ledger("sm.guardrails.size-absent")
@pytest.mark.parametrize("kind", ["CANARY", "LINEAR"])
def test_steps_need_a_size(guarded: Guarded, refused: Any, kind: str) -> None:
    assert refused(guarded.update, policy(kind))[0] == "ValidationException"


@pytest.mark.ledger("sm.guardrails.limit-short")
def test_a_time_limit_shorter_than_the_waits_is_refused(guarded: Guarded, refused: Any) -> None:
    deployment = policy("ALL_AT_ONCE", wait=300, final_wait=300, MaximumExecutionTimeoutInSeconds=600)
    assert refused(guarded.update, deployment)[0] == "ValidationException"


@pytest.mark.ledger("sm.guardrails.limit-reason", "sm.guardrails.rollback")
def test_a_deployment_that_takes_too_long_is_rolled_back(guarded: Guarded) -> None:
    guarded.update(policy("LINEAR", LinearStepSize=percent(10), MaximumExecutionTimeoutInSeconds=700))
    guarded.wait_for("Deleting")
    assert guarded.serve()["VariantB", "old"] == 75
    guarded.sim.advance(minutes=5)
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert "700" in found["FailureReason"]


@pytest.mark.ledger("sm.guardrails.variant-names", "sm.guardrails.variant-names-text")
def test_guardrails_need_variants_of_the_same_names(guarded: Guarded, refused: Any) -> None:
    guarded.deployer.config("other", VariantC={"ModelName": "new"})
    update = guarded.deployer.client.update_endpoint
    names = {"EndpointName": "reviews", "EndpointConfigName": "other"}
    assert refused(update, **names, DeploymentConfig=CANARY)[0] == "ValidationException"
    update(**names)
    guarded.sim.advance(minutes=5)
    assert guarded.deployer.describe()["EndpointConfigName"] == "other"


@pytest.mark.ledger("sm.guardrails.rolling-variants")
def test_rolling_deployments_are_not_for_several_variants(guarded: Guarded, refused: Any) -> None:
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": percent(25), "WaitIntervalInSeconds": 60}}
    assert refused(guarded.update, rolling)[0] == "ValidationException"


@pytest.mark.ledger("sim.not-implemented")
def test_rolling_deployments_of_one_variant_are_refused_and_not_ignored(
    guarded: Guarded, refused: Any
) -> None:
    guarded.deployer.config("alone", VariantA={"ModelName": "old"})
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": percent(25), "WaitIntervalInSeconds": 60}}
    create = guarded.deployer.client.create_endpoint
    names = {"EndpointName": "other", "EndpointConfigName": "alone"}
    assert refused(create, **names, DeploymentConfig=rolling)[0] == "NotImplemented"


@pytest.mark.ledger("sm.guardrails.excluded")
def test_inf1_changes_over_all_at_once_without_baking(guarded: Guarded) -> None:
    inferentia = {"ModelName": "new", "InstanceType": "ml.inf1.xlarge"}
    guarded.deployer.config("inf1", VariantA=inferentia, VariantB=inferentia)
    guarded.deployer.client.update_endpoint(
        EndpointName="reviews", EndpointConfigName="inf1", DeploymentConfig=CANARY
    )
    baking = [said for said in guarded.stages() if said.startswith("Baking")]
    assert [said.partition(" (")[0] for said in baking] == ["Baking: Baking for 0 seconds"]


@pytest.mark.ledger("sm.guardrails.create-keeps")
def test_a_deployment_config_given_at_creation_is_kept_for_later_updates(guarded: Guarded) -> None:
    client = guarded.deployer.client
    client.create_endpoint(EndpointName="other", EndpointConfigName="first", DeploymentConfig=CANARY)
    guarded.sim.advance(minutes=5)
    assert guarded.deployer.describe("other")["EndpointStatus"] == "InService"
    assert guarded.deployer.describe("other")["LastDeploymentConfig"] == CANARY
    client.update_endpoint(EndpointName="other", EndpointConfigName="next", RetainDeploymentConfig=True)
    guarded.sim.advance(minutes=5)
    (coming, _) = guarded.deployer.describe("other")["PendingDeploymentSummary"]["ProductionVariants"]
    assert coming["VariantStatus"][0]["Status"] == "Baking"
    assert (coming["CurrentInstanceCount"], coming["DesiredInstanceCount"]) == (1, 4)


def test_a_deployment_config_is_not_reused_unless_asked_for(guarded: Guarded) -> None:
    client = guarded.deployer.client
    client.create_endpoint(EndpointName="other", EndpointConfigName="first", DeploymentConfig=CANARY)
    guarded.sim.advance(minutes=5)
    client.update_endpoint(EndpointName="other", EndpointConfigName="next")
    guarded.sim.advance(minutes=5)
    assert guarded.deployer.describe("other")["EndpointConfigName"] == "next"


@pytest.mark.ledger("sm.guardrails.last-config")
@pytest.mark.parametrize(("number", "told"), [(0, True), (1, False)])
def test_an_update_without_deployment_config_may_forget_the_last_one(
    guarded_under: Callable[..., Guarded], number: int, told: bool
) -> None:
    guarded = guarded_under(last_config=number)
    guarded.update(policy("ALL_AT_ONCE", wait=0, final_wait=0))
    guarded.sim.advance(minutes=10)
    guarded.deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName="first")
    assert ("LastDeploymentConfig" in guarded.deployer.describe()) is told


@pytest.mark.ledger("sm.guardrails.given-and-retained")
@pytest.mark.parametrize(("number", "kind"), [(0, "LINEAR"), (1, "CANARY")])
def test_a_deployment_config_given_with_retain_may_lose_against_the_last(
    guarded_under: Callable[..., Guarded], number: int, kind: str
) -> None:
    guarded = guarded_under(given_and_retained=number)
    guarded.update(CANARY)
    guarded.sim.advance(minutes=30)
    guarded.deployer.client.update_endpoint(
        EndpointName="reviews",
        EndpointConfigName="first",
        DeploymentConfig=LINEAR,
        RetainDeploymentConfig=True,
    )
    told = guarded.deployer.describe()["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert told["TrafficRoutingConfiguration"]["Type"] == kind


@pytest.mark.ledger("sm.endpoint.config-deleted-while-busy")
@pytest.mark.parametrize("config", ["first", "next"])
def test_deleting_a_config_while_the_fleet_bakes_rolls_back(guarded: Guarded, config: str) -> None:
    guarded.update(CANARY)
    guarded.wait_for("Baking")
    guarded.deployer.client.delete_endpoint_config(EndpointConfigName=config)
    guarded.sim.advance(minutes=8)
    found = guarded.deployer.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert found["FailureReason"].startswith("Could not find endpoint configuration")


def test_while_it_bakes_an_endpoint_is_busy(guarded: Guarded, refused: Any) -> None:
    guarded.update(CANARY)
    guarded.wait_for("Baking")
    code, text = refused(guarded.deployer.client.delete_endpoint, EndpointName="reviews")
    assert (code, text.split(" endpoint")[0]) == ("ValidationException", "Cannot update in-progress")


@pytest.mark.ledger("sm.quota.both-fleets")
def test_both_fleets_count_until_the_old_one_is_terminated(guarded: Guarded, refused: Any) -> None:
    guarded.deployer.config("small", VariantA={"ModelName": "new"})
    guarded.sim.edit(quota={"ml.m5.large": 16})
    guarded.update(CANARY)
    guarded.wait_for("Baking")
    code, text = refused(guarded.deployer.endpoint, "other", "small")
    assert (code, "utilization of 16 Instances" in text) == ("ResourceLimitExceeded", True)
    guarded.sim.advance(minutes=20)
    assert guarded.deployer.endpoint("other", "small")
