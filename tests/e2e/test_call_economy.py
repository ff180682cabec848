"""The cheapest sufficient call: what each change of the spec costs in AWS, counted in AWS's own call log.

Stale reads and lost answers are off here, so that every figure is exact.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.reviews import (
    NEW_MODEL_DATA,
    SAMPLE_MODEL_DATA,
    Reviews,
    autoscaling,
    instance_count,
    instance_type,
    model_data,
    put,
    weights,
)
from tests.e2e.simulated_aws import SimulatedAws

BUSY = 40.0
"""Requests a minute: more than one instance of the notebook's policy is for."""


@pytest.fixture
def scaled_out(reviews: Reviews, aws: SimulatedAws, eventually: Callable[..., Any]) -> Reviews:
    """VariantB scales between one and two instances, and its traffic has brought it to two."""
    reviews.apply(autoscaling("VariantB"))
    reviews.is_ready()
    aws.set_traffic("reviews", per_minute=BUSY)
    eventually(lambda: aws.variant("VariantB")["currentInstanceCount"], lambda count: count == 2, within=60)
    aws.rests()
    aws.clear_calls()
    return reviews


@pytest.mark.usefixtures("running_operator")
def test_a_creation_writes_each_object_once(resource: Reviews, aws: SimulatedAws) -> None:
    resource.apply()
    resource.is_ready()
    aws.rests()

    assert aws.writes() == ["CreateModel", "CreateModel", "CreateEndpointConfig", "CreateEndpoint"]
    assert aws.weights() == {"VariantA": 50.0, "VariantB": 50.0}


def test_a_weight_shift_is_one_call_and_no_new_config(reviews: Reviews, aws: SimulatedAws) -> None:
    configs = aws.section("endpointConfigs")

    reviews.apply(weights(VariantA=0, VariantB=100))
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["UpdateEndpointWeightsAndCapacities"]
    assert aws.weights() == {"VariantA": 0.0, "VariantB": 100.0}
    assert aws.section("endpointConfigs") == configs


def test_a_count_is_one_call_for_that_variant_and_no_new_config(reviews: Reviews, aws: SimulatedAws) -> None:
    configs = aws.section("endpointConfigs")

    reviews.apply(instance_count("VariantA", 2))
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["UpdateEndpointWeightsAndCapacities"]
    asked = aws.last("UpdateEndpointWeightsAndCapacities")["DesiredWeightsAndCapacities"]
    assert asked == [{"VariantName": "VariantA", "DesiredInstanceCount": 2}]
    assert aws.variant("VariantA")["currentInstanceCount"] == 2
    assert aws.section("endpointConfigs") == configs


def test_weights_that_shift_together_with_a_growing_count_wait_for_the_instances(
    reviews: Reviews, aws: SimulatedAws
) -> None:
    reviews.apply(weights(VariantA=100, VariantB=0), instance_count("VariantA", 2))
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["UpdateEndpointWeightsAndCapacities"] * 2
    last = aws.last("UpdateEndpointWeightsAndCapacities")["DesiredWeightsAndCapacities"]
    assert [change["DesiredWeight"] for change in last] == [100.0, 0.0]


def test_turning_autoscaling_on_makes_no_new_config(reviews: Reviews, aws: SimulatedAws) -> None:
    configs = aws.section("endpointConfigs")

    reviews.apply(autoscaling("VariantB"))
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == ["RegisterScalableTarget", "PutScalingPolicy"]
    assert aws.section("endpointConfigs") == configs


def test_turning_autoscaling_off_stops_it_and_sets_the_count(scaled_out: Reviews, aws: SimulatedAws) -> None:
    scaled_out.apply(instance_count("VariantB", 1))
    scaled_out.is_ready()
    aws.rests()

    assert aws.writes() == ["DeregisterScalableTarget", "UpdateEndpointWeightsAndCapacities"]
    assert aws.section("scalableTargets") == {}
    assert aws.variant("VariantB")["currentInstanceCount"] == 1


