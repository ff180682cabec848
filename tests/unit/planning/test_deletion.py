"""How a resource goes."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.deletion import plan_deletion
from sagemaker_ab.planning.observed import EndpointStatus
from tests.unit.planning.worlds import (
    AUTOSCALING,
    OWNER,
    nothing,
    operations,
    spec,
    want,
    with_variant,
    world,
)

WANTED = want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING))


def test_scaling_goes_first_then_the_endpoint():
    decided = plan_deletion("reviews", OWNER, world(WANTED))

    assert operations(decided) == ["DeregisterScalableTarget", "DeleteEndpoint"]
    assert len(decided.steps) == 2


@pytest.mark.parametrize("status", [s for s in EndpointStatus if s.busy])
def test_a_busy_endpoint_is_waited_for(status):
    decided = plan_deletion("reviews", OWNER, world(WANTED, status=status))

    assert decided.steps == ()
    assert not decided.endpoint_gone


def test_a_failed_endpoint_is_deleted():
    failed = replace(world(WANTED, status=EndpointStatus.FAILED), targets={})

    assert operations(plan_deletion("reviews", OWNER, failed)) == ["DeleteEndpoint"]


@pytest.mark.parametrize("observed", [nothing(), world(WANTED, tags={})], ids=["gone", "somebody else's"])
def test_without_an_endpoint_of_ours_garbage_collection_follows(observed):
    decided = plan_deletion("reviews", OWNER, observed)

    assert decided.endpoint_gone
    assert decided.steps == ()
