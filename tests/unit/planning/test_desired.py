"""What AWS should hold for a spec."""

import pytest

from sagemaker_ab.api.resource import InvalidSpec
from sagemaker_ab.planning.images import UnknownImage
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


def test_an_instance_family_without_an_image_is_refused_not_guessed():
    framework = {"name": "pytorch", "version": "1.6.0", "pythonVersion": "py3"}
    models = [{"name": name, "primaryContainer": {"framework": framework}} for name in ("bert-a", "bert-b")]

    with pytest.raises(UnknownImage, match="zz9"):
        want(with_variant(spec(models=models), "VariantA", instanceType="ml.zz9.large"))


def test_a_variant_that_scales_starts_with_its_minimum():
    scaling = with_variant(
        spec(), "VariantB", instanceCount=None, autoscaling={**AUTOSCALING, "minCapacity": 2}
    )

    assert want(scaling).variants[1].instance_count == 2


def test_a_new_variant_that_scales_starts_with_the_count_that_the_spec_gives():
    autoscaling = {**AUTOSCALING, "initialInstanceCount": 3}

    wanted = want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=autoscaling))

    assert wanted.production_variants[1]["InitialInstanceCount"] == 3
    assert (wanted.variants[1].scaling.min_capacity, wanted.variants[1].scaling.max_capacity) == (1, 4)


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
