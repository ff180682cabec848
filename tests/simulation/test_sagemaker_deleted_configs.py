"""An endpoint whose config in use was deleted by hand: what AWS still does for it is not known."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.guarded import CANARY

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

BYHAND = "AKIASOMEBODY"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/fifty-fifty"
TEXT = f'Could not find endpoint configuration "{ARN}".'
UPDATE, WEIGHTS, SCALING = "sm.update.config-deleted", "sm.uewc.config-deleted", "autoscaling.config-deleted"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantA",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def delete_config(sim: InProcessAws, name: str = "fifty-fifty") -> None:
    sim.client("sagemaker", access_key=BYHAND).delete_endpoint_config(EndpointConfigName=name)


def update(deployer: Any, config: str = "next", **options: Any) -> None:
    deployer.client.update_endpoint(EndpointName="reviews", EndpointConfigName=config, **options)


def shift(deployer: Any, **asked: Any) -> None:
    wanted = [{"VariantName": "VariantA", **(asked or {"DesiredWeight": 10})}]
    deployer.client.update_endpoint_weights_and_capacities(
        EndpointName="reviews", DesiredWeightsAndCapacities=wanted
    )


@pytest.mark.ledger("sm.config.delete-unprotected", "sm.config.not-found")
def test_the_endpoint_serves_on_and_keeps_the_name_of_the_config(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    delete_config(calm_sim)
    calm_sim.advance(minutes=60)
    found = in_service.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    describe = in_service.client.describe_endpoint_config
    assert refused(describe, EndpointConfigName="fifty-fifty") == ("ValidationException", TEXT)


@pytest.mark.ledger("sm.update.config-deleted", "sm.update.config-deleted-text")
def test_an_update_may_be_refused(serving: Any, refused: Any) -> None:
    sim, reviews = serving({UPDATE: "refuse"})
    reviews.config("next")
    delete_config(sim)
    code, text = refused(update, reviews)
    assert (code, text.startswith("Could not find endpoint configuration")) == ("ValidationException", True)
    assert "fifty-fifty" in text
    assert reviews.describe()["EndpointStatus"] == "InService"


@pytest.mark.ledger("sm.update.config-deleted", "sm.failure.config-deleted")
@pytest.mark.parametrize("options", [{}, {"DeploymentConfig": CANARY}], ids=["at once", "canary"])
def test_an_update_may_fail_later(serving: Any, options: Any) -> None:
    sim, reviews = serving({UPDATE: "fail"})
    variants = {name: {"InitialInstanceCount": 4} for name in ("VariantA", "VariantB")}
    reviews.config("next", **variants)
    delete_config(sim)
    update(reviews, **options)
    assert reviews.describe()["EndpointStatus"] == "Updating"
    sim.advance(minutes=30)
    found = reviews.describe()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "fifty-fifty")
    assert found["FailureReason"] == TEXT


@pytest.mark.ledger("sm.update.config-deleted")
def test_an_update_may_be_accepted(serving: Any) -> None:
    sim, reviews = serving({UPDATE: "accept"})
    reviews.config("next")
    delete_config(sim)
    update(reviews)
    sim.advance(minutes=5)
    assert reviews.describe()["EndpointConfigName"] == "next"


@pytest.mark.ledger("sm.update.config-deleted")
@pytest.mark.parametrize("played", ["refuse", "fail"])
def test_a_config_created_again_under_its_name_heals_updates(serving: Any, played: str) -> None:
    sim, reviews = serving({UPDATE: played})
    reviews.config("next")
    delete_config(sim)
    with contextlib.suppress(ClientError):
        update(reviews)
    sim.advance(minutes=5)
    assert reviews.describe()["EndpointConfigName"] == "fifty-fifty"
    reviews.config("fifty-fifty")
    update(reviews)
    sim.advance(minutes=5)
    found = reviews.describe()
    assert (found["EndpointConfigName"], found.get("FailureReason")) == ("next", None)


@pytest.mark.ledger("sm.update.same-config")
def test_a_config_created_again_under_its_name_is_the_one_in_use(
    calm_sim: Any, in_service: Any, refused: Any
) -> None:
    delete_config(calm_sim)
    in_service.config("fifty-fifty")
    assert "currently in use" in refused(update, in_service, "fifty-fifty")[1]


@pytest.mark.ledger("sm.uewc.config-deleted", "sm.update.config-deleted-text")
@pytest.mark.parametrize("asked", [{"DesiredWeight": 10.0}, {"DesiredInstanceCount": 2}], ids=str)
def test_weights_and_counts_may_be_refused(serving: Any, refused: Any, asked: Any) -> None:
    sim, reviews = serving({WEIGHTS: "refuse"})
    delete_config(sim)
    assert refused(shift, reviews, **asked)[1].startswith("Could not find endpoint configuration")
    reviews.config("fifty-fifty")
    shift(reviews, **asked)


@pytest.mark.ledger("sm.uewc.config-deleted")
def test_weights_may_still_change(serving: Any) -> None:
    sim, reviews = serving({WEIGHTS: "accept"})
    delete_config(sim)
    shift(reviews)
    sim.advance(minutes=5)
    assert reviews.variants()["VariantA"]["CurrentWeight"] == 10


@pytest.mark.ledger("sm.uewc.config-deleted", "autoscaling.activity-failed")
def test_scaling_fails_where_counts_are_refused(serving: Any) -> None:
    sim, reviews = serving({WEIGHTS: "refuse"})
    delete_config(sim)
    client = sim.client("application-autoscaling")
    reviews.config("fifty-fifty")
    client.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    delete_config(sim)
    client.register_scalable_target(**TARGET, MinCapacity=2)
    (activity,) = client.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert activity["StatusCode"] == "Failed"
    assert "Could not find endpoint configuration" in activity["StatusMessage"]
    assert reviews.variants()["VariantA"]["CurrentInstanceCount"] == 1


@pytest.mark.ledger("autoscaling.config-deleted", "autoscaling.config-deleted-text")
def test_a_registration_may_be_refused(serving: Any, refused: Any) -> None:
    sim, reviews = serving({SCALING: "refuse"})
    client = sim.client("application-autoscaling")
    client.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    delete_config(sim)
    client.register_scalable_target(**TARGET, MaxCapacity=3)
    client.deregister_scalable_target(**TARGET)
    code, text = refused(client.register_scalable_target, **TARGET, MinCapacity=1, MaxCapacity=2)
    assert (code, "onfiguration" in text) == ("ValidationException", True)
    reviews.config("fifty-fifty")
    client.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)


@pytest.mark.ledger("autoscaling.config-deleted")
def test_a_registration_may_be_accepted(serving: Any) -> None:
    sim, _ = serving({SCALING: "accept"})
    delete_config(sim)
    sim.client("application-autoscaling").register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)


def test_the_endpoint_can_be_deleted(calm_sim: Any, in_service: Any) -> None:
    delete_config(calm_sim)
    in_service.client.delete_endpoint(EndpointName="reviews")
    calm_sim.advance(minutes=1)
    assert in_service.client.list_endpoints()["Endpoints"] == []
