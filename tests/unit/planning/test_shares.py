"""Shares of traffic, and which changes the two safety rules about them forbid."""

import pytest

from sagemaker_ab.planning.shares import (
    above_intended_share,
    describe_shortage,
    exceeds,
    live_weights,
    share,
    short_of_instances,
)
from tests.unit.planning.worlds import AUTOSCALING, spec, want, with_variant, world

FOUR = with_variant(spec(), "VariantB", instanceCount=4)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [({"A": 1, "B": 3}, 0.25), ({"A": 0, "B": 3}, 0.0), ({"A": 0, "B": 0}, 0.0), ({"B": 3}, 0.0), ({}, 0.0)],
)
def test_a_share_is_the_weight_by_the_sum_of_weights(weights, expected):
    assert share(weights, "A") == expected


def test_rounding_is_no_difference():
    assert not exceeds(0.1 + 0.2, 0.3)
    assert exceeds(0.30001, 0.3)
    assert not exceeds(0.3, 0.30001)


def short(raw, before, after, instances):
    wanted = want(raw)
    return [(v.name, count) for v, count in short_of_instances(wanted, before, after, instances)]


def test_more_traffic_needs_the_intended_instances():
    before, after = {"VariantA": 50, "VariantB": 50}, {"VariantA": 10, "VariantB": 50}

    assert short(FOUR, before, after, {"VariantA": 1, "VariantB": 3}) == [("VariantB", 3)]
    assert short(FOUR, before, after, {"VariantA": 1, "VariantB": 4}) == []
    assert short(FOUR, after, before, {"VariantA": 1, "VariantB": 3}) == []
    assert short(FOUR, before, before, {"VariantA": 1, "VariantB": 3}) == []


def test_every_variant_that_lacks_instances_is_found():
    both = with_variant(FOUR, "VariantA", instanceCount=2)
    instances = {"VariantA": 1, "VariantB": 1}

    assert short(both, {}, {"VariantA": 1, "VariantB": 1}, instances) == [("VariantA", 1), ("VariantB", 1)]


def test_a_variant_that_is_new_starts_with_its_instances():
    assert short(FOUR, {"VariantA": 1}, {"VariantA": 1, "VariantB": 1}, {"VariantA": 1}) == []


def test_of_a_variant_that_scales_the_minimum_counts():
    autoscaling = {**AUTOSCALING, "minCapacity": 2}
    raw = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=autoscaling)

    assert short(raw, {}, {"VariantB": 1}, {"VariantB": 1}) == [("VariantB", 1)]
    assert short(raw, {}, {"VariantB": 1}, {"VariantB": 2}) == []


def test_a_shortage_is_described_variant_by_variant():
    wanted = want(with_variant(FOUR, "VariantA", instanceCount=2))
    a, b = wanted.variants

    assert describe_shortage([(a, 1), (b, 3)]) == (
        "VariantA has 1 of 2 instances in service; VariantB has 3 of 4 instances in service"
    )
    assert describe_shortage([]) == ""


def test_less_instances_wait_while_the_share_is_above_the_intended_one():
    endpoint = world(want(with_variant(spec(), "VariantA", weight=150))).endpoint

    assert live_weights(endpoint) == {"VariantA": 150, "VariantB": 50}
    assert above_intended_share(want(spec()), endpoint, "VariantA") == (
        "VariantA has 75.0% of the traffic, and its intended share is 50.0%"
    )
    assert above_intended_share(want(spec()), endpoint, "VariantB") == ""
    assert (
        above_intended_share(want(with_variant(spec(), "VariantA", weight=150)), endpoint, "VariantA") == ""
    )
