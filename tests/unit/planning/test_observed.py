"""What is read from an endpoint and its config, and what is not known without them."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.known_config import runs_as_desired
from sagemaker_ab.planning.observed import EndpointStatus, ObservedConfig
from tests.unit.planning.worlds import nothing, spec, want, with_variant, world

WANTED = want(spec())
CONFIG = ObservedConfig(
    "c",
    {
        "ProductionVariants": [
            {"VariantName": "VariantA", "ModelName": "m-a", "InstanceType": "ml.m5.large"},
            {"VariantName": "VariantB", "InstanceType": "ml.c5.large"},
        ]
    },
)


def test_a_config_names_the_model_and_the_instance_type_of_each_variant():
    assert (CONFIG.model_name("VariantA"), CONFIG.instance_type("VariantA")) == ("m-a", "ml.m5.large")
    assert (CONFIG.model_name("VariantB"), CONFIG.instance_type("VariantB")) == (None, "ml.c5.large")
    assert (CONFIG.model_name("VariantC"), CONFIG.instance_type("VariantC")) == (None, None)
    assert CONFIG.models == {"m-a"}


def test_a_variant_of_an_endpoint_is_found_by_name():
    endpoint = world(WANTED).endpoint

    assert endpoint.variant("VariantB").name == "VariantB"
    assert endpoint.variant("VariantC") is None


def test_counts_mean_the_same_only_on_the_desired_instance_type():
    variant = want(with_variant(spec(), "VariantA", instanceType="ml.c5.large")).variants[0]

    config = world(WANTED).config_in_use

    assert runs_as_desired(config, WANTED.variants[0])
    assert not runs_as_desired(config, variant)
    assert not runs_as_desired(None, WANTED.variants[0])


@pytest.mark.parametrize(
    ("observed", "deleted"),
    [
        (world(WANTED), False),
        (nothing(), False),
        (replace(world(WANTED), config_in_use=None), True),
        (replace(world(WANTED, config_name=None), config_in_use=None), False),
    ],
    ids=["in use", "no endpoint", "gone", "none named"],
)
def test_a_config_that_the_endpoint_names_and_that_does_not_exist_was_deleted(observed, deleted):
    assert observed.config_deleted is deleted


def test_a_status_newer_than_this_version_is_busy_and_not_known_to_serve():
    status = EndpointStatus("Migrating")

    assert status is EndpointStatus.UNKNOWN
    assert status.busy
    assert not status.serving


@pytest.mark.parametrize("status", list(EndpointStatus))
def test_an_endpoint_serves_while_it_is_changed_and_not_while_it_comes_or_goes(status):
    serving = {"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"}
    busy = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting", "Unknown"}

    assert status.serving is (status.value in serving)
    assert status.busy is (status.value in busy)
