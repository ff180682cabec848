"""A variant whose content a run wants to change has no traffic before the update, and none after it."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.conditions import draft_conditions
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.start_counts import with_start_counts
from sagemaker_ab.planning.steps import StepKind
from sagemaker_ab.planning.switch import weights_at_switch, with_retained_weights
from tests.unit.planning.worlds import AUTOSCALING, chosen, planned, spec, want, with_variant, world

NEW_MODEL = with_variant(spec(), "VariantB", model="bert-a")
DRAINED = chosen(100, 0, drained_first={"VariantB"})
WAITS = "VariantB must have no traffic before its model or instance type changes"


def serving(baseline, candidate, *, requested=None, raw=None):
    """The endpoint with these weights in effect, and perhaps others that AWS was asked for."""
    observed = world(want(raw or spec()))
    current = {"VariantA": baseline, "VariantB": candidate}
    asked = dict(zip(current, requested, strict=True)) if requested else current
    variants = tuple(
        replace(v, current_weight=current[v.name], desired_weight=asked[v.name])
        for v in observed.endpoint.variants
    )
    return replace(observed, endpoint=replace(observed.endpoint, variants=variants))


def decided(live, raw=NEW_MODEL, traffic=DRAINED):
    wanted = with_start_counts(with_retained_weights(want(raw, traffic=traffic), live), live, {})
    return planned(wanted, live)


def update_of(plan):
    (step,) = [step for step in plan.steps if step.kind is StepKind.UPDATE_ENDPOINT]
    return step


def sent(plan):
    """The kinds of the steps that are sent one after the other, as long as AWS shows no effect."""
    done, kinds = set(), []
    while step := plan.next_step(lambda each: each.identity in done):
        done.add(step.identity)
        kinds.append(step.kind)
        plan = replace(plan, rollout=tuple(s for s in plan.rollout if s.identity != step.identity))
    return kinds


def test_the_update_waits_until_the_traffic_is_gone():
    plan = decided(serving(90, 10))

    assert update_of(plan).held == WAITS
    assert sent(plan)[0] is StepKind.SHIFT_WEIGHTS
    assert StepKind.UPDATE_ENDPOINT not in sent(plan)


def test_models_and_config_do_not_wait():
    assert {StepKind.CREATE_MODELS, StepKind.CREATE_ENDPOINT_CONFIG} <= set(sent(decided(serving(90, 10))))


def test_the_update_waits_until_the_weights_are_in_effect():
    assert update_of(decided(serving(90, 10, requested=(100, 0)))).held == WAITS


def test_the_update_follows_when_the_traffic_is_gone():
    plan = decided(serving(100, 0))

    assert update_of(plan).held == ""
    assert StepKind.UPDATE_ENDPOINT in sent(plan)


@pytest.mark.parametrize("scale", [1, 5000])
def test_the_scale_of_the_live_weights_does_not_matter(scale):
    assert not update_of(decided(serving(scale, 0))).held


def test_the_variant_has_no_traffic_after_the_switch_either():
    live = serving(100, 0)
    wanted = with_retained_weights(want(NEW_MODEL, traffic=DRAINED), live)

    assert weights_at_switch(wanted, live.endpoint)["VariantB"] == 0
    assert wanted.production_variants[1]["InitialVariantWeight"] == 0


def test_a_rolled_back_update_leaves_the_old_content_without_traffic():
    live, wanted = serving(100, 0), want(NEW_MODEL, traffic=DRAINED)
    failed = Deployment(
        fingerprint=wanted.fingerprint,
        content_fingerprint=wanted.content_fingerprint,
        config_name=wanted.config_name,
        attempts=1,
        state=DeploymentState.FAILED,
        since=live.now,
        message="did not pass the ping health check",
    )

    assert planned(wanted, live, deployment=failed).steps == ()


@pytest.mark.parametrize("change", [{"model": "bert-a"}, {"instanceType": "ml.c5.large"}])
def test_another_model_and_another_instance_type_are_other_content(change):
    assert update_of(decided(serving(90, 10), with_variant(spec(), "VariantB", **change))).held == WAITS


def test_an_update_that_changes_only_the_other_variants_does_not_wait():
    other = with_variant(spec(), "VariantA", model="bert-b")

    assert not update_of(decided(serving(90, 10), other)).held


def test_an_unknown_config_may_have_other_content():
    """AWS names no config of the endpoint, so nothing shows what the variant serves."""
    live = serving(90, 10)
    unknown = replace(live, endpoint=replace(live.endpoint, config_name=None), config_in_use=None)

    assert update_of(decided(unknown, spec())).held == WAITS


def test_an_update_that_is_the_only_way_to_move_the_traffic_does_not_wait():
    """Only the candidate serves, and the update adds the baseline, which takes everything at the switch."""
    alone = spec(variants=[with_variant(spec(), "VariantB", weight=1)["variants"][1]])

    assert not update_of(decided(world(want(alone)))).held


def test_a_variant_that_is_not_to_be_drained_is_updated_while_it_serves():
    assert not update_of(decided(serving(90, 10), traffic=chosen(100, 0))).held


def test_scaling_is_not_released_while_the_update_waits():
    scaling = with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING)
    moved = with_variant(scaling, "VariantB", instanceType="ml.c5.large")

    update = update_of(decided(serving(90, 10, raw=scaling), moved))

    assert [command.operation for command in update.commands] == [
        "DeregisterScalableTarget",
        "UpdateEndpoint",
    ]
    assert update.held == WAITS


def test_the_condition_says_what_the_update_waits_for():
    wanted, live = want(NEW_MODEL, traffic=DRAINED), serving(90, 10)

    drafts = draft_conditions(wanted, live, planned(wanted, live), None, remembered=Remembered())

    (ready,) = [draft for draft in drafts if draft.type == "Ready"]
    assert f"Waiting to update endpoint reviews to config {wanted.config_name}: {WAITS}." in ready.message
