"""How many instances a new autoscaled variant starts with, and what that does not change."""

from dataclasses import replace

from sagemaker_ab.planning.observed import EndpointStatus
from sagemaker_ab.planning.start_counts import with_start_counts
from tests.unit.planning.worlds import AUTOSCALING, nothing, spec, want, with_variant, world

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)
RENAMED = with_variant(SCALING, "VariantB", name="VariantC")


def with_live_count(wanted, count):
    """AWS as wanted, with VariantB at a count."""
    observed = world(wanted)
    variants = tuple(
        replace(v, current_count=count, desired_count=count) if v.name == "VariantB" else v
        for v in observed.endpoint.variants
    )
    return replace(observed, endpoint=replace(observed.endpoint, variants=variants))


def start(wanted, observed, **last):
    return {v.name: v.instance_count for v in with_start_counts(wanted, observed, last).variants}


def test_a_variant_in_the_place_of_another_takes_over_its_live_count():
    assert start(want(RENAMED), with_live_count(want(SCALING), 3)) == {"VariantA": 1, "VariantC": 3}


def test_the_count_stays_within_the_bounds():
    assert start(want(RENAMED), with_live_count(want(SCALING), 8))["VariantC"] == 4


def test_a_variant_with_another_model_takes_over_nothing():
    other = with_variant(RENAMED, "VariantC", model="bert-a")

    assert start(want(other), with_live_count(want(SCALING), 3))["VariantC"] == 1


def test_a_variant_that_serves_already_keeps_the_count_of_the_autoscaler():
    assert start(want(SCALING), with_live_count(want(SCALING), 3), VariantB=2)["VariantB"] == 1


def test_an_endpoint_that_is_created_again_starts_with_the_last_known_counts():
    failed = world(want(SCALING), status=EndpointStatus.FAILED, variants=())

    assert start(want(SCALING), failed, VariantB=3, VariantA=3) == {"VariantA": 1, "VariantB": 3}
    assert start(want(SCALING), nothing(), VariantB=9)["VariantB"] == 4


def test_a_count_that_is_taken_over_is_another_config_and_no_other_attempt_at_a_deployment():
    few, many = (with_start_counts(want(RENAMED), with_live_count(want(SCALING), n), {}) for n in (2, 3))

    assert few.config_name != many.config_name
    assert few.fingerprint == many.fingerprint
