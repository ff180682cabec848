"""What AWS should hold for a spec."""

import pytest

from sagemaker_ab.api.resource import InvalidSpec, parse_spec
from sagemaker_ab.planning.desired_scaling import Bounds
from sagemaker_ab.planning.image_pins import image_pin
from sagemaker_ab.planning.names import content_name, may_stem_from
from tests.unit.planning.worlds import AUTOSCALING, spec, want, with_variant


def test_names_are_the_same_in_every_version():
    """Whoever changes what is hashed gives every endpoint of every cluster a new fleet."""
    wanted = want(spec())

    assert wanted.config_name == "reviews-a306f87fc4"
    assert [model.name for model in wanted.models] == [
        "reviews-bert-a-1fef6cc901",
        "reviews-bert-b-8265f1a70f",
    ]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(("reviews", "eu-bert"), ("reviews-eu", "bert")), (("e" * 53, "bert"), ("e" * 54, "bert"))],
    ids=["joined alike", "cut alike"],
)
def test_two_endpoints_never_want_the_same_name(ours, theirs):
    assert content_name(*ours, content={}) != content_name(*theirs, content={})


def test_the_order_of_variants_means_nothing():
    turned = {**spec(), "variants": list(reversed(spec()["variants"]))}

    assert want(turned).config_name == want(spec()).config_name
    assert want(turned).fingerprint == want(spec()).fingerprint


def test_a_weight_makes_another_config_but_the_same_deployment():
    before, after = want(spec()), want(with_variant(spec(), "VariantA", weight=10))

    assert after.config_name != before.config_name
    assert after.fingerprint == before.fingerprint


@pytest.mark.parametrize(
    "change",
    [{"instanceType": "ml.m5.xlarge"}, {"model": "bert-b"}, {"name": "VariantC"}],
    ids=["instance type", "model", "name"],
)
def test_what_only_a_new_fleet_can_change_makes_another_deployment(change):
    assert want(with_variant(spec(), "VariantA", **change)).fingerprint != want(spec()).fingerprint


def test_a_revision_redeploys_an_artefact_overwritten_in_place():
    revised = spec()
    revised["models"][0]["revision"] = "2"

    assert want(revised).models[0].content == want(spec()).models[0].content
    assert want(revised).models[0].name != want(spec()).models[0].name


def test_models_that_no_variant_serves_are_not_created():
    one = spec(variants=[spec()["variants"][0]])

    assert [model.name.rsplit("-", 1)[0] for model in want(one).models] == ["reviews-bert-a"]


def test_an_existing_model_is_used_and_not_created():
    models = [{"name": "bert-a", "existingModelName": "theirs"}, spec()["models"][1]]

    wanted = want(spec(models=models))

    assert wanted.variants[0].model_name == "theirs"
    assert "theirs" not in {model.name for model in wanted.models}


def test_one_framework_becomes_two_models_on_cpu_and_gpu():
    framework = {"name": "pytorch", "version": "1.6.0", "pythonVersion": "py3"}
    models = [{"name": "bert", "primaryContainer": {"framework": framework}}]
    variants = [
        {**spec()["variants"][0], "model": "bert"},
        {**spec()["variants"][1], "model": "bert", "instanceType": "ml.g4dn.xlarge"},
    ]

    images = [
        m.content["PrimaryContainer"]["Image"] for m in want(spec(models=models, variants=variants)).models
    ]

    assert [image.rsplit(":", 1)[1] for image in images] == ["1.6.0-cpu-py3", "1.6.0-gpu-py3"]


def test_an_instance_family_without_an_image_is_reported_not_guessed():
    framework = {"name": "pytorch", "version": "1.6.0", "pythonVersion": "py3"}
    models = [{"name": name, "primaryContainer": {"framework": framework}} for name in ("bert-a", "bert-b")]

    wanted = want(with_variant(spec(models=models), "VariantA", instanceType="ml.zz9.large"))

    assert len(wanted.unresolved) == 1
    assert "zz9" in wanted.unresolved[0]
    assert [variant.model_name == "" for variant in wanted.variants] == [True, False]


