"""An endpoint in a status that AWS introduced after the SDKs."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.rules import BadRuleError

ROW = "sm.endpoint.newer-status"
MIGRATING = {"endpoint": "reviews", "status": "Migrating", "newer": True}


def reweigh(deployer: Any) -> None:
    deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews",
        DesiredWeightsAndCapacities=[{"VariantName": "VariantA", "DesiredWeight": 10}],
    )


def update(deployer: Any) -> None:
    deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName="next")


def test_it_is_told_as_it_is_until_its_time_is_up(calm_sim: Any, in_service: Any) -> None:
    calm_sim.edit(status=MIGRATING | {"seconds": 120})
    assert in_service.describe()["EndpointStatus"] == "Migrating"
    (listed,) = in_service.client.list_endpoints()["Endpoints"]
    assert listed["EndpointStatus"] == "Migrating"
    assert calm_sim.state()["123456789012/us-east-1"]["endpoints"]["reviews"]["status"] == "Migrating"
    calm_sim.advance(minutes=3)
    assert in_service.describe()["EndpointStatus"] == "InService"


def test_it_lasts_without_a_time(calm_sim: Any, in_service: Any) -> None:
    calm_sim.edit(status=MIGRATING)
    calm_sim.advance(minutes=600)
    assert in_service.describe()["EndpointStatus"] == "Migrating"
    calm_sim.edit(status={"endpoint": "reviews", "status": "InService"})
    reweigh(in_service)


def test_a_request_may_meet_it(calm_sim: Any, in_service: Any, refused: Any) -> None:
    status = {"status": "Migrating", "newer": True, "seconds": 60}
    calm_sim.fault({"status": status}, match={"operation": "UpdateEndpoint*"})
    assert "in-progress" in refused(reweigh, in_service)[1]
    assert in_service.describe()["EndpointStatus"] == "Migrating"


@pytest.mark.ledger("sm.endpoint.busy")
@pytest.mark.parametrize("change", [reweigh, update])
def test_it_refuses_changes_and_serves_on(
    calm_sim: Any, in_service: Any, invoke: Any, refused: Any, change: Any
) -> None:
    in_service.config("next")
    calm_sim.edit(status=MIGRATING)
    assert "in-progress" in refused(change, in_service)[1]
    assert invoke("good")


@pytest.mark.ledger("autoscaling.endpoint-not-in-service")
def test_its_variants_cannot_be_registered(calm_sim: Any, in_service: Any, refused: Any) -> None:
    del in_service
    calm_sim.edit(status=MIGRATING)
    code, _ = refused(
        calm_sim.client("application-autoscaling").register_scalable_target,
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/reviews/variant/VariantA",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=2,
    )
    assert code == "ValidationException"


@pytest.mark.ledger("sm.endpoint.newer-status")
def test_it_may_be_deleted(serving: Any) -> None:
    sim, reviews = serving({ROW: "accepts deletion"})
    sim.edit(status=MIGRATING | {"seconds": 600})
    reviews.client.delete_endpoint(EndpointName="reviews")
    assert reviews.describe()["EndpointStatus"] == "Deleting"
    sim.advance(minutes=1)
    assert reviews.client.list_endpoints()["Endpoints"] == []


@pytest.mark.ledger("sm.endpoint.newer-status", "sm.endpoint.busy")
def test_it_may_refuse_to_be_deleted(serving: Any, refused: Any) -> None:
    sim, reviews = serving({ROW: "refuses deletion"})
    sim.edit(status=MIGRATING | {"seconds": 600})
    assert "in-progress" in refused(reviews.client.delete_endpoint, EndpointName="reviews")[1]
    sim.advance(minutes=11)
    reviews.client.delete_endpoint(EndpointName="reviews")


@pytest.mark.parametrize(
    "status",
    [
        {"status": "Migrating"},
        {"status": "InService", "newer": True},
        {"status": "", "newer": True},
        {"status": "Migrating", "newer": "yes"},
        {"status": 5, "newer": True},
    ],
)
def test_what_is_no_status_is_refused(calm_sim: Any, in_service: Any, status: Any) -> None:
    with pytest.raises(BadRuleError):
        calm_sim.fault({"status": status})
    assert in_service.describe()["EndpointStatus"] == "InService"


def test_a_status_that_no_edit_can_order_is_an_error(calm_sim: Any, in_service: Any) -> None:
    with pytest.raises(ValueError, match="no status 'Migrating' that is not newer"):
        calm_sim.edit(status={"endpoint": "reviews", "status": "Migrating"})
    assert in_service.describe()["EndpointStatus"] == "InService"
