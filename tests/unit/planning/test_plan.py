"""What a plan does about each difference between what is desired and what is there."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.adjustments import weight_changes
from sagemaker_ab.planning.deployment import DeploymentState
from sagemaker_ab.planning.deployment import request as request_of
from sagemaker_ab.planning.observed import (
    EndpointStatus,
    ObservedConfig,
    ObservedTarget,
)
from sagemaker_ab.planning.released import Released
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import (
    AUTOSCALING,
    NOW,
    nothing,
    operations,
    planned,
    recorded,
    request,
    spec,
    want,
    with_variant,
    world,
)

OTHER_MODEL_AND_WEIGHT = with_variant(
    spec(models=[spec()["models"][0], {**spec()["models"][1], "revision": "2"}]), "VariantA", weight=10
)
SCALING = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)


def existing(wanted):
    """The desired models and config exist already, as ours."""
    return {
        "owners_of_models": {model.name: wanted.all_tags for model in wanted.models},
        "owner_of_config": wanted.all_tags,
    }


# Creation


def test_an_endpoint_is_created_from_its_models_and_config():
    wanted = want(spec())

    assert operations(planned(wanted, nothing())) == [
        "CreateModel",
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
    ]


def test_models_are_the_first_step_since_the_config_names_them():
    assert planned(want(spec()), nothing()).steps[0].kind is StepKind.CREATE_MODELS


def test_what_exists_already_is_not_created_again():
    wanted = want(spec())

    assert operations(planned(wanted, replace(nothing(), **existing(wanted)))) == ["CreateEndpoint"]


def test_a_model_of_that_name_that_is_somebody_elses_stops_the_creation():
    wanted = want(spec())
    theirs = replace(nothing(), owners_of_models={wanted.models[0].name: {"team": "other"}})

    decided = planned(wanted, theirs)

    assert decided.steps == ()
    assert decided.problem
    assert decided.problem.reason is Reason.NOT_OWNED


# Nothing to do


def test_an_endpoint_as_desired_needs_no_step():
    decided = planned(want(spec()), world(want(spec())))

    assert decided.state is EndpointState.CURRENT
    assert decided.steps == ()


def test_an_endpoint_of_somebody_else_is_left_alone():
    decided = planned(want(spec()), world(want(spec()), tags={}))

    assert decided.state is EndpointState.FOREIGN
    assert decided.steps == ()
    assert decided.problem
    assert "does not change it" in decided.problem.message


@pytest.mark.parametrize("status", [s for s in EndpointStatus if s.busy])
def test_nothing_is_sent_to_a_busy_endpoint(status):
    shifted = with_variant(spec(), "VariantA", weight=1)

    assert not planned(want(shifted), world(want(spec()), status=status)).actionable


# Weights and counts: the cheapest sufficient call


def test_a_weight_shift_is_one_call_with_all_weights_and_no_count():
    shifted = with_variant(with_variant(spec(), "VariantA", weight=0), "VariantB", weight=100)

    decided = planned(want(shifted), world(want(spec())))

    assert operations(decided) == ["UpdateEndpointWeightsAndCapacities"]
    assert request(decided, "UpdateEndpointWeightsAndCapacities")["DesiredWeightsAndCapacities"] == [
        {"VariantName": "VariantA", "DesiredWeight": 0},
        {"VariantName": "VariantB", "DesiredWeight": 100},
    ]


def test_a_count_is_one_call_for_that_variant():
    decided = planned(want(with_variant(spec(), "VariantA", instanceCount=3)), world(want(spec())))

    assert request(decided, "UpdateEndpointWeightsAndCapacities")["DesiredWeightsAndCapacities"] == [
        {"VariantName": "VariantA", "DesiredInstanceCount": 3}
    ]


def test_instances_come_before_the_traffic_and_go_after_it():
    changed = with_variant(
        with_variant(spec(), "VariantA", weight=10, instanceCount=1), "VariantB", weight=90, instanceCount=4
    )
    live = want(with_variant(spec(), "VariantA", instanceCount=3))

    kinds = [step.kind for step in planned(want(changed), world(live)).steps]

    assert kinds == [StepKind.SCALE_OUT, StepKind.SHIFT_WEIGHTS, StepKind.SCALE_IN]


def test_the_count_of_a_variant_that_scales_is_the_autoscalers():
    wanted = want(SCALING)
    live = world(wanted)
    scaled_out = [
        replace(v, current_count=4, desired_count=4) if v.name == "VariantB" else v
        for v in live.endpoint.variants
    ]

    decided = planned(wanted, replace(live, endpoint=replace(live.endpoint, variants=tuple(scaled_out))))

    assert decided.steps == ()


def test_a_variant_that_exists_keeps_its_count_whatever_a_new_one_starts_with():
    live = world(want(SCALING))
    autoscaling = {**AUTOSCALING, "initialInstanceCount": 3}

    assert planned(want(with_variant(SCALING, "VariantB", autoscaling=autoscaling)), live).steps == ()


# Autoscaling


def test_autoscaling_turned_on_is_a_target_and_a_policy_and_no_deployment():
    assert operations(planned(want(SCALING), world(want(spec())))) == [
        "RegisterScalableTarget",
        "PutScalingPolicy",
    ]


def test_autoscaling_turned_off_is_a_deregistration():
    assert operations(planned(want(spec()), world(want(SCALING)))) == ["DeregisterScalableTarget"]


def test_tags_go_with_the_first_registration_only():
    first = planned(want(SCALING), world(want(spec())))
    wider = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "maxCapacity": 9})
    later = planned(want(wider), world(want(SCALING)))

    assert "Tags" in request(first, "RegisterScalableTarget")
    assert "Tags" not in request(later, "RegisterScalableTarget")
    assert operations(later) == ["RegisterScalableTarget"]


def test_a_policy_goes_before_its_successor_of_another_name_comes():
    renamed = {**AUTOSCALING["policies"][0], "name": "renamed"}
    changed = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "policies": [renamed]})

    decided = planned(want(changed), world(want(SCALING)), scaling=recorded(want(SCALING)))

    assert operations(decided) == ["DeleteScalingPolicy", "PutScalingPolicy"]


def test_a_default_that_aws_spells_out_is_no_difference():
    wanted = want(SCALING)
    live = world(wanted)
    spelled = {
        name: replace(policy, configuration={**policy.configuration, "DisableScaleIn": False})
        for name, policy in live.targets["VariantB"].policies.items()
    }

    assert planned(wanted, replace(live, targets={"VariantB": ObservedTarget(1, 4, spelled)})).steps == ()


RESIZED = with_variant(SCALING, "VariantA", instanceType="ml.m5.xlarge", instanceCount=4)


def test_the_counts_of_a_variant_on_another_instance_type_wait_for_its_deployment():
    """Four instances of the new type say nothing about how many of the old one carry the traffic."""
    decided = planned(want(RESIZED), world(want(SCALING)))

    assert [step.kind for step in decided.adjustments] == []


def test_the_bounds_of_a_variant_on_another_instance_type_wait_for_its_deployment():
    smaller = {**AUTOSCALING, "minCapacity": 1, "maxCapacity": 2}
    changed = with_variant(SCALING, "VariantB", instanceType="ml.m5.4xlarge", autoscaling=smaller)

    assert planned(want(changed), world(want(SCALING))).adjustments == ()


def test_a_variant_that_leaves_the_spec_keeps_its_autoscaling_until_the_update_that_removes_it():
    alone = want(spec(variants=[spec()["variants"][0]]))
    failed = replace(
        request_of(alone, world(want(SCALING)), None), state=DeploymentState.FAILED, message="ping"
    )

    for decided in (
        planned(alone, world(want(SCALING))),
        planned(alone, world(want(SCALING)), deployment=failed),
    ):
        sent = [command.operation for step in decided.adjustments for command in step.commands]
        assert "DeregisterScalableTarget" not in sent


def test_a_variant_that_leaves_the_spec_gets_its_autoscaling_back_after_a_refused_update():
    alone, live = want(spec(variants=[spec()["variants"][0]])), world(want(SCALING))
    released = {"VariantB": Released(live.targets["VariantB"], since=NOW - 60)}

    decided = planned(alone, replace(live, targets={}), released=released)

    restored = [command.operation for step in decided.adjustments for command in step.commands]
    assert restored == ["RegisterScalableTarget", "PutScalingPolicy"]


@pytest.mark.parametrize("bounds", [{"minCapacity": 1}, {"maxCapacity": 2}], ids=["minimum", "maximum"])
def test_bounds_that_reduce_a_variant_wait_until_its_traffic_is_gone(bounds):
    """AWS scales in at once where the maximum falls below the count."""
    before = with_variant(SCALING, "VariantB", autoscaling={**AUTOSCALING, "minCapacity": 3})
    after = with_variant(before, "VariantB", autoscaling={**AUTOSCALING, "minCapacity": 2, **bounds})
    wanted = want(with_variant(after, "VariantB", weight=5))

    step = next(s for s in planned(wanted, world(want(before))).steps if s.kind is StepKind.APPLY_SCALING)

    assert "VariantB has 50.0% of the traffic" in step.held


def test_weights_that_a_person_forces_go_first_and_say_what_they_override():
    changed = with_variant(OTHER_MODEL_AND_WEIGHT, "VariantB", weight=90, instanceCount=4)

    decided = planned(want(changed), world(want(spec())), force_weights=True)

    step = decided.next_step(lambda _: False)
    assert step.kind is StepKind.SHIFT_WEIGHTS
    assert "VariantB has 1 of 4 instances in service" in step.overrides


def test_traffic_leaves_a_variant_before_anything_else_happens():
    evacuated = with_variant(OTHER_MODEL_AND_WEIGHT, "VariantA", weight=0)

    step = planned(want(evacuated), world(want(spec()))).next_step(lambda _: False)

    assert step.kind is StepKind.SHIFT_WEIGHTS


# Weights while the set of variants differs


def variants(*names):
    return [{**spec()["variants"][0], "name": name} for name in names]


@pytest.mark.parametrize(
    ("live", "wanted", "changes"),
    [
        ({"A": 50, "B": 50}, {"A": 90, "B": 10, "C": 5}, {"A": 90, "B": 10}),
        ({"A": 50, "B": 50}, {"A": 0, "B": 0, "C": 5}, {}),
        ({"A": 50, "B": 50, "C": 5}, {"A": 0, "B": 10}, {"A": 0}),
        ({"A": 50, "B": 50, "C": 5}, {"A": 70, "B": 30}, {}),
        ({"A": 50, "B": 0, "C": 0}, {"A": 0, "B": 10}, {}),
    ],
    ids=["additions", "additions without traffic", "a stated zero", "removals", "nothing would serve"],
)
def test_weights_are_steered_as_far_as_the_spec_speaks_of_the_variants_that_serve(live, wanted, changes):
    def weighted(weights):
        return want(spec(variants=[{**v, "weight": weights[v["name"]]} for v in variants(*weights)]))

    endpoint = world(weighted(live)).endpoint

    assert weight_changes(weighted(wanted), endpoint) == changes


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


# Tags


def test_tags_are_added_changed_and_only_ours_taken_away():
    live = want(spec(tags=[{"key": "team", "value": "a"}, {"key": "old", "value": "x"}]))
    wanted = want(spec(tags=[{"key": "team", "value": "b"}]))
    observed = world(live, tags={**live.all_tags, "theirs": "y"})

    decided = planned(wanted, observed, managed_tag_keys=frozenset(["team", "old"]))

    # In this order, for a full set of tags has no room for more.
    assert operations(decided) == ["DeleteTags", "AddTags"]
    assert request(decided, "AddTags")["Tags"] == [{"Key": "team", "Value": "b"}]
    assert request(decided, "DeleteTags")["TagKeys"] == ["old"]


# Order: what waits for what


def test_the_steps_of_a_rollout_wait_for_each_other():
    rollout = planned(want(spec()), nothing()).rollout

    assert [step.waits_for for step in rollout] == [
        frozenset(),
        *(frozenset({step.identity}) for step in rollout[:-1]),
    ]


def test_the_rollout_goes_before_the_adjustments_of_the_fleet_that_serves():
    decided = planned(want(OTHER_MODEL_AND_WEIGHT), world(want(spec())))

    step = decided.next_step(lambda _: False)

    assert step is decided.rollout[0]
    assert [step.kind for step in decided.adjustments] == [StepKind.SHIFT_WEIGHTS]


@pytest.mark.parametrize("stuck", range(3))
def test_adjustments_go_on_while_any_step_of_the_rollout_is_in_backoff(stuck):
    decided = planned(want(OTHER_MODEL_AND_WEIGHT), world(want(spec())))

    step = decided.next_step(lambda step: step is decided.rollout[stuck])

    assert step is decided.adjustments[0]


def test_nothing_is_sent_while_everything_is_in_backoff():
    assert planned(want(OTHER_MODEL_AND_WEIGHT), world(want(spec()))).next_step(lambda _: True) is None
