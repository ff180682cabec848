"""A framework becomes an image of the region, which stays as long as the fleet in use pins it."""

import copy

import pytest

from sagemaker_ab.planning import images
from tests.integration.stage import held, sent, settled
from tests.unit.planning.worlds import spec, with_variant

FRAMEWORK = {"name": "pytorch", "version": "1.6.0", "pythonVersion": "py3"}
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
SPEC = spec(models=[{"name": "bert-a", "primaryContainer": {"framework": FRAMEWORK}}, spec()["models"][1]])


@pytest.fixture
def moved(monkeypatch):
    """Let another version of the operator resolve the framework to another image."""
    table = copy.deepcopy(images._table())

    def move():
        for image in table["frameworks"]["pytorch"]:
            if image["version"] == FRAMEWORK["version"]:
                image["repository"] = "moved"

    monkeypatch.setattr(images, "_table", lambda: table)
    return move


def images_of(operator):
    return {model["PrimaryContainer"]["Image"] for model in held(operator, "models").values()}


def given():
    return {model["primaryContainer"]["image"] for model in spec()["models"]}


def test_a_framework_is_resolved_for_the_region_and_its_model_is_tagged_with_the_pin():
    operator = settled(SPEC)

    assert images_of(operator) == {IMAGE} | given()
    first, second = (call["params"] for call in sent(operator, "CreateModel"))
    assert "sagemaker-ab.dev/image-pin" in {tag["Key"] for tag in first["Tags"]}
    assert "sagemaker-ab.dev/image-pin" not in {tag["Key"] for tag in second["Tags"]}


def test_a_new_version_of_the_operator_leaves_the_image_of_a_fleet_as_it_is(moved):
    operator = settled(SPEC)
    before = len(operator.writes())
    moved()
    operator.crash()
    operator.settle()

    assert len(operator.writes()) == before


def test_a_change_of_another_variant_keeps_the_pinned_image(moved):
    operator = settled(SPEC)
    moved()
    operator.crash()
    operator.cluster.apply(with_variant(SPEC, "VariantB", instanceType="ml.m5.xlarge"))
    operator.settle()

    assert images_of(operator) == {IMAGE} | given()
    assert len(sent(operator, "UpdateEndpoint")) == 1


def test_another_instance_family_resolves_the_image_anew(moved):
    operator = settled(SPEC)
    moved()
    operator.cluster.apply(with_variant(SPEC, "VariantA", instanceType="ml.c5.large"))
    operator.settle()

    assert images_of(operator) == {IMAGE.replace("pytorch-inference", "moved")} | given()


def test_the_pins_of_the_models_in_use_are_read_once(moved):
    operator = settled(SPEC)
    moved()
    operator.crash()
    before = len(operator.sim.calls())
    operator.settle()

    described = [c["params"] for c in operator.sim.calls()[before:] if c["operation"] == "DescribeModel"]
    assert len({request["ModelName"] for request in described}) == len(described) == 2
