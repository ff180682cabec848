"""A shortage of machines lasts for hours: who has nothing is tried for ever, who serves is not worn out."""

from itertools import pairwise

import pytest

from sagemaker_ab.api.resource import RECONCILE_REQUESTED_AT
from tests.integration.stage import (
    aws,
    endpoint,
    now,
    run,
    sent,
    settled,
    steps,
    until,
    weights,
    with_revision,
)
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec, with_variant

TYPE, OTHER = "ml.m5.large", "ml.c5.large"
FAILS_AT_ONCE = {"sm.capacity.wait-seconds": 0}
WAITS = {"sm.capacity.wait-seconds": 1}
LATE_QUOTA = {"sm.quota.update": 1}


def short_of(guess, *, hours):
    """An operator with a new resource whose instance type is short for so long."""
    operator = InProcessOperator(aws(variants=guess))
    operator.sim.edit(shortage={TYPE: 3600 * hours})
    operator.cluster.apply(spec())
    return operator


def requested(operator, operation):
    """When the operation took effect, in seconds."""
    return [call["time"] for call in sent(operator, operation) if call["outcome"] != "refused"]


# Nothing serves


def test_a_creation_is_tried_for_ever_with_gaps_up_to_an_hour():
    operator = short_of(FAILS_AT_ONCE, hours=12)
    run(operator, hours=11.9)
    gaps = [later - earlier for earlier, later in pairwise(requested(operator, "CreateEndpoint"))]

    assert len(gaps) > 10
    assert gaps[0] < 600 < gaps[2]
    assert all(gap < 3600 + 300 for gap in gaps)
    assert all(gap > 3500 for gap in gaps[5:])
    assert operator.conditions["Stalled"].startswith("True DeploymentFailed")
    assert "InsufficientInstanceCapacity" in operator.conditions["Stalled"]

    began = now(operator)
    operator.settle()
    assert now(operator) - began < 3600 + 900


def test_a_creation_that_waits_for_machines_comes_up_with_them():
    operator = short_of(WAITS, hours=0.4)
    operator.settle()

    assert len(requested(operator, "CreateEndpoint")) == 1


def test_a_restart_does_not_shorten_the_gaps():
    operator = short_of(FAILS_AT_ONCE, hours=12)
    run(operator, hours=3)
    before = len(requested(operator, "CreateEndpoint"))
    for _ in range(4):
        operator.crash()
        steps(operator, 3)

    assert len(requested(operator, "CreateEndpoint")) <= before + 1


def test_a_creation_that_failed_for_its_content_is_not_repeated():
    operator = InProcessOperator(aws())
    failure = {"fail": {"reason": "The container did not start."}}
    operator.sim.fault(failure, match={"operation": "CreateEndpoint"})
    operator.cluster.apply(spec())
    run(operator, hours=3)
    assert len(requested(operator, "CreateEndpoint")) == 1
    assert endpoint(operator)["status"] == "Failed"

    operator.cluster.apply(with_revision(spec(), "2"))
    operator.settle()


# An earlier fleet serves


MOVED = with_variant(spec(), "VariantB", instanceType=OTHER)


@pytest.mark.parametrize(
    ("guess", "shortage"),
    [(FAILS_AT_ONCE, {"shortage": {OTHER: 86_400}}), (LATE_QUOTA, {"quota": {OTHER: 0}})],
    ids=["capacity", "a quota that fails late"],
)
def test_an_update_is_tried_four_times_while_the_old_fleet_serves(guess, shortage):
    operator = settled(spec(), aws(variants=guess))
    operator.sim.edit(**shortage)
    operator.cluster.apply(MOVED)
    run(operator, hours=6)

    assert len(requested(operator, "UpdateEndpoint")) == 4
    assert endpoint(operator)["status"] == "InService"
    assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == TYPE
    assert operator.conditions["Stalled"].startswith("True DeploymentFailed")


def test_weights_are_steered_between_the_attempts():
    operator = settled(spec(), aws(variants=FAILS_AT_ONCE))
    operator.sim.edit(shortage={OTHER: 86_400})
    operator.cluster.apply(MOVED)
    until(operator, lambda: len(requested(operator, "UpdateEndpoint")) == 2)
    operator.cluster.apply(with_variant(MOVED, "VariantA", weight=10))
    until(operator, lambda: weights(operator)["VariantA"] == 10.0)

    assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == TYPE


def test_a_person_may_ask_for_more_attempts():
    operator = settled(spec(), aws(variants=FAILS_AT_ONCE))
    operator.sim.edit(shortage={OTHER: 86_400})
    operator.cluster.apply(MOVED)
    until(operator, lambda: len(requested(operator, "UpdateEndpoint")) == 4)
    steps(operator, 40)
    operator.sim.edit(restored={"capacity": OTHER})
    operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})
    operator.settle()

    assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == OTHER


def test_an_endpoint_that_fails_while_machines_are_short_is_tried_for_ever():
    """The attempts of an update that served count no more once nothing serves."""
    operator = settled(spec(), aws(variants=FAILS_AT_ONCE))
    operator.sim.edit(shortage={OTHER: 86_400})
    operator.cluster.apply(MOVED)
    until(operator, lambda: len(requested(operator, "UpdateEndpoint")) == 4)
    steps(operator, 40)
    operator.sim.edit(delete={"endpoint": "reviews"})
    run(operator, hours=5)
    assert len(requested(operator, "CreateEndpoint")) > 3

    operator.sim.edit(restored={"capacity": OTHER})
    operator.settle()
