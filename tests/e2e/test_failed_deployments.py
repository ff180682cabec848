"""AWS says yes and fails later, loudly or silently: it is noticed, the old config serves, nobody insists."""

from typing import Any

import pytest

from tests.e2e.reviews import (
    NEW_MODEL_DATA,
    SAMPLE_MODEL_DATA,
    Reviews,
    instance_type,
    model_data,
    ready,
    weights,
)
from tests.e2e.simulated_aws import SimulatedAws

HEALTH_CHECK = "The primary container for production variant VariantB did not pass the ping health check."
SILENT = "AWS rolled the endpoint back and gave no reason"


def fail_next(aws: SimulatedAws, operation: str, **how: Any) -> None:
    """Let what the next such call sets going fail: by default with a container that does not answer."""
    aws.add_fault({"fail": how or {"reason": HEALTH_CHECK}}, match={"operation": operation})


@pytest.mark.parametrize(
    ("how", "told"),
    [
        pytest.param({"reason": HEALTH_CHECK}, HEALTH_CHECK, id="loud"),
        pytest.param({"silent": True}, SILENT, id="silent"),
    ],
)
def test_an_update_that_fails_leaves_the_old_config_serving_and_is_not_tried_again(
    reviews: Reviews, aws: SimulatedAws, how: dict[str, Any], told: str
) -> None:
    running = aws.section("endpoints")["reviews"]["variants"]
    fail_next(aws, "UpdateEndpoint", **how)

    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    reviews.is_stalled("DeploymentFailed", told)
    aws.rests()

    assert aws.section("endpoints")["reviews"]["variants"] == running
    assert aws.counts()["UpdateEndpoint"] == 1
    assert reviews.status["deployment"]["state"] == "Failed"
    assert reviews.conditions["EndpointInService"]["status"] == "True"
    reviews.is_told("Warning", "DeploymentFailed", told)


def test_a_failed_update_is_tried_again_on_request(reviews: Reviews, aws: SimulatedAws) -> None:
    fail_next(aws, "UpdateEndpoint")
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    reviews.is_stalled("DeploymentFailed", HEALTH_CHECK)

    reviews.request_reconcile("once-more")
    reviews.is_ready()

    assert aws.counts()["UpdateEndpoint"] == 2
    assert reviews.status["lastHandledReconcileAt"] == "once-more"
    assert "deployment" not in reviews.status


def test_a_failed_update_gives_way_to_a_new_spec(reviews: Reviews, aws: SimulatedAws) -> None:
    fail_next(aws, "UpdateEndpoint")
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    reviews.is_stalled("DeploymentFailed", HEALTH_CHECK)

    reviews.apply(model_data("bert-b", NEW_MODEL_DATA.replace("retrained", "mended")))
    reviews.is_ready()

    assert aws.counts()["UpdateEndpoint"] == 2


def test_going_back_after_a_failed_update_needs_no_deployment(reviews: Reviews, aws: SimulatedAws) -> None:
    fail_next(aws, "UpdateEndpoint")
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    reviews.is_stalled("DeploymentFailed", HEALTH_CHECK)

    reviews.apply(model_data("bert-b", SAMPLE_MODEL_DATA))
    reviews.is_ready()
    aws.rests()

    assert aws.counts()["UpdateEndpoint"] == 1
    assert aws.writes()[-2:] == ["DeleteEndpointConfig", "DeleteModel"]
    assert len(aws.section("models")) == 2
    assert len(aws.section("endpointConfigs")) == 1


def test_weights_are_enforced_on_the_old_config_though_the_new_one_failed(
    reviews: Reviews, aws: SimulatedAws
) -> None:
    fail_next(aws, "UpdateEndpoint")
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    reviews.is_stalled("DeploymentFailed", HEALTH_CHECK)

    reviews.apply(weights(VariantA=100, VariantB=0))
    reviews.becomes(lambda found: found["status"]["summary"] == "VariantA=100% VariantB=0%")

    reviews.is_stalled("DeploymentFailed", HEALTH_CHECK)
    assert aws.counts()["UpdateEndpoint"] == 1


@pytest.mark.usefixtures("running_operator")
def test_a_creation_that_fails_waits_for_a_request_and_then_begins_anew(
    resource: Reviews, aws: SimulatedAws
) -> None:
    fail_next(aws, "CreateEndpoint")
    resource.apply()
    resource.becomes(lambda found: found.get("status", {}).get("endpoint", {}).get("status") == "Creating")
    aws.advance(1500)  # AWS waits up to 25 minutes for a container
    resource.is_stalled("DeploymentFailed", HEALTH_CHECK)
    aws.is_asked_again()
    assert aws.counts()["CreateEndpoint"] == 1
    assert resource.conditions["EndpointInService"]["status"] == "False"

    resource.request_reconcile("once-more")
    resource.is_ready()

    assert aws.counts()["CreateEndpoint"] == 2
    assert aws.counts()["DeleteEndpoint"] == 1


def test_missing_capacity_is_tried_again_and_passes_by_itself(reviews: Reviews, aws: SimulatedAws) -> None:
    aws.edit(missing={"capacity": "ml.m5.xlarge"})
    reviews.apply(instance_type("VariantB", "ml.m5.xlarge"))
    stalled = reviews.is_stalled("DeploymentFailed", "InsufficientInstanceCapacity")

    aws.edit(restored={"capacity": "ml.m5.xlarge"})
    healed = reviews.becomes(ready)

    assert healed["metadata"]["generation"] == stalled["metadata"]["generation"]
    assert aws.counts()["UpdateEndpoint"] >= 2
    assert aws.variant("VariantB")["instanceType"] == "ml.m5.xlarge"
