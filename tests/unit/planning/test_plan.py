"""The plan of a reconcile: what is created, when nothing is to be done, and in what order steps go."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.observed import (
    EndpointStatus,
)
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import (
    nothing,
    operations,
    planned,
    spec,
    want,
    with_variant,
    world,
)

OTHER_MODEL_AND_WEIGHT = with_variant(
    spec(models=[spec()["models"][0], {**spec()["models"][1], "revision": "2"}]), "VariantA", weight=10
)


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
