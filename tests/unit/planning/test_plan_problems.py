"""What keeps a plan from its aim, in the words that the user reads, and what is still done meanwhile."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.deployment import DeploymentState, request
from sagemaker_ab.planning.observed import EndpointStatus
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.steps import StepKind
from tests.unit.planning.worlds import (
    NOW,
    OWNER,
    nothing,
    operations,
    planned,
    spec,
    want,
    with_variant,
    world,
)

UNKNOWN = {"framework": {"name": "pytorch", "version": "0.0.1", "pythonVersion": "py3"}}
LIGHTER = with_variant(spec(), "VariantA", weight=10)
THEIRS = replace(OWNER, name="other").tags


def unresolved():
    """A spec of which no image is known for VariantB, and with another weight."""
    models = [spec()["models"][0], {"name": "bert-b", "primaryContainer": UNKNOWN}]
    return want({**LIGHTER, "models": models})


@pytest.mark.parametrize(
    ("tags", "owner"),
    [({}, "not created by this operator"), (THEIRS, "owned by ml/other of cluster cluster-1")],
    ids=["nobody's", "another's"],
)
def test_an_endpoint_of_somebody_else(tags, owner):
    plan = planned(want(spec()), world(want(spec()), tags=tags))

    message = f"endpoint reviews exists and is {owner}; the operator does not change it"
    assert (plan.state, plan.steps) == (EndpointState.FOREIGN, ())
    assert plan.problem == Problem(Reason.NOT_OWNED, message)


def test_a_model_of_somebody_else_stops_the_deployment_and_no_adjustment():
    wanted = want(with_variant(LIGHTER, "VariantB", instanceType="ml.m5.xlarge"))
    name = wanted.models[0].name
    plan = planned(wanted, replace(world(want(spec())), owners_of_models={name: THEIRS}))

    message = (
        f"model {name} exists and is owned by ml/other of cluster cluster-1; the operator does not change it"
    )
    assert plan.problem == Problem(Reason.NOT_OWNED, message)
    assert operations(plan) == ["UpdateEndpointWeightsAndCapacities"]


def test_a_config_of_somebody_else_stops_the_deployment_and_no_adjustment():
    wanted = want(with_variant(LIGHTER, "VariantB", instanceType="ml.m5.xlarge"))
    plan = planned(wanted, replace(world(want(spec())), owner_of_config={}))

    message = (
        f"endpoint config {wanted.config_name} exists and is not created by this operator;"
        " the operator does not change it"
    )
    assert plan.problem == Problem(Reason.NOT_OWNED, message)
    assert operations(plan) == ["UpdateEndpointWeightsAndCapacities"]


def test_an_image_that_is_not_known_stops_the_deployment_and_no_adjustment():
    wanted = unresolved()
    plan = planned(wanted, world(want(spec())))

    assert plan.state is EndpointState.OUTDATED
    assert plan.problem == Problem(Reason.UNKNOWN_IMAGE, wanted.unresolved[0])
    assert operations(plan) == ["UpdateEndpointWeightsAndCapacities"]


def test_each_image_that_is_not_known_is_named():
    models = [{"name": name, "primaryContainer": UNKNOWN} for name in ("bert-a", "bert-b")]
    plan = planned(want(spec(models=models)), nothing())

    assert plan.problem.message.startswith("variant VariantA: no pytorch image ")
    assert "; variant VariantB: no pytorch image " in plan.problem.message


def test_a_failed_endpoint_is_not_deleted_while_no_image_is_known_for_the_next_one():
    wanted = unresolved()
    plan = planned(wanted, world(want(spec()), status=EndpointStatus.FAILED))

    assert (plan.state, plan.steps) == (EndpointState.FAILED, ())
    assert plan.problem == Problem(Reason.UNKNOWN_IMAGE, wanted.unresolved[0])


def test_an_endpoint_out_of_service():
    plan = planned(want(LIGHTER), world(want(spec()), status=EndpointStatus.OUT_OF_SERVICE))

    assert (plan.state, plan.steps) == (EndpointState.OUT_OF_SERVICE, ())
    assert plan.problem == Problem(Reason.ENDPOINT_FAILED, "AWS reports endpoint reviews out of service")


def test_a_config_whose_content_is_lost_names_both_ways_out_and_stops_no_adjustment():
    orphaned = replace(world(want(spec()), config_name="by-hand"), config_in_use=None)
    plan = planned(want(LIGHTER), orphaned)

    assert plan.state is EndpointState.CONFIG_DELETED
    assert plan.problem == Problem(
        Reason.ENDPOINT_CONFIG_MISSING,
        "endpoint config by-hand, which the endpoint uses, was deleted, and its content is not known: AWS"
        " refuses updates of the endpoint. Create an endpoint config of that name with the variants of the"
        " endpoint, or delete the endpoint: the operator then creates it again",
    )
    assert operations(plan) == ["UpdateEndpointWeightsAndCapacities"]


def failure(wanted, observed):
    return replace(request(wanted, observed, None), state=DeploymentState.FAILED, message="ping")


def test_a_deployment_that_was_rolled_back_is_reported_in_the_words_of_aws():
    wanted = want(with_variant(LIGHTER, "VariantB", instanceType="ml.m5.xlarge"))
    live = world(want(spec()))
    plan = planned(wanted, live, deployment=failure(wanted, live))

    assert plan.state is EndpointState.ROLLED_BACK
    assert plan.problem == Problem(Reason.DEPLOYMENT_FAILED, "ping")
    assert operations(plan) == ["UpdateEndpointWeightsAndCapacities"]


def test_a_creation_that_failed_stays_until_its_retry_is_due():
    wanted = want(spec())
    broken = world(wanted, status=EndpointStatus.FAILED)
    short = replace(failure(wanted, nothing()), message="InsufficientInstanceCapacity")

    early = planned(wanted, replace(broken, read_at=NOW + 299), deployment=short)
    assert early.steps == ()
    assert early.problem == Problem(Reason.DEPLOYMENT_FAILED, "InsufficientInstanceCapacity")

    due = planned(wanted, replace(broken, read_at=NOW + 300), deployment=short)
    assert operations(due) == ["DeleteEndpoint"]
    assert (due.state, due.problem) == (EndpointState.FAILED, None)
    assert [step.kind for step in due.steps] == [StepKind.DELETE_ENDPOINT]


@pytest.mark.parametrize("status", [EndpointStatus.CREATING, EndpointStatus.DELETING])
def test_an_endpoint_that_comes_or_goes_is_waited_for(status):
    plan = planned(want(LIGHTER), world(want(spec()), status=status))

    assert (plan.steps, plan.actionable, plan.problem) == ((), False, None)


@pytest.mark.parametrize(
    ("changes", "pending"),
    [({}, ["UpdateEndpointWeightsAndCapacities"]), ({"pending_config_name": "next"}, [])],
    ids=["on the desired fleet", "while another is deployed"],
)
def test_a_busy_endpoint_shows_what_is_pending_and_gets_nothing(changes, pending):
    plan = planned(want(LIGHTER), world(want(spec()), status=EndpointStatus.UPDATING, **changes))

    assert not plan.actionable
    assert operations(plan) == pending
    assert plan.next_step(lambda _: False) is None


def test_a_busy_endpoint_on_another_fleet_shows_nothing_pending():
    wanted = want(with_variant(LIGHTER, "VariantB", instanceType="ml.m5.xlarge"))

    assert planned(wanted, world(want(spec()), status=EndpointStatus.UPDATING)).steps == ()
