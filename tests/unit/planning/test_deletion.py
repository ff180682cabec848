"""How a resource goes."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.deletion import plan_deletion
from sagemaker_ab.planning.observed import EndpointStatus
from sagemaker_ab.planning.problem import Problem
from tests.unit.planning.worlds import (
    AUTOSCALING,
    OWNER,
    nothing,
    spec,
    want,
    with_variant,
    world,
)


def sent(decided):
    return [command.operation for command in decided.step.commands] if decided.step else []


WANTED = want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING))


def test_the_endpoint_is_deleted_and_aws_deregisters_its_targets():
    """Deregistered before, an endpoint whose deletion is refused would serve without its autoscaler."""
    decided = plan_deletion("reviews", OWNER, world(WANTED))

    assert sent(decided) == ["DeleteEndpoint"]


@pytest.mark.parametrize("status", [s for s in EndpointStatus if s.busy and s != EndpointStatus.UNKNOWN])
def test_a_busy_endpoint_is_waited_for(status):
    decided = plan_deletion("reviews", OWNER, world(WANTED, status=status))

    assert decided.step is None
    assert not decided.endpoint_gone


def test_a_failed_endpoint_is_deleted():
    failed = replace(world(WANTED, status=EndpointStatus.FAILED), targets={})

    assert sent(plan_deletion("reviews", OWNER, failed)) == ["DeleteEndpoint"]


def test_an_endpoint_in_a_status_that_this_version_does_not_know_is_tried():
    """It serves until AWS accepts that, so its autoscaling stays."""
    unknown = world(WANTED, status=EndpointStatus.UNKNOWN)

    assert sent(plan_deletion("reviews", OWNER, unknown)) == ["DeleteEndpoint"]


def test_without_an_endpoint_garbage_collection_follows():
    decided = plan_deletion("reviews", OWNER, nothing())

    assert decided.endpoint_gone
    assert decided.step is None


@pytest.mark.parametrize("missing", ["cluster-id", "namespace", "name", "all"])
def test_an_endpoint_whose_owner_tags_are_gone_or_incomplete_waits_for_a_person(missing):
    """Its config and models are in use, whoever removed the tags."""
    kept = {key: value for key, value in OWNER.tags.items() if not key.endswith(f"/{missing}")}
    decided = plan_deletion("reviews", OWNER, world(WANTED, tags={} if missing == "all" else kept))

    assert not decided.endpoint_gone
    assert decided.step is None
    assert decided.problem
    assert "restore the tags" in decided.problem.message
    assert "Retain" in decided.problem.message


def test_an_endpoint_that_another_owner_has_taken_over_is_left_to_it():
    theirs = replace(OWNER, cluster_id="cluster-2")

    decided = plan_deletion("reviews", OWNER, world(WANTED, tags=theirs.tags))

    assert decided.endpoint_gone
    assert decided.step is None
    assert "cluster-2" in decided.handed_over


def test_an_endpoint_handed_over_whose_models_are_not_known_waits_for_a_person():
    theirs = replace(OWNER, cluster_id="cluster-2")
    unread = replace(world(WANTED, tags=theirs.tags), config_in_use=None)

    decided = plan_deletion("reviews", OWNER, unread)

    assert not decided.endpoint_gone
    assert decided.problem


def test_a_deletion_that_waits_for_a_person_names_what_is_wrong_and_the_ways_out():
    untagged = plan_deletion("reviews", OWNER, world(WANTED, tags={}))
    assert untagged.problem == Problem(
        Reason.NOT_OWNED,
        "endpoint reviews exists without the owner tags of this resource, so it is not deleted. If it belongs"
        " to this resource, restore the tags sagemaker-ab.dev/cluster-id=cluster-1,"
        " sagemaker-ab.dev/namespace=ml, sagemaker-ab.dev/name=reviews; if not, or if it is to stay, set"
        " spec.deletionPolicy to Retain",
    )

    theirs = replace(OWNER, cluster_id="cluster-2")
    unread = replace(world(WANTED, tags=theirs.tags), config_in_use=None)
    assert plan_deletion("reviews", OWNER, unread).problem == Problem(
        Reason.NOT_OWNED,
        "endpoint reviews is owned by ml/reviews of cluster cluster-2, and its endpoint config cannot be"
        " read, so that the models that it uses are not known. Restore the config, or set"
        " spec.deletionPolicy to Retain",
    )
