"""Whatever somebody changes in AWS by hand is put right, by the cheapest call and unasked."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.reviews import Reviews, autoscaling
from tests.e2e.simulated_aws import SimulatedAws

VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantB",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def by_hand(aws: SimulatedAws, service: str, operation: str, **params: Any) -> None:
    aws.edit(call={"service": service, "operation": operation, "params": params})


def test_a_weight_changed_by_hand_is_repaired(
    reviews: Reviews, aws: SimulatedAws, eventually: Callable[..., Any]
) -> None:
    aws.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 99}})
    eventually(aws.weights, lambda seen: seen == {"VariantA": 50.0, "VariantB": 50.0}, within=60)
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["UpdateEndpointWeightsAndCapacities"]


def test_a_count_changed_by_hand_is_repaired(
    reviews: Reviews, aws: SimulatedAws, eventually: Callable[..., Any]
) -> None:
    aws.edit(counts={"endpoint": "reviews", "variants": {"VariantA": 3}})
    eventually(lambda: aws.variant("VariantA")["currentInstanceCount"], lambda count: count == 1, within=60)
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["UpdateEndpointWeightsAndCapacities"]


BY_HAND: dict[str, tuple[dict[str, Any], list[str]]] = {
    "DeleteScalingPolicy": ({"PolicyName": "invocations"}, ["PutScalingPolicy"]),
    "DeregisterScalableTarget": ({}, ["RegisterScalableTarget", "PutScalingPolicy"]),
    "RegisterScalableTarget": ({"MinCapacity": 1, "MaxCapacity": 9}, ["RegisterScalableTarget"]),
}
"""Operations with their parameters, and the calls that undo them."""


@pytest.mark.parametrize("operation", BY_HAND)
def test_autoscaling_changed_by_hand_is_repaired(
    reviews: Reviews, aws: SimulatedAws, eventually: Callable[..., Any], operation: str
) -> None:
    params, repair = BY_HAND[operation]
    reviews.apply(autoscaling("VariantB"))
    reviews.is_ready()
    aws.rests()
    intended = aws.section("scalableTargets")
    aws.clear_calls()

    by_hand(aws, "application-autoscaling", operation, **VARIANT, **params)
    assert aws.section("scalableTargets") != intended
    eventually(lambda: aws.section("scalableTargets"), lambda seen: seen == intended, within=60)
    aws.rests()

    assert aws.writes() == repair


def test_an_endpoint_deleted_by_hand_comes_back(reviews: Reviews, aws: SimulatedAws) -> None:
    aws.edit(delete={"endpoint": "reviews"})
    reviews.becomes(lambda found: found["status"].get("endpoint", {}).get("status") == "Creating")
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["CreateEndpoint"]


def test_a_config_deleted_under_its_endpoint_comes_back(
    reviews: Reviews, aws: SimulatedAws, eventually: Callable[..., Any]
) -> None:
    """An endpoint without its config cannot be updated for ever after, AWS's documentation warns."""
    configs = aws.section("endpointConfigs")
    (name,) = configs

    aws.edit(delete={"config": name})
    eventually(lambda: aws.section("endpointConfigs"), lambda seen: seen == configs, within=60)
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["CreateEndpointConfig"]


def test_an_update_by_another_hand_is_undone(reviews: Reviews, aws: SimulatedAws) -> None:
    """Somebody deploys a config of their own; the resource's comes back, and theirs stays theirs."""
    (ours,) = aws.section("endpointConfigs").values()
    variants = [{**variant, "InstanceType": "ml.m5.4xlarge"} for variant in ours["ProductionVariants"]]
    by_hand(
        aws, "sagemaker", "CreateEndpointConfig", EndpointConfigName="theirs", ProductionVariants=variants
    )
    by_hand(aws, "sagemaker", "UpdateEndpoint", EndpointName="reviews", EndpointConfigName="theirs")

    reviews.becomes(lambda found: found["status"]["endpoint"].get("configName") == "theirs")
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["UpdateEndpoint"]
    assert aws.variant("VariantA")["instanceType"] == "ml.m5.large"
    assert "theirs" in aws.section("endpointConfigs")
