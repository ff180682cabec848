"""Shortages of machines: how long a launch waits for them, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.inprocess import InProcessAws

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 3600
LARGE = "ml.m5.large"


@pytest.fixture
def reviews(deployer: Any) -> Callable[[int], tuple[InProcessAws, Any]]:
    """The endpoint "reviews" in service, under a variant of how long a launch waits."""

    def make(variant: int) -> tuple[InProcessAws, Any]:
        chosen = {"sm.capacity.wait-seconds": variant}
        sim = InProcessAws(stale_reads=False, lost_answers=False, variants=chosen)
        there = type(deployer)(sim.client("sagemaker"))
        there.model()
        there.config()
        there.endpoint()
        sim.advance(minutes=10)
        return sim, there

    return make


def update(deployer: Any, **members: Any) -> None:
    deployer.config("next", VariantA=members, VariantB=members)
    deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next")


def grow(deployer: Any) -> None:
    wanted = [{"VariantName": "VariantA", "DesiredInstanceCount": 2}]
    deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=wanted
    )


def lacked(found: dict[str, Any]) -> bool:
    return "InsufficientInstanceCapacity" in found.get("FailureReason", "")


@pytest.mark.ledger("sm.failure.capacity", "sm.capacity.wait-seconds")
def test_a_shortage_of_hours_fails_each_creation_until_it_is_over(reviews: Any) -> None:
    sim, there = reviews(0)
    sim.edit(shortage={LARGE: 3 * HOUR})
    for number in range(5):
        name = f"endpoint-{number}"
        there.endpoint(name)
        sim.advance(minutes=30)
        assert there.describe(name)["EndpointStatus"] == "Failed"
        assert lacked(there.describe(name))
    sim.advance(minutes=30)
    there.endpoint("last")
    sim.advance(minutes=5)
    assert there.describe("last")["EndpointStatus"] == "InService"


@pytest.mark.ledger("sm.failure.capacity")
@pytest.mark.parametrize("change", [update, grow])
def test_a_shortage_leaves_what_serves_as_it_was(reviews: Any, change: Any) -> None:
    sim, there = reviews(0)
    sim.edit(shortage={LARGE: 24 * HOUR})
    change(there)
    sim.advance(minutes=30)
    found = there.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    assert lacked(found)
    assert {one["CurrentInstanceCount"] for one in found["ProductionVariants"]} == {1}


@pytest.mark.ledger("sm.capacity.wait-seconds", "sim.capacity-poll", "sm.failure.capacity")
@pytest.mark.parametrize("change", [update, grow])
def test_a_launch_may_wait_for_machines_until_its_patience_is_over(reviews: Any, change: Any) -> None:
    sim, there = reviews(1)
    sim.edit(shortage={LARGE: 24 * HOUR})
    change(there)
    sim.advance(minutes=30)
    assert there.describe()["EndpointStatus"] == "Updating"
    sim.advance(minutes=75)
    assert there.describe()["EndpointStatus"] == "InService"
    assert lacked(there.describe())


@pytest.mark.ledger("sm.capacity.wait-seconds", "sim.capacity-poll")
@pytest.mark.parametrize("change", [update, grow])
def test_a_launch_that_waits_goes_on_when_machines_come(reviews: Any, change: Any) -> None:
    sim, there = reviews(1)
    sim.edit(shortage={LARGE: 900})
    change(there)
    sim.advance(minutes=14)
    assert there.describe()["EndpointStatus"] == "Updating"
    sim.advance(minutes=2)
    found = there.describe()
    assert (found["EndpointStatus"], lacked(found)) == ("InService", False)


@pytest.mark.ledger("sm.capacity.timeout")
@pytest.mark.parametrize("variant", [0, 1])
def test_a_config_may_limit_the_wait(reviews: Any, variant: int) -> None:
    sim, there = reviews(variant)
    sim.edit(shortage={LARGE: HOUR})
    update(there, VariantInstanceProvisionTimeoutInSeconds=600)
    sim.advance(minutes=12)
    assert there.describe()["EndpointStatus"] == "Updating"
    sim.advance(minutes=3)
    assert lacked(there.describe())


def test_another_type_and_other_changes_are_not_held_up(reviews: Any) -> None:
    sim, there = reviews(1)
    sim.edit(shortage={LARGE: HOUR})
    wanted = [{"VariantName": "VariantA", "DesiredWeight": 10}]
    there.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=wanted
    )
    sim.advance(minutes=3)
    assert there.describe()["EndpointStatus"] == "InService"
    update(there, InstanceType="ml.m5.xlarge")
    sim.advance(minutes=4)
    assert there.describe()["EndpointConfigName"] == "next"


def test_a_shortage_ends_early_when_machines_are_restored(reviews: Any) -> None:
    sim, there = reviews(0)
    sim.edit(shortage={LARGE: 24 * HOUR})
    sim.edit(restored={"capacity": LARGE})
    grow(there)
    sim.advance(minutes=10)
    assert there.variants()["VariantA"]["CurrentInstanceCount"] == 2
