"""How many instances the variants of a new endpoint config start with."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.desired_scaling import Bounds
from sagemaker_ab.planning.start_counts import with_start_counts
from tests.unit.planning.worlds import AUTOSCALING, nothing, spec, want, with_variant, world

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling={**AUTOSCALING, "maxCapacity": 9})


def renamed(**autoscaling):
    """VariantB under another name."""
    first, second = SCALING["variants"]
    changed = {**second, "name": "VariantC", "autoscaling": {**second["autoscaling"], **autoscaling}}
    return spec(variants=[first, changed])


def serving(count, raw=SCALING):
    """The endpoint with this many instances of VariantB."""
    observed = world(want(raw))
    variants = tuple(
        replace(v, desired_count=count, current_count=count) if v.name == "VariantB" else v
        for v in observed.endpoint.variants
    )
    return replace(observed, endpoint=replace(observed.endpoint, variants=variants))


def counts(raw, observed, last=None):
    decided = with_start_counts(want(raw), observed, last or {})
    return {variant.name: variant.instance_count for variant in decided.variants}


@pytest.mark.parametrize(("live", "start"), [(8, 8), (20, 9), (1, 1)])
def test_a_renamed_variant_starts_with_the_count_of_the_one_that_it_replaces_within_its_bounds(live, start):
    """Else half of the traffic of eight instances would meet one."""
    assert counts(renamed(), serving(live))["VariantC"] == start


def test_an_initial_count_in_the_spec_takes_precedence():
    assert counts(renamed(initialInstanceCount=3), serving(8))["VariantC"] == 3
    assert counts(renamed(initialInstanceCount=3), nothing(), {"VariantC": 8})["VariantC"] == 3


def at_peak(raw, name):
    """The desired state while a scheduled action has raised the bounds of a variant to 6 and 9."""
    wanted = want(raw)
    variants = [
        replace(v, scaling=replace(v.scaling, bounds=Bounds(6, 9))) if v.name == name else v
        for v in wanted.variants
    ]
    return replace(wanted, variants=tuple(variants))


@pytest.mark.parametrize("initial", [{}, {"initialInstanceCount": 3}], ids=["minimum", "initial count"])
def test_a_variant_that_is_new_at_the_peak_starts_with_the_minimum_of_the_schedule(initial):
    """Its share comes with the update, and S1 asks for the intended minimum."""
    raw = renamed(**initial)
    raw["variants"][1]["model"] = "bert-a"

    for observed in (nothing(), serving(8)):
        decided = with_start_counts(at_peak(raw, "VariantC"), observed, {})
        assert decided.production_variants[1]["InitialInstanceCount"] == 6


def test_a_schedule_changes_nothing_of_the_config_in_use():
    wanted = with_start_counts(at_peak(SCALING, "VariantB"), serving(8), {})

    assert wanted.config_name == want(SCALING).config_name


def test_a_departing_variant_of_another_model_says_nothing():
    other = renamed()
    other["variants"][1]["model"] = "bert-a"

    assert counts(other, serving(8))["VariantC"] == 1


def test_two_departing_variants_of_the_model_say_nothing():
    first, second = SCALING["variants"]
    both = spec(variants=[first, second, {**second, "name": "VariantD"}])

    assert counts(renamed(), serving(8, both))["VariantC"] == 1


def test_an_endpoint_that_is_created_again_starts_with_the_last_known_counts():
    assert counts(SCALING, nothing(), {"VariantB": 6})["VariantB"] == 6
    assert counts(SCALING, nothing(), {"VariantB": 60})["VariantB"] == 9
    assert counts(SCALING, nothing())["VariantB"] == 1


def test_a_count_that_is_taken_over_is_another_config_and_no_other_attempt_at_a_deployment():
    few, many = (with_start_counts(want(renamed()), serving(count), {}) for count in (2, 3))

    assert few.config_name != many.config_name
    assert few.fingerprint == many.fingerprint


def test_a_variant_that_serves_keeps_its_count_and_the_configs_name_does_not_follow_it():
    assert counts(SCALING, serving(8))["VariantB"] == 1
    assert with_start_counts(want(SCALING), serving(8), {}).retains_counts


def test_counts_come_from_the_config_where_retained_ones_would_be_too_few_for_the_traffic():
    """VariantA goes from one to four instances and from 50 to 90 % with a new model."""
    changed = with_variant(SCALING, "VariantA", instanceCount=4, weight=450, model="bert-b")

    decided = with_start_counts(want(changed), serving(8), {})

    assert not decided.retains_counts
    assert [variant.instance_count for variant in decided.variants] == [4, 8]


def test_counts_are_retained_where_the_share_does_not_grow():
    changed = with_variant(SCALING, "VariantA", instanceCount=4, model="bert-b")

    assert with_start_counts(want(changed), serving(8), {}).retains_counts
