"""No live endpoint is forgotten: finalizer, account and region outlive a lost status and reads that fail."""

import pytest

from sagemaker_ab.api.resource import ACCOUNT, FINALIZER, REGION
from tests.integration.stage import SCALING, aws, by_hand, endpoint, held, run, sent, settled, steps, target
from tests.property.in_process import InProcessOperator
from tests.unit.planning.worlds import spec

PINS = {ACCOUNT: "123456789012", REGION: "us-east-1"}
DENIED = {"error": {"code": "AccessDeniedException", "text": "not authorized", "http": 400}}


def pinned(operator):
    """Whether the resource has finalizer, account and region."""
    metadata = operator.cluster.resource["metadata"]
    annotations = metadata.get("annotations", {})
    return FINALIZER in metadata.get("finalizers", ()) and PINS.items() <= annotations.items()


def status_lost(operator):
    """The resource is restored from a backup, which has no status; the operator starts anew."""
    operator.cluster.resource["status"] = {"observedGeneration": -1}
    operator.crash()


def reads_denied(operator):
    return operator.sim.fault(DENIED, match={"write": False}, count=None)


# Before the first write, after the first read


def test_finalizer_account_and_region_are_there_before_the_first_write():
    operator = InProcessOperator(aws())
    operator.sim.fault({"drop": "before"}, match={"write": 1})
    operator.cluster.apply(spec())
    assert not pinned(operator)
    operator.step()

    assert len(operator.writes()) == 1
    assert pinned(operator)


def test_they_are_added_by_one_patch():
    operator = InProcessOperator(aws())
    versions = []
    touch = operator.cluster._touch
    operator.cluster._touch = lambda *who: versions.append(pinned(operator)) or touch(*who)
    operator.cluster.apply(spec())
    operator.step()

    first = versions.index(True)
    assert operator.cluster.resource["metadata"]["annotations"] == PINS
    assert not any(versions[:first])
    assert all(versions[first:])


def test_a_resource_for_which_nothing_was_written_is_deleted_at_once_though_aws_cannot_be_read():
    operator = InProcessOperator(aws())
    reads_denied(operator)
    operator.cluster.apply(spec())
    steps(operator, 5)
    operator.cluster.delete()

    assert operator.cluster.resource is None
    assert operator.writes() == []


def test_a_resource_whose_endpoint_belongs_to_somebody_else_is_deleted_at_once():
    operator = InProcessOperator(aws())
    role, image = "arn:aws:iam::123456789012:role/theirs", "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"
    by_hand(
        operator,
        "CreateModel",
        ModelName="theirs",
        ExecutionRoleArn=role,
        PrimaryContainer={"Image": image},
    )
    variant = {"VariantName": "A", "ModelName": "theirs", "InstanceType": "ml.m5.large"}
    by_hand(
        operator,
        "CreateEndpointConfig",
        EndpointConfigName="theirs",
        ProductionVariants=[variant | {"InitialInstanceCount": 1, "InitialVariantWeight": 1.0}],
    )
    by_hand(operator, "CreateEndpoint", EndpointName="reviews", EndpointConfigName="theirs")
    operator.sim.advance(minutes=10)
    operator.cluster.apply(spec())
    steps(operator, 5)
    operator.cluster.delete()

    assert operator.cluster.resource is None
    assert operator.writes() == []
    assert endpoint(operator)["status"] == "InService"


# A lost status


def test_a_lost_status_costs_no_write():
    operator = settled(SCALING)
    before = len(operator.writes())
    status_lost(operator)
    operator.settle()

    assert operator.writes()[before:] == []
    assert pinned(operator)


def test_a_deletion_after_a_lost_status_waits_until_aws_can_be_read():
    operator = settled(SCALING)
    denied = reads_denied(operator)
    status_lost(operator)
    operator.cluster.delete()
    run(operator, hours=2)
    assert pinned(operator)
    assert operator.conditions["Stalled"].startswith("True AccessDenied")
    assert endpoint(operator)["status"] == "InService"

    operator.sim.gateway.faults.remove(denied)
    operator.settle()
    assert operator.cluster.resource is None
    assert operator.sim.state() == {}


def test_a_deletion_that_begins_after_a_lost_status_and_before_any_reconcile_leaves_nothing():
    operator = settled(SCALING)
    status_lost(operator)
    operator.cluster.delete()
    operator.settle()

    assert operator.sim.state() == {}


@pytest.mark.parametrize("pin", [ACCOUNT, REGION])
@pytest.mark.parametrize("deleted", [False, True], ids=["kept", "deleted"])
def test_in_another_account_or_region_nothing_is_written_though_the_status_is_lost(pin, deleted):
    """Else a second endpoint would be created there, or the first one be left behind."""
    operator = settled({**spec(), "region": "us-east-1"})
    before = len(operator.writes())
    status_lost(operator)
    operator.cluster.annotate(**{pin: {ACCOUNT: "210987654321", REGION: "eu-west-1"}[pin]})
    if deleted:
        operator.cluster.delete()
    steps(operator, 10)

    assert operator.writes()[before:] == []
    assert operator.conditions["Stalled"].startswith("True LocationChanged")
    assert pinned(operator) is False
    assert FINALIZER in operator.cluster.resource["metadata"]["finalizers"]


# A lost finalizer


def test_a_finalizer_that_a_replace_has_removed_comes_back():
    operator = settled(SCALING)
    operator.cluster.resource["metadata"]["finalizers"] = []
    operator.cluster.resource["metadata"]["annotations"] = {}
    before = len(operator.writes())
    operator.step()

    assert pinned(operator)
    assert operator.writes()[before:] == []


def test_account_and_region_that_a_replace_has_removed_come_back_before_a_deletion_deletes_anything():
    operator = settled(SCALING)
    operator.cluster.resource["metadata"]["annotations"] = {}
    operator.cluster.delete()
    operator.step()

    assert pinned(operator)
    assert sent(operator, "DeleteEndpoint")
    operator.settle()
    assert held(operator, "models") == {}


def test_retain_releases_the_finalizer_though_aws_cannot_be_read():
    operator = settled({**SCALING, "deletionPolicy": "Retain"})
    reads_denied(operator)
    before = len(operator.sim.calls())
    operator.cluster.delete()
    operator.settle()

    assert operator.cluster.resource is None
    assert len(operator.sim.calls()) == before
    assert target(operator)
    assert sent(operator, "DeleteEndpoint") == []