def pinned(image="123456789012.dkr.ecr.us-east-1.amazonaws.com/pytorch:pinned", **framework):
    """A spec with a framework, and the pin of its model with another image than the table has."""
    block = {"name": "pytorch", "version": "1.6.0", "pythonVersion": "py3", **framework}
    models = [{"name": name, "primaryContainer": {"framework": block}} for name in ("bert-a", "bert-b")]
    pin = want(spec(models=models)).models[0].image_pin
    return spec(models=models), {pin: (image,)}, image


def images(wanted):
    return [model.content["PrimaryContainer"]["Image"] for model in wanted.models]


def test_a_pinned_image_takes_precedence_over_the_table():
    """Else a new version of the operator, with another table, would deploy every endpoint again."""
    raw, pins, image = pinned()

    wanted = want(raw, pinned=pins)

    assert images(wanted)[0] == image
    assert images(wanted)[1] == images(want(raw))[1]


def test_a_framework_that_the_table_no_longer_has_keeps_its_pinned_image():
    raw, _, image = pinned()
    dropped = {"framework": {"name": "pytorch", "version": "0.0.1", "pythonVersion": "py3"}}
    models = [{"name": model["name"], "primaryContainer": dropped} for model in raw["models"]]
    pins = {image_pin(model, "ml.m5.large"): (image,) for model in parse_spec(spec(models=models)).models}

    assert len(want(spec(models=models)).unresolved) == 2
    wanted = want(spec(models=models), pinned=pins)

    assert not wanted.unresolved
    assert images(wanted) == [image, image]


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: with_variant(raw, "VariantA", instanceType="ml.g4dn.xlarge"),
        lambda raw: {**raw, "models": [{**model, "revision": "2"} for model in raw["models"]]},
        lambda _: pinned(version="1.7.1")[0],
    ],
    ids=["instance family", "revision", "framework"],
)
def test_a_pin_ends_with_a_change_of_what_the_image_was_resolved_from(change):
    raw, pins, image = pinned()

    assert image not in images(want(change(raw), pinned=pins))


def test_an_image_that_the_spec_gives_is_not_pinned():
    assert [model.image_pin for model in want(spec()).models] == [None, None]


def test_a_variant_that_scales_starts_with_its_minimum():
    scaling = with_variant(
        spec(), "VariantB", instanceCount=None, autoscaling={**AUTOSCALING, "minCapacity": 2}
    )

    assert want(scaling).variants[1].instance_count == 2


def test_a_new_variant_that_scales_starts_with_the_count_that_the_spec_gives():
    autoscaling = {**AUTOSCALING, "initialInstanceCount": 3}

    wanted = want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=autoscaling))

    assert wanted.production_variants[1]["InitialInstanceCount"] == 3
    assert wanted.variants[1].scaling.bounds == Bounds(1, 4)


def test_every_object_carries_the_owner_beside_the_tags_of_the_spec():
    tags = want(spec(tags=[{"key": "team", "value": "search"}])).all_tags

    assert tags["team"] == "search"
    assert tags["sagemaker-ab.dev/name"] == "reviews"


def test_a_model_may_get_one_tag_more_than_the_owner_tags_within_the_50_that_aws_allows():
    tags = [{"key": f"key-{number}", "value": ""} for number in range(45)]

    assert len(want(spec(tags=tags)).all_tags) + 1 == 50
    with pytest.raises(InvalidSpec, match=r"spec\.tags: should have at most 45 items"):
        want(spec(tags=[*tags, {"key": "one-more", "value": ""}]))


def test_only_the_left_part_of_a_long_name_is_cut():
    name = content_name("e" * 62, "model", content={"a": 1})

    assert len(name) == 63
    assert name[-11] == "-"


def test_a_cut_that_ends_in_a_dash_leaves_none():
    assert "--" not in content_name("e" * 51, "model", content={})


def test_listed_names_that_cannot_be_ours_are_told_apart():
    assert may_stem_from(content_name("reviews", "bert", content={}), "reviews")
    assert may_stem_from(content_name("e" * 60, "bert", content={}), "e" * 60)
    assert not may_stem_from("reviews-by-hand", "reviews")
    assert not may_stem_from(content_name("other", content={}), "reviews")
    assert not may_stem_from(content_name("reviews1", content={}), "reviews")
