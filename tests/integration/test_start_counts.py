"""A new autoscaled variant takes its weight at once, so it starts with the capacity that it takes over."""

import pytest

from tests.integration.stage import (
    SCALING,
    aws,
    counts,
    endpoint,
    held,
    sent,
    settled,
    steps,
    until,
    updates_fail,
    with_added,
    with_replaced,
    with_revision,
)
from tests.property.in_process import InProcessOperator
from tests.seeds import SEEDS
from tests.unit.planning.worlds import AUTOSCALING, with_variant

WIDE = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "maxCapacity": 10})
RENAMED = with_replaced(WIDE, "VariantB", "VariantC")


def scaled_to(operator, count, name="VariantB"):
    """The autoscaler has brought a variant to a count."""
    operator.sim.edit(counts={"endpoint": "reviews", "variants": {name: count}})
    operator.sim.advance(seconds=10)
    operator.step()
    return operator


def start_count(operator, name):
    """The initial count of a variant in the config in use."""
    config = held(operator, "endpointConfigs")[endpoint(operator)["config"]]
    return next(v["InitialInstanceCount"] for v in config["ProductionVariants"] if v["VariantName"] == name)


# Taken over from a variant that goes


@pytest.mark.parametrize("seed", SEEDS)
def test_a_renamed_variant_starts_with_the_live_count(seed):
    operator = scaled_to(settled(WIDE, aws(seed=seed, calm=False)), 8)
    operator.cluster.apply(RENAMED)
    until(operator, lambda: "VariantC" in endpoint(operator)["variants"])

    assert counts(operator)["VariantC"] == 8
    operator.settle()


@pytest.mark.parametrize(("bounds", "start"), [((1, 5), 5), ((9, 10), 9)])
def test_the_count_is_held_within_the_new_bounds(bounds, start):
    operator = scaled_to(settled(WIDE), 8)
    new = {**AUTOSCALING, "minCapacity": bounds[0], "maxCapacity": bounds[1]}
    operator.cluster.apply(with_replaced(WIDE, "VariantB", "VariantC", autoscaling=new))
    operator.settle()

    assert start_count(operator, "VariantC") == start


def test_a_variant_with_another_model_starts_with_its_minimum():
    operator = scaled_to(settled(WIDE), 8)
    operator.cluster.apply(with_revision(RENAMED, "2"))
    operator.settle()

    assert start_count(operator, "VariantC") == 1


def test_a_new_variant_beside_the_others_starts_with_its_minimum():
    operator = scaled_to(settled(WIDE), 8)
    operator.cluster.apply(with_added(WIDE, "VariantC"))
    operator.settle()

    assert start_count(operator, "VariantC") == 1
    assert counts(operator)["VariantB"] == 8


def test_a_variant_that_could_succeed_either_of_two_starts_with_its_minimum():
    two = with_added(WIDE, "VariantD")
    operator = scaled_to(scaled_to(settled(two), 8), 6, name="VariantD")
    one = with_replaced(WIDE, "VariantB", "VariantC")
    operator.cluster.apply(one)
    operator.settle()

    assert start_count(operator, "VariantC") == 1


def test_a_count_that_changes_meanwhile_is_no_other_attempt_at_what_failed_for_capacity():
    """Each attempt builds a fleet, and the load of the variant must not multiply them."""
    operator = scaled_to(settled(WIDE), 8)
    updates_fail(operator, capacity=True)
    operator.cluster.apply(RENAMED)
    for count in (8, 9, 7, 10, 6, 9):
        until(operator, lambda: endpoint(operator)["status"] == "InService")
        scaled_to(operator, count)
        steps(operator, 4)

    assert len(sent(operator, "UpdateEndpoint")) <= 2


# Known from before


def deleted_by_hand(operator):
    operator.sim.edit(delete={"endpoint": "reviews"})


def failed(operator):
    operator.sim.edit(status={"endpoint": "reviews", "status": "Failed", "reason": "as ordered"})


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lost", [deleted_by_hand, failed])
def test_an_endpoint_that_is_created_again_starts_with_the_last_known_count(lost, seed):
    operator = scaled_to(settled(WIDE, aws(seed=seed, calm=False)), 8)
    steps(operator, 3)
    lost(operator)
    operator.crash()
    until(operator, lambda: operator.effects().count("CreateEndpoint") == 2)
    operator.settle()

    assert start_count(operator, "VariantB") == 8
    assert start_count(operator, "VariantA") == 1


def test_the_last_known_count_is_held_within_the_bounds_of_the_spec():
    operator = scaled_to(settled(WIDE), 8)
    deleted_by_hand(operator)
    operator.cluster.apply(SCALING)
    operator.settle()

    assert start_count(operator, "VariantB") == 4


def test_without_a_known_count_an_endpoint_starts_with_its_minimum():
    operator = scaled_to(settled(WIDE), 8)
    deleted_by_hand(operator)
    operator.cluster.resource["status"] = {"observedGeneration": -1}
    operator.settle()

    assert start_count(operator, "VariantB") == 1


def test_a_config_with_other_counts_than_those_in_use_is_garbage():
    """The spec has changed in between, so that the config of other counts has been created and not used."""
    operator = InProcessOperator(aws())
    operator.cluster.apply(WIDE)
    until(operator, lambda: len(held(operator, "endpointConfigs")) == 1)
    more = {**AUTOSCALING, "minCapacity": 2, "maxCapacity": 10}
    operator.cluster.apply(with_variant(WIDE, "VariantB", autoscaling=more))
    until(operator, lambda: endpoint(operator))
    operator.cluster.apply(WIDE)
    operator.settle()

    assert list(held(operator, "endpointConfigs")) == [endpoint(operator)["config"]]
    assert start_count(operator, "VariantB") == 2
