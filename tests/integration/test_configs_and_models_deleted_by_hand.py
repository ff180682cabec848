"""Somebody deletes the endpoint config or the models that an endpoint uses, which AWS does not prevent.

What AWS then still does for the endpoint is not known, so each guess about it is played.
"""

import pytest

from sagemaker_ab.api.resource import RECONCILE_REQUESTED_AT
from tests.integration.kills import killed_at_each_write
from tests.integration.stage import (
    SCALING,
    aws,
    by_hand,
    counts,
    endpoint,
    held,
    now,
    run,
    sent,
    settled,
    steps,
    target,
    until,
    updates_fail,
    weights,
    with_revision,
)
from tests.seeds import SEEDS
from tests.unit.planning.worlds import AUTOSCALING, spec, with_variant

GUESSES = [
    {
        "sm.update.config-deleted": update,
        "sm.uewc.config-deleted": change,
        "autoscaling.config-deleted": scale,
        "sm.config.variants-read-back": read_back,
    }
    for update, change, scale, read_back in [(0, 1, 0, 0), (1, 0, 1, 1), (2, 1, 1, 2), (0, 0, 0, 2)]
]
"""Every variant of each row: updates refused, failing or accepted; changes and registrations refused or
accepted; members that AWS adds to a config on reading it."""


def config_deleted(operator, *, with_models=False):
    """Somebody deletes the config in use, and perhaps the models that it names; return its name."""
    name = endpoint(operator)["config"]
    models = {v["ModelName"] for v in held(operator, "endpointConfigs")[name]["ProductionVariants"]}
    operator.sim.edit(delete={"config": name})
    for model in models if with_models else ():
        operator.sim.edit(delete={"model": model})
    operator.sim.advance(seconds=10)
    return name


# The config


@pytest.mark.parametrize("guesses", GUESSES, ids=lambda guesses: "-".join(map(str, guesses.values())))
def test_a_config_deleted_by_hand_comes_back_as_it_was_without_an_update(guesses):
    operator = settled(SCALING, aws(variants=guesses))
    operator.cluster.apply(with_variant(SCALING, "VariantA", weight=10))
    operator.settle()
    name = endpoint(operator)["config"]
    before, tags = held(operator, "endpointConfigs")[name], held(operator, "tags")
    config_deleted(operator)
    operator.settle()

    after = held(operator, "endpointConfigs")[name]
    variants = zip(before["ProductionVariants"], after["ProductionVariants"], strict=True)
    assert all(old.items() <= new.items() for old, new in variants)
    assert held(operator, "tags") == tags
    assert sent(operator, "UpdateEndpoint", "DeregisterScalableTarget") == []


@pytest.mark.parametrize("guesses", GUESSES, ids=lambda guesses: "-".join(map(str, guesses.values())))
def test_a_config_deleted_by_hand_costs_no_autoscaling_while_weights_shift(guesses):
    """The registration came and went sixteen times in two hours."""
    operator = settled(SCALING, aws(variants=guesses))
    config_deleted(operator)
    operator.cluster.apply(with_variant(SCALING, "VariantA", weight=10))
    run(operator, hours=2)

    assert operator.ready
    assert weights(operator) == {"VariantA": 10.0, "VariantB": 50.0}
    assert sent(operator, "UpdateEndpoint", "DeregisterScalableTarget") == []


@pytest.mark.parametrize("guesses", GUESSES, ids=lambda guesses: "-".join(map(str, guesses.values())))
def test_a_deployment_follows_once_the_config_in_use_exists_again(guesses):
    operator = settled(SCALING, aws(variants=guesses))
    name = config_deleted(operator)
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))
    operator.settle()

    writes = [(call["operation"], call["params"].get("EndpointConfigName")) for call in operator.writes()]
    recreated = writes.index(("CreateEndpointConfig", name), 5)
    assert all(operation != "DeregisterScalableTarget" for operation, _ in writes[:recreated])
    assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == "ml.m5.xlarge"
    assert target(operator)


