"""What serves when an update switches to its new fleet."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.start_counts import with_start_counts
from sagemaker_ab.planning.switch import weights_at_switch, with_retained_weights
from tests.unit.planning.worlds import (
    AUTOSCALING,
    chosen,
    nothing,
    planned,
    request,
    spec,
    want,
    with_variant,
    world,
)

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)
AT_10 = chosen(90, 10)
KEEPS_NOTHING, TAKES_WEIGHTS, TAKES_COUNTS = None, ["DesiredWeight"], ["DesiredInstanceCount"]


def updated(raw):
    """The same resource with another model behind VariantA."""
    return with_variant(raw, "VariantA", model="bert-b")


def switching(raw, live, traffic=None):
    """The desired state of an update, as a reconcile computes it."""
    wanted = with_retained_weights(want(raw, traffic=traffic), live)
    return with_start_counts(wanted, live, {})


def excluded(raw, live, traffic=None):
    """The properties that an update takes from the config, None if it takes all."""
    asked = request(planned(switching(raw, live, traffic), live), "UpdateEndpoint")
    if not asked.get("RetainAllVariantProperties"):
        return None
    return [each["VariantPropertyType"] for each in asked.get("ExcludeRetainedVariantProperties", [])]


@pytest.mark.parametrize(
    ("raw", "traffic", "expected"),
    [
        (spec(), None, KEEPS_NOTHING),
        (SCALING, None, TAKES_WEIGHTS),
        (spec(), AT_10, TAKES_COUNTS),
        (SCALING, AT_10, []),
        (spec(), chosen(100, 0), KEEPS_NOTHING),
        (SCALING, chosen(100, 0), TAKES_WEIGHTS),
    ],
    ids=["manual", "manual, scaling", "run", "run, scaling", "run starts", "run starts, scaling"],
)
def test_an_update_takes_from_the_config_what_is_intended_and_keeps_the_rest(raw, traffic, expected):
    assert excluded(updated(raw), world(want(raw, traffic=traffic)), traffic) == expected


def test_weights_that_a_run_has_moved_survive_an_update():
    live = world(want(spec(), traffic=AT_10))

    wanted = switching(updated(spec()), live, AT_10)

    assert weights_at_switch(wanted, live.endpoint) == {"VariantA": 90, "VariantB": 10}


def test_other_variants_than_those_that_serve_start_with_the_initial_weights():
    """The live weights of one variant and the initial ones of another have no common scale."""
    live = world(want(spec(variants=spec()["variants"][:1])))

    wanted = switching(spec(), live, AT_10)

    assert not wanted.retains_weights
    assert weights_at_switch(wanted, live.endpoint) == {"VariantA": 100, "VariantB": 0}


def test_nothing_is_kept_of_an_endpoint_that_does_not_exist():
    assert not switching(spec(), nothing(), AT_10).retains_weights


def test_weights_that_are_kept_need_no_more_instances():
    """The baseline has fewer instances than intended, and an update that keeps its share may keep them."""
    raw = with_variant(SCALING, "VariantA", instanceCount=4)
    live = with_count(world(want(raw, traffic=AT_10)), "VariantA", 1)

    assert switching(updated(raw), live, AT_10).retains_counts
    assert not switching(updated(raw), live, chosen(100, 0)).retains_counts


def with_count(observed, name, count):
    variants = tuple(
        replace(v, current_count=count, desired_count=count) if v.name == name else v
        for v in observed.endpoint.variants
    )
    return replace(observed, endpoint=replace(observed.endpoint, variants=variants))
