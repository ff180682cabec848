"""S2: no count or minimum is lowered while the variant's current share exceeds its intended share."""

import pytest

from tests.unit.safety.stage import Stage, fixed, scaled, spec


@pytest.fixture
def large():
    """VariantA on four instances, VariantB on at least three."""
    stage = Stage()
    stage.deploy(spec(fixed("VariantA", count=4), scaled("VariantB", minimum=3)))
    return stage


SMALLER_A = spec(fixed("VariantA", count=1, weight=0), scaled("VariantB", minimum=3, weight=100))
SMALLER_B = spec(fixed("VariantA", count=4, weight=100), scaled("VariantB", weight=0))


def test_a_count_lowered_before_the_weight_is_caught(large):
    large.apply(SMALLER_A)
    large.count("VariantA", 1)

    (violation,) = large.violations()
    assert violation.rule == "S2"
    assert "the instance count of VariantA goes from 4 to 1 while it serves 50.0%" in violation.found
    assert violation.right.startswith("shift the weights first")


def test_a_minimum_lowered_before_the_weight_is_caught(large):
    large.apply(SMALLER_B)
    large.register("VariantB", minimum=1)

    assert "the minimum of VariantB goes from 3 to 1" in large.violations()[0].found


def test_a_maximum_below_the_count_lowers_the_count(large):
    large.apply(spec(fixed("VariantA", count=4), scaled("VariantB", minimum=3, weight=0, maxCapacity=3)))
    large.register("VariantB", minimum=3, maximum=3)
    assert large.found() == []

    large.aws.edit(counts={"endpoint": "reviews", "variants": {"VariantB": 4}})
    large.read()
    large.register("VariantB", minimum=3, maximum=3)
    assert large.found() == ["S2"]


def test_a_weight_that_is_on_its_way_is_not_there_yet(large):
    large.apply(spec(fixed("VariantA", weight=0), scaled("VariantB", minimum=2, weight=100)))
    large.weigh(VariantA=0, VariantB=100)
    large.aws.advance(seconds=1)
    large.register("VariantB", minimum=2)

    assert large.found() == []
    large.apply(SMALLER_B)
    large.register("VariantB", minimum=1)
    assert large.found() == ["S2"]


def test_counts_and_minimums_lowered_after_the_weights_are_right(large):
    large.apply(SMALLER_A)
    large.weigh(VariantA=0, VariantB=100)
    large.settle()
    large.count("VariantA", 1)

    assert large.found() == []


def test_a_count_lowered_at_the_intended_share_is_right(large):
    large.apply(spec(fixed("VariantA", count=2), scaled("VariantB", minimum=2)))
    large.count("VariantA", 2)
    large.settle()
    large.register("VariantB", minimum=2)

    assert large.found() == []


def test_an_update_switches_both_at_once(large):
    large.apply(SMALLER_A)
    large.create_config("second", SMALLER_A)
    large.update("second")

    assert large.found() == []


def test_a_refused_call_lowers_nothing(large):
    large.apply(SMALLER_A)
    large.aws.fault({"error": {"code": "ValidationException", "text": "no"}}, match={"write": True})
    large.count("VariantA", 1)

    assert large.found() == []


def test_a_variant_that_the_spec_does_not_name_is_to_get_nothing(large):
    large.apply(spec(scaled("VariantB", minimum=3)))
    large.count("VariantA", 1)

    assert large.found() == ["S2"]


def test_what_others_do_after_the_read_cannot_be_known(large):
    large.apply(SMALLER_A)
    large.weigh(VariantA=0, VariantB=100)
    large.settle()
    large.aws.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 100}})
    large.count("VariantA", 1)

    assert large.found() == []
