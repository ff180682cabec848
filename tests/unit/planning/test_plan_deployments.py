"""The plan of a deployment: another content, a deleted config or model, and what AWS ended by itself."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.deployment import DeploymentState
from sagemaker_ab.planning.deployment import request as request_of
from sagemaker_ab.planning.observed import (
    EndpointStatus,
    ObservedConfig,
)
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import (
    AUTOSCALING,
    NOW,
    operations,
    planned,
    request,
    spec,
    want,
    with_variant,
    world,
)

SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)


def existing(wanted):
    """The desired models and config exist already, as ours."""
    return {
        "owners_of_models": {model.name: wanted.all_tags for model in wanted.models},
        "owner_of_config": wanted.all_tags,
    }


# Deployments


def test_another_model_is_one_model_one_config_and_one_update():
    changed = spec()
    changed["models"][1]["primaryContainer"]["modelDataUrl"] = "s3://bucket/other/model.tar.gz"
    live = replace(
        world(want(spec())),
        owners_of_models={want(spec()).models[0].name: want(spec()).all_tags},
    )

    assert operations(planned(want(changed), live)) == [
        "CreateModel",
        "CreateEndpointConfig",
        "UpdateEndpoint",
    ]


def test_an_update_without_autoscaling_takes_weights_and_counts_from_the_config():
    changed = with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge")

    asked = request(planned(want(changed), world(want(spec()))), "UpdateEndpoint")

    assert "RetainAllVariantProperties" not in asked


def test_an_update_with_autoscaling_keeps_live_counts_and_takes_the_intended_weights():
    changed = with_variant(SCALING, "VariantA", instanceType="ml.m5.xlarge")

    asked = request(planned(want(changed), world(want(SCALING))), "UpdateEndpoint")

    assert asked["RetainAllVariantProperties"] is True
    assert asked["ExcludeRetainedVariantProperties"] == [{"VariantPropertyType": "DesiredWeight"}]


def test_scaling_is_released_only_where_aws_would_refuse_the_update():
    other_type = with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge")
    other_model = with_variant(SCALING, "VariantB", model="bert-a")

    assert "DeregisterScalableTarget" in operations(planned(want(other_type), world(want(SCALING))))
    assert "DeregisterScalableTarget" not in operations(planned(want(other_model), world(want(SCALING))))


def test_scaling_of_a_variant_that_goes_is_released_before_the_update():
    alone = spec(variants=[spec()["variants"][0]])

    decided = operations(planned(want(alone), world(want(SCALING))))

    assert decided[-2:] == ["DeregisterScalableTarget", "UpdateEndpoint"]


def test_a_config_deleted_underneath_its_endpoint_comes_back_without_an_update():
    wanted = want(spec())
    orphaned = replace(
        world(wanted), config_in_use=None, owners_of_models=existing(wanted)["owners_of_models"]
    )

    assert operations(planned(wanted, orphaned)) == ["CreateEndpointConfig"]


def test_a_config_deleted_underneath_its_endpoint_comes_back_as_it_was_before_anything_is_deployed():
    live, wanted = want(SCALING), want(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))
    orphaned = replace(world(live), config_in_use=None, **existing(live))

    decided = planned(wanted, orphaned, applied_config=world(live).config_in_use)

    assert operations(decided) == ["CreateEndpointConfig"]
    creation = request(decided, "CreateEndpointConfig")
    assert creation["EndpointConfigName"] == live.config_name
    assert creation["ProductionVariants"] == list(live.production_variants)
    assert {tag["Key"]: tag["Value"] for tag in creation["Tags"]} == wanted.all_tags


def test_a_config_of_another_origin_comes_back_without_owner_tags():
    """With them, garbage collection would delete it later."""
    wanted = want(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge"))
    applied = ObservedConfig("by-hand", want(spec()).config_content)
    orphaned = replace(
        world(want(spec()), config_name="by-hand"), config_in_use=None, **existing(want(spec()))
    )

    decided = planned(wanted, orphaned, applied_config=applied)

    assert request(decided, "CreateEndpointConfig")["Tags"] == []


def test_models_that_went_with_a_deleted_config_come_back_before_it():
    wanted = want(spec())

    decided = planned(wanted, replace(world(wanted), config_in_use=None))

    assert operations(decided) == ["CreateModel", "CreateModel", "CreateEndpointConfig"]


def test_without_the_content_of_a_deleted_config_nothing_is_deployed_and_nothing_deregistered():
    wanted = want(with_variant(SCALING, "VariantB", instanceType="ml.m5.xlarge"))
    orphaned = replace(world(want(SCALING)), config_in_use=None)

    decided = planned(wanted, orphaned)

    assert decided.steps == ()
    assert decided.problem
    assert decided.problem.stalled
    assert decided.problem.reason is Reason.ENDPOINT_CONFIG_MISSING


@pytest.mark.parametrize(("name", "waits"), [("VariantB", True), ("VariantA", False)])
def test_an_update_that_releases_a_target_waits_until_reads_show_what_was_put(name, waits):
    """What is released is saved as it was read."""
    wanted = want(with_variant(SCALING, name, instanceType="ml.m5.xlarge"))
    decided = planned(wanted, replace(world(want(SCALING)), **existing(wanted)))

    (update,) = [step for step in decided.steps if step.kind is StepKind.UPDATE_ENDPOINT]
    assert update.repeats_targets is waits


@pytest.mark.parametrize("failed", [False, True], ids=["current", "rolled back"])
def test_models_that_were_deleted_by_hand_come_back_beside_the_adjustments(failed):
    wanted = want(with_variant(spec(), "VariantA", weight=10))
    live = world(want(with_variant(spec(), "VariantB", instanceType="ml.m5.xlarge"))) if failed else None
    record = request_of(wanted, world(wanted), None).enter(DeploymentState.FAILED, NOW, "a reason")

    decided = planned(
        wanted,
        live or world(want(spec())),
        deployment=record if failed else None,
        missing_models=frozenset({wanted.models[0].name}),
    )

    assert decided.state is (EndpointState.ROLLED_BACK if failed else EndpointState.CURRENT)
    assert [step.kind for step in decided.steps] == [StepKind.CREATE_MODELS, StepKind.SHIFT_WEIGHTS]
    assert request(decided, "CreateModel")["ModelName"] == wanted.models[0].name


def test_a_foreign_update_is_undone():
    wanted = want(spec())
    foreign = ObservedConfig("by-hand", want(with_variant(spec(), "VariantA", model="bert-b")).config_content)
    live = replace(world(wanted, config_name="by-hand"), config_in_use=foreign, **existing(wanted))

    assert operations(planned(wanted, live)) == ["UpdateEndpoint"]


def test_a_failed_endpoint_without_a_record_is_deleted_to_be_made_again():
    decided = planned(want(spec()), world(want(spec()), status=EndpointStatus.FAILED))

    assert operations(decided) == ["DeleteEndpoint"]


def test_out_of_service_is_reported_and_left_to_aws():
    decided = planned(want(spec()), world(want(spec()), status=EndpointStatus.OUT_OF_SERVICE))

    assert decided.steps == ()
    assert decided.problem
