"""A framework keeps the image that it was resolved to, whatever a new version's image table says."""

import copy

import pytest

from sagemaker_ab.planning import images
from tests.integration.stage import (
    SCALING,
    aws,
    by_hand,
    endpoint,
    held,
    sent,
    settled,
    steps,
    weights,
)
from tests.seeds import SEEDS
from tests.unit.planning.worlds import with_variant

ALIAS = {"name": "pytorch", "version": "1.6", "pythonVersion": "py3"}
OLD, NEW = "1.6.0", "1.7.1"


def on_framework(base, *names, **changes):
    """The spec with models on a framework instead of an image."""
    models = [
        {
            "name": model["name"],
            "primaryContainer": {
                "framework": {**ALIAS, **changes},
                "modelDataUrl": model["primaryContainer"]["modelDataUrl"],
            },
        }
        if model["name"] in names
        else model
        for model in base["models"]
    ]
    return {**base, "models": models}


SPEC = on_framework(SCALING, "bert-a", "bert-b")


@pytest.fixture
def table(monkeypatch):
    """The image table, as data that a new version of the operator may change."""
    changed = copy.deepcopy(images._table())
    monkeypatch.setattr(images, "_table", lambda: changed)
    return changed


def alias_moves(table):
    """A new version resolves the alias to another image."""
    for image in table["frameworks"]["pytorch"]:
        if ALIAS["version"] in image["aliases"]:
            image["aliases"].remove(ALIAS["version"])
        if image["version"] == NEW:
            image["aliases"].append(ALIAS["version"])


def version_is_dropped(table):
    """A new version no longer knows the image."""
    pytorch = table["frameworks"]["pytorch"]
    table["frameworks"]["pytorch"] = [image for image in pytorch if image["version"] != OLD]


def images_in_use(operator):
    config = held(operator, "endpointConfigs")[endpoint(operator)["config"]]
    models = held(operator, "models")
    return {
        v["VariantName"]: models[v["ModelName"]]["PrimaryContainer"]["Image"].rsplit(":", 1)[1]
        for v in config["ProductionVariants"]
    }


def upgraded(operator, *, status_lost=False):
    """Another version of the operator starts, perhaps after the status was lost."""
    if status_lost:
        operator.cluster.resource["status"] = {"observedGeneration": -1}
    operator.crash()


def test_the_table_has_the_alias_and_both_images(table):
    versions = {image["version"]: image["aliases"] for image in table["frameworks"]["pytorch"]}

    assert ALIAS["version"] in versions[OLD]
    assert NEW in versions


# A moved alias


@pytest.mark.parametrize("status_lost", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_moved_alias_deploys_nothing(table, status_lost, seed):
    operator = settled(SPEC, aws(seed=seed, calm=False))
    before, models = len(operator.writes()), held(operator, "models")
    alias_moves(table)
    upgraded(operator, status_lost=status_lost)
    operator.settle()

    assert operator.writes()[before:] == []
    assert held(operator, "models") == models


def test_weights_and_counts_follow_the_spec_under_a_moved_alias(table):
    operator = settled(SPEC)
    alias_moves(table)
    upgraded(operator)
    operator.cluster.apply(with_variant(SPEC, "VariantA", weight=10, instanceCount=2))
    operator.settle()

    assert sent(operator, "UpdateEndpoint") == []
    assert weights(operator)["VariantA"] == 10.0


def test_a_deployment_of_another_model_keeps_the_pinned_image(table):
    operator = settled(SPEC)
    alias_moves(table)
    upgraded(operator)
    revised = copy.deepcopy(SPEC)
    revised["models"][1]["revision"] = "2"
    operator.cluster.apply(revised)
    operator.settle()

    used = images_in_use(operator)
    assert used["VariantA"].startswith(f"{OLD}-")
    assert used["VariantB"].startswith(f"{NEW}-")


def test_models_deleted_by_hand_come_back_with_the_pinned_image(table):
    operator = settled(SPEC)
    before = held(operator, "models")
    alias_moves(table)
    upgraded(operator)
    steps(operator, 2)  # in which the pins are read
    for name in before:
        operator.sim.edit(delete={"model": name})
    operator.sim.advance(seconds=10)
    operator.cluster.annotate(**{"sagemaker-ab.dev/reconcile-requested-at": "now"})
    operator.settle()

    assert held(operator, "models") == before
    assert sent(operator, "UpdateEndpoint") == []


# When an image is resolved anew


@pytest.mark.parametrize("change", ["family", "revision", "framework"])
def test_an_image_is_resolved_anew_when_what_it_depends_on_changes(table, change):
    operator = settled(SPEC)
    alias_moves(table)
    upgraded(operator)
    changed = copy.deepcopy(SPEC)
    match change:
        case "family":
            changed = with_variant(changed, "VariantA", instanceType="ml.c5.large")
        case "revision":
            changed["models"][0]["revision"] = "2"
        case "framework":
            changed = on_framework(changed, "bert-a", version=NEW)
    operator.cluster.apply(changed)
    operator.settle()

    used = images_in_use(operator)
    assert used["VariantA"].startswith(f"{NEW}-")
    assert used["VariantB"].startswith(f"{OLD}-")


def test_an_image_stays_on_another_size_of_the_same_family(table):
    operator = settled(SPEC)
    alias_moves(table)
    upgraded(operator)
    operator.cluster.apply(with_variant(SPEC, "VariantA", instanceType="ml.m5.xlarge"))
    operator.settle()

    assert images_in_use(operator)["VariantA"].startswith(f"{OLD}-")


def test_without_its_pin_a_model_follows_the_table(table):
    """A person who removes the tag, or an endpoint that was created by hand, pins nothing."""
    operator = settled(SPEC)
    for name in held(operator, "models"):
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:model/{name}"
        by_hand(operator, "DeleteTags", ResourceArn=arn, TagKeys=["sagemaker-ab.dev/image-pin"])
    operator.sim.advance(seconds=10)
    alias_moves(table)
    upgraded(operator)
    operator.settle()

    assert all(image.startswith(f"{NEW}-") for image in images_in_use(operator).values())


# A dropped version


@pytest.mark.parametrize("status_lost", [False, True])
def test_a_dropped_version_stops_neither_weights_nor_counts(table, status_lost):
    operator = settled(SPEC)
    version_is_dropped(table)
    upgraded(operator, status_lost=status_lost)
    operator.cluster.apply(with_variant(SPEC, "VariantA", weight=10, instanceCount=2))
    operator.settle()

    assert weights(operator)["VariantA"] == 10.0
    assert sent(operator, "UpdateEndpoint") == []


def test_an_unknown_image_stops_the_rollout_only(table):
    operator = settled(SPEC)
    version_is_dropped(table)
    upgraded(operator)
    unknown = with_variant(SPEC, "VariantB", instanceType="ml.c5.large")
    operator.cluster.apply(with_variant(unknown, "VariantA", weight=10))
    operator.settle_or_stall()

    assert weights(operator)["VariantA"] == 10.0
    assert operator.conditions["Stalled"].startswith("True UnknownImage")
    assert "supported" in operator.conditions["Stalled"]
    assert sent(operator, "UpdateEndpoint", "DeregisterScalableTarget") == []

    operator.cluster.apply(SPEC)
    operator.settle()
