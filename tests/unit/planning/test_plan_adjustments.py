"""The plan for a fleet that serves: weights, counts, autoscaling and tags by the cheapest sufficient call."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.adjustments import weight_changes
from sagemaker_ab.planning.deployment import DeploymentState
from sagemaker_ab.planning.deployment import request as request_of
from sagemaker_ab.planning.observed import (
    ObservedTarget,
)
from sagemaker_ab.planning.released import Released
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import (
    AUTOSCALING,
    NOW,
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