@pytest.mark.parametrize("guesses", GUESSES, ids=lambda guesses: "-".join(map(str, guesses.values())))
def test_models_that_were_deleted_with_the_config_come_back_before_it(guesses):
    operator = settled(SCALING, aws(variants=guesses))
    before = held(operator, "models").keys()
    name = config_deleted(operator, with_models=True)
    operator.settle()

    assert held(operator, "models").keys() == before
    assert held(operator, "endpointConfigs").keys() == {name}
    assert sent(operator, "UpdateEndpoint", "DeregisterScalableTarget") == []


def test_a_config_comes_back_beside_its_models_although_the_spec_names_an_unknown_image():
    operator = settled(SCALING, aws(variants=GUESSES[0]))
    name = config_deleted(operator)
    artifact = {"modelDataUrl": "s3://bucket/bert-a/model.tar.gz"}
    unknown = {"framework": {"name": "pytorch", "version": "0.0.1", "pythonVersion": "py3"}}
    models = [{**SCALING["models"][0], "primaryContainer": unknown | artifact}, *SCALING["models"][1:]]
    operator.cluster.apply({**SCALING, "models": models})
    before = len(operator.writes())
    operator.settle_or_stall()

    assert [call["operation"] for call in operator.writes()[before:]] == ["CreateEndpointConfig"]
    assert name in held(operator, "endpointConfigs")
    assert operator.conditions["Stalled"].startswith("True UnknownImage")


def test_the_content_of_a_config_is_kept_while_somebody_has_taken_the_owner_tags():
    operator = settled(SCALING)
    arn, tags = next((arn, tags) for arn, tags in held(operator, "tags").items() if ":endpoint/" in arn)
    by_hand(operator, "DeleteTags", ResourceArn=arn, TagKeys=["sagemaker-ab.dev/cluster-id"])
    steps(operator, 5)
    assert operator.conditions["Stalled"].startswith("True NotOwned")
    name = config_deleted(operator)
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))
    steps(operator, 5)
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    by_hand(operator, "AddTags", ResourceArn=arn, Tags=given)
    operator.settle()

    assert name not in held(operator, "endpointConfigs")
    assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == "ml.m5.xlarge"


def test_counts_and_autoscaling_go_on_while_a_deleted_config_cannot_be_created_again():
    operator = settled(SCALING, aws(variants={"autoscaling.config-deleted": 1, "sm.uewc.config-deleted": 0}))
    operator.sim.fault({"denied": True}, match={"operation": "CreateEndpointConfig"}, count=None)
    config_deleted(operator)
    bounds = {**AUTOSCALING, "minCapacity": 2}
    changed = with_variant(SCALING, "VariantB", autoscaling=bounds)
    operator.cluster.apply(with_variant(changed, "VariantA", instanceCount=2))
    run(operator, hours=1)

    assert operator.conditions["Stalled"].startswith("True")
    assert counts(operator)["VariantA"] == 2
    assert target(operator)["min"] == 2


def without_content(operator):
    """Neither the config in use nor its content in status is left, and the spec asks for another type."""
    name = config_deleted(operator)
    operator.cluster.resource["status"] = {"observedGeneration": -1}
    operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))
    operator.crash()
    return name


@pytest.mark.parametrize("guesses", GUESSES, ids=lambda guesses: "-".join(map(str, guesses.values())))
def test_without_the_content_of_a_deleted_config_nothing_is_written(guesses):
    operator = settled(SCALING, aws(variants=guesses))
    before, writes = target(operator), len(operator.writes())
    without_content(operator)
    run(operator, hours=2)

    assert operator.writes()[writes:] == []
    assert target(operator) == before
    assert operator.conditions["Stalled"].startswith("True EndpointConfigMissing")
    assert operator.conditions["EndpointInService"].startswith("True")


