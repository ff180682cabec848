"""When a config in use counts as the one that the operator would create, whoever created it."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.config_content import decode_content, deploys, encode_content, own_content
from sagemaker_ab.planning.names import content_name
from tests.unit.planning.worlds import spec, want, with_variant

WANTED = want(spec())
BY_HAND = "reviews-by-hand"


def content(wanted=WANTED, **members):
    """The content of a config; members of `variants` are added to each production variant."""
    added = members.pop("variants", {})
    return {"ProductionVariants": [{**v.production_variant, **added} for v in wanted.variants], **members}


def as_read(wanted=WANTED):
    """AWS returns weights as floats."""
    return content(
        replace(
            wanted,
            variants=tuple(replace(v, initial_weight=float(v.initial_weight)) for v in wanted.variants),
        )
    )


def test_the_content_decides_and_not_the_name():
    assert deploys(BY_HAND, content(), WANTED)
    assert not deploys(
        WANTED.config_name, content(want(with_variant(spec(), "VariantA", model="bert-b"))), WANTED
    )


@pytest.mark.parametrize("changes", [{"weight": 9}, {"instanceCount": 3}], ids=["weights", "counts"])
def test_initial_weights_and_counts_are_not_compared(changes):
    assert deploys(BY_HAND, content(want(with_variant(spec(), "VariantA", **changes))), WANTED)


def test_the_order_of_variants_means_nothing():
    turned = {"ProductionVariants": list(reversed(content()["ProductionVariants"]))}

    assert deploys(BY_HAND, turned, WANTED)


@pytest.mark.parametrize(
    "changes",
    [{"name": "VariantC"}, {"model": "bert-b"}, {"instanceType": "ml.c5.large"}],
    ids=["name", "model", "instance type"],
)
def test_what_needs_a_new_fleet_is_compared(changes):
    assert not deploys(BY_HAND, content(want(with_variant(spec(), "VariantA", **changes))), WANTED)


@pytest.mark.parametrize(
    "extra",
    [
        {"DataCaptureConfig": {"EnableCapture": True}},
        {"variants": {"VolumeSizeInGB": 100}},
        {"variants": {"EnableSSMAccess": True}},
        {"variants": {"RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}}},
    ],
    ids=["data capture", "volume", "SSM access", "routing"],
)
def test_a_member_that_a_person_set_is_drift(extra):
    assert not deploys(BY_HAND, content(**extra), WANTED)


@pytest.mark.parametrize(
    "extra",
    [
        {"EnableNetworkIsolation": False},
        {"KmsKeyId": ""},
        {"ShadowProductionVariants": []},
        {"variants": {"EnableSSMAccess": False}},
        {"variants": {"RoutingConfig": {"RoutingStrategy": "RANDOM"}}},
        {"variants": {"ManagedInstanceScaling": {"Status": "DISABLED"}}},
    ],
    ids=lambda extra: next(iter(extra.get("variants", extra))),
)
def test_a_default_that_aws_adds_on_reading_is_none(extra):
    assert deploys(BY_HAND, content(**extra), WANTED)


def test_a_config_of_the_operator_is_known_by_its_name_whatever_aws_adds_to_it():
    """The name is the hash of what the operator sent; configs cannot be changed."""
    assert deploys(WANTED.config_name, content(variants={"NewDefault": 1}), WANTED)
    shifted = want(with_variant(spec(), "VariantA", weight=9))
    assert deploys(shifted.config_name, content(shifted, variants={"NewDefault": 1}), WANTED)


def test_of_a_config_of_the_operator_only_what_it_sent_is_kept():
    read = as_read()
    read["ProductionVariants"] = [{**v, "NewDefault": 1} for v in read["ProductionVariants"]]

    assert own_content(WANTED.config_name, {**read, "Other": 1}, "reviews") == as_read()


def test_a_config_that_a_person_created_is_kept_whole():
    theirs = content(variants={"VolumeSizeInGB": 100}, DataCaptureConfig={"EnableCapture": True})

    assert own_content(BY_HAND, theirs, "reviews") is theirs


def test_a_weight_that_is_no_whole_number_is_not_of_the_operator():
    half = content()
    half["ProductionVariants"][0] = {**half["ProductionVariants"][0], "InitialVariantWeight": 0.5}
    name = content_name("reviews", content=half["ProductionVariants"])

    assert own_content(name, {**half, "Other": 1}, "reviews") == half
    assert own_content(WANTED.config_name, {**half, "Other": 1}, "reviews") == {**half, "Other": 1}


def test_content_is_written_short_the_same_for_the_same_content_and_read_back():
    text = encode_content({"b": 1, "a": [1.0, {"d": None, "c": "é"}]})

    assert text == '{"a":[1.0,{"c":"\\u00e9","d":null}],"b":1}'
    assert decode_content(text) == {"a": [1.0, {"c": "é", "d": None}], "b": 1}
    with pytest.raises(ValueError, match="Expecting"):
        decode_content("not JSON")
