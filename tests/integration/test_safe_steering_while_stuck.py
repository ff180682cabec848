"""Traffic is steered, and kept on enough instances, while a part of the change is stuck."""

import pytest

from sagemaker_ab.api.resource import FORCE_WEIGHTS, RECONCILE_REQUESTED_AT
from tests.integration.stage import (
    SCALING,
    aws,
    counts,
    endpoint,
    repaired,
    run,
    sent,
    settled,
    steps,
    target,
    until,
    updates_fail,
    weights,
    with_added,
    with_replaced,
    with_revision,
    without,
)
from tests.seeds import SEEDS
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

GROWING_TYPE = "ml.c5.large"
BEFORE = with_variant(
    with_variant(spec(), "VariantA", weight=90, instanceCount=4),
    "VariantB",
    weight=10,
    instanceType=GROWING_TYPE,
)
SWAPPED = with_variant(
    with_variant(BEFORE, "VariantA", weight=0, instanceCount=1), "VariantB", weight=100, instanceCount=4
)


def effects_in_order(operator):
    """What each change of weights or counts asked for, in the order in which they took effect."""
    asked = [
        call["params"]["DesiredWeightsAndCapacities"]
        for call in sent(operator, "UpdateEndpointWeightsAndCapacities")
        if call["outcome"] != "refused"
    ]
    return ["weights" if "DesiredWeight" in first else first["VariantName"] for first, *_ in asked]


def watched(operator, reconciles, check):
    """Reconcile, and hold something after every reconcile."""
    for _ in range(reconciles):
        operator.step()
        check()


# A scale-out that AWS refuses


def test_traffic_waits_for_instances_that_a_quota_refuses_and_the_others_stay_until_it_is_gone():
    operator = settled(BEFORE)
    operator.sim.edit(quota={GROWING_TYPE: 1})
    operator.cluster.apply(SWAPPED)
    run(operator, hours=1)

    assert weights(operator) == {"VariantA": 90.0, "VariantB": 10.0}
    assert counts(operator) == {"VariantA": 4, "VariantB": 1}
    stalled = operator.conditions["Stalled"]
    assert stalled.startswith("True QuotaExceeded")
    assert "VariantB has 1 of 4 instances in service" in stalled
    assert "Ask for a smaller count" in stalled

    operator.sim.edit(quota={GROWING_TYPE: None})
    operator.settle()
    assert effects_in_order(operator) == ["VariantB", "weights", "VariantA"]


def test_a_smaller_count_is_a_way_out():
    operator = settled(BEFORE)
    operator.sim.edit(quota={GROWING_TYPE: 1})
    operator.cluster.apply(SWAPPED)
    steps(operator, 10)
    operator.cluster.apply(with_variant(SWAPPED, "VariantB", instanceCount=1))
    operator.settle()

    assert weights(operator) == {"VariantA": 0.0, "VariantB": 100.0}


def test_where_one_quota_serves_both_lowering_the_other_variant_alone_is_a_way_out():
    before = with_variant(BEFORE, "VariantB", instanceType="ml.m5.large")
    swapped = with_variant(SWAPPED, "VariantB", instanceType="ml.m5.large")
    operator = settled(before)
    operator.sim.edit(quota={"ml.m5.large": 5})
    operator.cluster.apply(swapped)
    steps(operator, 10)
    operator.cluster.apply(with_variant(before, "VariantA", instanceCount=1))
    operator.settle()
    operator.cluster.apply(swapped)
    operator.settle()

    assert counts(operator) == {"VariantA": 1, "VariantB": 4}
    assert weights(operator) == {"VariantA": 0.0, "VariantB": 100.0}


def test_traffic_waits_for_the_minimum_of_a_variant_that_scales():
    operator = settled(SCALING)
    raised = with_variant(with_variant(SCALING, "VariantA", weight=10), "VariantB", weight=90)
    raised = with_variant(raised, "VariantB", autoscaling={**AUTOSCALING, "minCapacity": 3})
    operator.cluster.apply(raised)

    def enough_instances():
        assert weights(operator)["VariantB"] == 50.0 or counts(operator)["VariantB"] >= 3

    watched(operator, 60, enough_instances)
    assert operator.ready


def test_a_person_can_send_the_weights_of_one_generation_at_once():
    operator = settled(BEFORE)
    operator.sim.edit(quota={GROWING_TYPE: 1})
    operator.cluster.apply(SWAPPED)
    operator.cluster.annotate(**{FORCE_WEIGHTS: "1"})
    steps(operator, 10)
    assert weights(operator)["VariantB"] == 10.0

    operator.cluster.annotate(**{FORCE_WEIGHTS: "2"})
    steps(operator, 20)
    assert weights(operator) == {"VariantA": 0.0, "VariantB": 100.0}
    (forced,) = [event for event in operator.cluster.events if event["reason"] == "WeightsForced"]
    assert "VariantB has 1 of 4 instances in service" in forced["message"]


# The same through an update


@pytest.mark.parametrize("seed", SEEDS)
def test_an_update_that_retains_counts_waits_for_the_instances_of_a_variant_that_gains(seed):
    before = with_variant(with_variant(SCALING, "VariantA", weight=10), "VariantB", weight=90)
    operator = settled(before, aws(seed=seed, calm=False))
    after = with_variant(with_variant(before, "VariantA", weight=90, instanceCount=4), "VariantB", weight=10)
    operator.cluster.apply(with_revision(after, "2"))

    def enough_instances():
        now = weights(operator)
        assert now["VariantA"] / sum(now.values()) < 0.2 or counts(operator)["VariantA"] >= 4

    watched(operator, 120, enough_instances)
    assert operator.ready


