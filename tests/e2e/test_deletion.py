"""A deletion waits for whatever AWS is doing, and then leaves nothing; or, if told so, everything."""

import pytest

from tests.e2e.operator_process import Operator
from tests.e2e.reviews import NEW_MODEL_DATA, Manifest, Reviews, autoscaling, model_data, put, weights
from tests.e2e.simulated_aws import SimulatedAws


def waits(resource: Manifest) -> bool:
    """The deletion is told, and what it waits for."""
    if "deletionTimestamp" not in resource["metadata"]:
        return False
    conditions = {c["type"]: c for c in resource["status"]["conditions"]}
    reconciling = conditions.get("Reconciling", {})
    return reconciling.get("reason") == "Deleting" and "Waiting for AWS" in reconciling["message"]


@pytest.mark.usefixtures("running_operator")
def test_a_deletion_while_creating_waits_and_leaves_nothing(resource: Reviews, aws: SimulatedAws) -> None:
    resource.apply()
    resource.becomes(lambda found: found.get("status", {}).get("endpoint", {}).get("status") == "Creating")
    aws.set_speed(1)

    resource.delete()
    resource.becomes(waits)
    aws.set_speed(100)
    resource.is_gone()

    assert aws.everything() == {}
    assert aws.refusals() == []


def test_a_deletion_while_updating_waits_and_leaves_nothing(reviews: Reviews, aws: SimulatedAws) -> None:
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    reviews.becomes(lambda found: found["status"]["endpoint"]["status"] == "Updating")
    aws.set_speed(1)

    reviews.delete()
    reviews.becomes(waits)
    aws.set_speed(100)
    reviews.is_gone()

    assert aws.everything() == {}
    assert aws.refusals() == []


def test_a_deletion_between_two_writes_of_a_change_leaves_nothing(
    reviews: Reviews, aws: SimulatedAws
) -> None:
    """The new model and config exist, and no endpoint refers to them yet."""
    aws.hold({"operation": "UpdateEndpoint"}, when="before")
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    aws.held()

    reviews.delete()
    aws.release(drop=True)
    reviews.is_gone()

    assert aws.everything() == {}


def test_an_endpoint_deleted_by_hand_leaves_nothing_either(reviews: Reviews, aws: SimulatedAws) -> None:
    reviews.delete()
    aws.edit(delete={"endpoint": "reviews"})
    reviews.is_gone()

    assert aws.everything() == {}


def test_a_resource_deleted_while_no_operator_runs_goes_when_one_does(
    resource: Reviews, aws: SimulatedAws, operator: Operator
) -> None:
    with operator.running():
        resource.apply(autoscaling("VariantB"))
        resource.is_ready()

    resource.delete()
    with operator.running():
        resource.is_gone()

    assert aws.everything() == {}


@pytest.mark.usefixtures("running_operator")
def test_deletion_policy_retain_leaves_everything(resource: Reviews, aws: SimulatedAws) -> None:
    resource.apply(put(deletionPolicy="Retain"), autoscaling("VariantB"))
    resource.is_ready()
    aws.rests()
    aws.clear_calls()
    kept = aws.everything()

    resource.delete()
    resource.is_gone()

    assert (aws.writes(), aws.everything()) == ([], kept)


@pytest.mark.usefixtures("running_operator")
def test_what_was_retained_is_taken_up_again_by_a_resource_of_the_same_name(
    resource: Reviews, aws: SimulatedAws
) -> None:
    resource.apply(put(deletionPolicy="Retain"))
    resource.is_ready()
    resource.delete()
    resource.is_gone()
    aws.clear_calls()

    resource.apply(weights(VariantA=20, VariantB=80))
    resource.is_ready()
    aws.rests()

    assert sorted(aws.writes()) == ["AddTags", "UpdateEndpointWeightsAndCapacities"]
    assert aws.weights() == {"VariantA": 20.0, "VariantB": 80.0}