def test_a_model_change_keeps_the_intended_weights_and_the_autoscaled_count(
    scaled_out: Reviews, aws: SimulatedAws
) -> None:
    scaled_out.apply(weights(VariantA=30, VariantB=70))
    scaled_out.is_ready()
    aws.rests()
    aws.clear_calls()

    scaled_out.apply(model_data("bert-b", NEW_MODEL_DATA))
    scaled_out.is_ready()
    assert aws.weights() == {"VariantA": 30.0, "VariantB": 70.0}
    assert aws.variant("VariantB")["currentInstanceCount"] == 2
    aws.rests()

    deployment = ["CreateModel", "CreateEndpointConfig", "UpdateEndpoint"]
    assert aws.writes() == [*deployment, "DeleteEndpointConfig", "DeleteModel"]
    serving = aws.section("models")[aws.variant("VariantB")["model"]]
    assert serving["PrimaryContainer"]["ModelDataUrl"] == NEW_MODEL_DATA


def test_another_instance_type_takes_autoscaling_away_for_the_update_and_puts_it_back(
    scaled_out: Reviews, aws: SimulatedAws
) -> None:
    (before,) = aws.section("scalableTargets").values()

    scaled_out.apply(instance_type("VariantB", "ml.m5.xlarge"))
    scaled_out.is_ready()
    assert aws.variant("VariantB")["currentInstanceCount"] == 2
    aws.rests()

    assert aws.writes() == [
        "CreateEndpointConfig",
        "DeregisterScalableTarget",
        "UpdateEndpoint",
        "RegisterScalableTarget",
        "PutScalingPolicy",
        "DeleteEndpointConfig",
    ]
    assert aws.variant("VariantB")["instanceType"] == "ml.m5.xlarge"
    (after,) = aws.section("scalableTargets").values()
    assert after == before


@pytest.mark.parametrize("scaling", [(), (autoscaling("VariantB"),)], ids=["fixed", "autoscaled"])
def test_going_back_to_an_earlier_model_does_not_bring_back_earlier_weights(
    reviews: Reviews, aws: SimulatedAws, scaling
) -> None:
    """The first model was deployed by a config whose initial weights were 50 and 50."""
    reviews.apply(*scaling, weights(VariantA=10, VariantB=90))
    reviews.is_ready()
    reviews.apply(model_data("bert-b", NEW_MODEL_DATA))
    reviews.is_ready()

    reviews.apply(model_data("bert-b", SAMPLE_MODEL_DATA))
    reviews.is_ready()

    assert aws.weights() == {"VariantA": 10.0, "VariantB": 90.0}
    assert aws.counts()["UpdateEndpoint"] == 2


def test_a_tag_is_one_call(reviews: Reviews, aws: SimulatedAws) -> None:
    reviews.apply(put(tags=[{"key": "team", "value": "nlp"}]))
    reviews.is_ready()
    aws.rests()
    assert aws.writes() == ["AddTags"]

    aws.clear_calls()
    reviews.apply(put(tags=[]))
    reviews.is_ready()
    aws.rests()
    assert aws.writes() == ["DeleteTags"]


def test_the_order_of_variants_and_models_means_nothing(reviews: Reviews, aws: SimulatedAws) -> None:
    for items in ("variants", "models"):
        reviews.manifest["spec"][items].reverse()
    reviews.apply()
    reviews.is_ready()
    aws.rests()

    assert aws.writes() == []


def test_an_unchanged_resource_is_written_neither_in_aws_nor_in_kubernetes(
    reviews: Reviews, aws: SimulatedAws
) -> None:
    version, events = reviews.version, reviews.events()

    aws.is_asked_again(passes=8)

    assert aws.writes() == []
    assert reviews.version == version
    assert reviews.events() == events


def test_a_restarted_operator_writes_nothing(reviews: Reviews, aws: SimulatedAws, operator) -> None:
    version = reviews.version

    with operator.running():
        aws.is_asked_again(passes=12)

    assert aws.writes() == []
    assert reviews.version == version


def test_a_deletion_takes_each_object_away_once(scaled_out: Reviews, aws: SimulatedAws) -> None:
    scaled_out.delete()
    scaled_out.is_gone()

    assert aws.writes() == [
        "DeleteEndpoint",
        "DeleteEndpointConfig",
        "DeleteModel",
        "DeleteModel",
    ]
    assert aws.everything() == {}