def test_a_person_who_creates_the_missing_config_ends_the_wait():
    operator = settled(SCALING)
    content = held(operator, "endpointConfigs")[endpoint(operator)["config"]]["ProductionVariants"]
    name = without_content(operator)
    steps(operator, 5)
    by_hand(operator, "CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=content)
    operator.settle()

    assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == "ml.m5.xlarge"


def test_the_content_of_a_deleted_config_is_not_lost_while_the_spec_still_gives_it():
    operator = settled(SCALING)
    name = config_deleted(operator)
    operator.cluster.resource["status"] = {"observedGeneration": -1}
    operator.crash()
    operator.settle()

    assert held(operator, "endpointConfigs").keys() == {name}
    assert sent(operator, "UpdateEndpoint") == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_return_of_a_config_survives_the_death_of_the_process_at_any_write(seed):
    def change(operator):
        config_deleted(operator, with_models=True)
        operator.cluster.apply(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))

    for operator in killed_at_each_write(
        lambda: settled(SCALING, aws(seed=seed, calm=False)), change, seed=seed
    ):
        operator.settle()
        assert endpoint(operator)["variants"]["VariantB"]["instanceType"] == "ml.m5.xlarge"
        assert target(operator)
        assert len(held(operator, "models")) == 2


# The models


COME_UP, FAIL = {"sm.model.deleted-then-launched": 0}, {"sm.model.deleted-then-launched": 1}


def models_deleted(operator):
    """Somebody deletes the models in use; return their names."""
    names = held(operator, "models").keys()
    for name in names:
        operator.sim.edit(delete={"model": name})
    operator.sim.advance(seconds=10)
    return names


@pytest.mark.parametrize("guess", [COME_UP, FAIL], ids=["instances come up", "instances fail"])
def test_models_deleted_by_hand_come_back_at_a_reconcile_request(guess):
    operator = settled(SCALING, aws(variants=guess))
    names = models_deleted(operator)
    operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})
    steps(operator, 4)

    assert held(operator, "models").keys() == names
    assert sent(operator, "UpdateEndpoint") == []


@pytest.mark.parametrize("guess", [COME_UP, FAIL], ids=["instances come up", "instances fail"])
def test_models_deleted_by_hand_come_back_with_the_next_listing(guess):
    operator = settled(spec(), aws(variants=guess))
    names = models_deleted(operator)
    began = now(operator)
    until(operator, lambda: held(operator, "models").keys() == names, reconciles=600)

    assert now(operator) - began < 7.5 * 3600
    assert sent(operator, "UpdateEndpoint") == []


def test_models_deleted_by_hand_come_back_after_a_restart():
    operator = settled(SCALING)
    names = models_deleted(operator)
    operator.crash()
    steps(operator, 4)

    assert held(operator, "models").keys() == names


def test_models_come_back_although_instances_that_need_them_are_pending():
    operator = settled(SCALING, aws(variants=FAIL))
    models_deleted(operator)
    raised = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "minCapacity": 3})
    operator.cluster.apply(with_variant(raised, "VariantA", instanceCount=2))
    operator.cluster.annotate(**{RECONCILE_REQUESTED_AT: "now"})
    until(operator, lambda: counts(operator) == {"VariantA": 2, "VariantB": 3})


def test_models_of_the_fleet_that_serves_come_back_although_another_revision_failed():
    operator = settled(SCALING, aws(variants=FAIL))
    updates_fail(operator)
    bad = with_revision(SCALING, "bad", model="bert-a")
    operator.cluster.apply(bad)
    until(operator, lambda: "DeploymentFailed" in operator.conditions.get("Stalled", ""))
    models_deleted(operator)
    operator.cluster.apply(
        with_variant(bad, "VariantB", autoscaling={**AUTOSCALING, "minCapacity": 3}, weight=90)
    )
    operator.crash()
    until(operator, lambda: weights(operator)["VariantB"] == 90.0)

    assert counts(operator)["VariantB"] == 3
    assert len(sent(operator, "UpdateEndpoint")) == 1


def test_models_deleted_by_hand_come_back_for_a_deployment():
    operator = settled(SCALING)
    models_deleted(operator)
    operator.cluster.apply(with_revision(SCALING, "2"))
    operator.settle()

    config = held(operator, "endpointConfigs")[endpoint(operator)["config"]]
    assert {v["ModelName"] for v in config["ProductionVariants"]} == held(operator, "models").keys()