def test_an_update_waits_while_a_quota_refuses_those_instances():
    before = with_variant(with_variant(SCALING, "VariantA", weight=10), "VariantB", weight=90)
    operator = settled(before)
    operator.sim.edit(quota={"ml.m5.large": 2})
    after = with_variant(with_variant(before, "VariantA", weight=90, instanceCount=4), "VariantB", weight=10)
    operator.cluster.apply(with_revision(after, "2"))
    run(operator, hours=1)

    assert sent(operator, "UpdateEndpoint") == []
    assert weights(operator) == {"VariantA": 10.0, "VariantB": 90.0}
    assert "VariantA has 1 of 4 instances in service" in operator.conditions["Stalled"]

    operator.sim.edit(quota={"ml.m5.large": None})
    operator.settle()


# Counts are not another attempt at what failed


BAD_REVISION = with_revision(SCALING, "bad", model="bert-a")


def rolled_back(first=SCALING, failed=BAD_REVISION):
    """An endpoint on its old config after a revision of VariantA's model failed."""
    operator = settled(first)
    updates_fail(operator)
    operator.cluster.apply(failed)
    until(operator, lambda: "DeploymentFailed" in operator.conditions.get("Stalled", ""))
    return operator


def test_more_capacity_for_a_healthy_variant_does_not_deploy_again_what_failed():
    operator = rolled_back()
    raised = with_variant(BAD_REVISION, "VariantB", autoscaling={**AUTOSCALING, "minCapacity": 3})
    operator.cluster.apply(raised)
    until(operator, lambda: counts(operator)["VariantB"] == 3)
    operator.cluster.apply(with_variant(raised, "VariantA", instanceCount=2))
    until(operator, lambda: counts(operator)["VariantA"] == 2)
    run(operator, hours=1)

    assert len(sent(operator, "UpdateEndpoint")) == 1
    assert target(operator)["min"] == 3
    assert operator.conditions["Stalled"].startswith("True DeploymentFailed")


def test_traffic_can_be_taken_off_a_variant_whose_revision_failed():
    operator = rolled_back()
    drained = with_variant(with_variant(BAD_REVISION, "VariantA", weight=0), "VariantB", weight=100)
    operator.cluster.apply(drained)
    until(operator, lambda: weights(operator) == {"VariantA": 0.0, "VariantB": 100.0})

    assert len(sent(operator, "UpdateEndpoint")) == 1


@pytest.mark.parametrize("way", ["another revision", "a reconcile request"])
def test_what_failed_is_deployed_again_when_it_changes_or_a_person_asks(way):
    operator = rolled_back()
    operator.sim.gateway.faults.remove("f1")
    if way == "another revision":
        operator.cluster.apply(with_revision(SCALING, "good", model="bert-a"))
    else:
        operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})
    operator.settle()

    assert len(sent(operator, "UpdateEndpoint")) == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_a_restart_does_not_deploy_again_what_failed(seed):
    operator = settled(SCALING, aws(seed=seed, calm=False))
    updates_fail(operator)
    operator.cluster.apply(BAD_REVISION)
    until(operator, lambda: "DeploymentFailed" in operator.conditions.get("Stalled", ""))
    before = operator.effects().count("UpdateEndpoint")
    for _ in range(4):
        operator.crash()
        steps(operator, 15)

    assert operator.effects().count("UpdateEndpoint") == before


# Weights while the set of variants differs


def test_weights_of_the_variants_that_exist_are_sent_while_another_cannot_be_added():
    operator = settled(SCALING)
    failing = updates_fail(operator)
    added = with_added(spec(), "VariantC", model="bert-b", weight=20)
    operator.cluster.apply(added)
    until(operator, lambda: "DeploymentFailed" in operator.conditions.get("Stalled", ""))
    operator.cluster.apply(with_variant(added, "VariantB", weight=0))
    until(operator, lambda: weights(operator) == {"VariantA": 50.0, "VariantB": 0.0})
    assert len(sent(operator, "UpdateEndpoint")) == 1

    repaired(operator, failing)
    operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})
    operator.settle()
    assert weights(operator) == {"VariantA": 50.0, "VariantB": 0.0, "VariantC": 20.0}


THREE = with_added(spec(), "VariantC", model="bert-b", weight=20)


def test_only_zeros_are_sent_while_a_variant_cannot_be_removed():
    """The spec's weights say nothing about the share of a variant that it does not name."""
    operator = settled(THREE)
    updates_fail(operator)
    smaller = without(THREE, "VariantC")
    operator.cluster.apply(with_variant(with_variant(smaller, "VariantA", weight=0), "VariantB", weight=9))
    until(operator, lambda: weights(operator)["VariantA"] == 0.0)
    run(operator, hours=0.5)

    assert weights(operator) == {"VariantA": 0.0, "VariantB": 50.0, "VariantC": 20.0}


def test_no_zero_is_sent_that_would_leave_no_traffic_for_any_variant():
    """B's successor is to take all; until it is there, A must not be drained too."""
    operator = settled(with_variant(spec(), "VariantB", weight=0))
    updates_fail(operator)
    replaced = with_replaced(spec(), "VariantB", "VariantC", weight=100)
    operator.cluster.apply(with_variant(replaced, "VariantA", weight=0))
    until(operator, lambda: "DeploymentFailed" in operator.conditions.get("Stalled", ""))
    run(operator, hours=0.5)

    assert weights(operator) == {"VariantA": 50.0, "VariantB": 0.0}
    assert endpoint(operator)["status"] == "InService"
