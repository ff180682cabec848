"""The state that a plan finds an endpoint in, the problem it reports, and what it does, in one table."""

from dataclasses import replace

import pytest

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning.deployment import DeploymentState, request
from sagemaker_ab.planning.observed import EndpointStatus
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.steps import Plan
from tests.unit.planning.worlds import OWNER, nothing, planned, spec, want, with_variant, world

BEFORE = want(spec())
WANTED = want(with_variant(spec(), "VariantB", instanceType="ml.m5.xlarge"))
UNKNOWN = {"framework": {"name": "pytorch", "version": "0.0.1", "pythonVersion": "py3"}}
UNRESOLVED = want(spec(models=[{"name": name, "primaryContainer": UNKNOWN} for name in ("bert-a", "bert-b")]))
THEIRS = replace(OWNER, name="other").tags
LIVE = world(BEFORE)
FAILED = replace(request(WANTED, LIVE, None), state=DeploymentState.FAILED, message="ping")
DEPLOYMENT = ["CreateModel", "CreateModel", "CreateEndpointConfig", "UpdateEndpoint"]
CREATION = [*DEPLOYMENT[:3], "CreateEndpoint"]


def live(status, **changes):
    return world(BEFORE, status=status, **changes)


def found(plan):
    """State, operations of the rollout, reason of the problem, and whether steps may be sent."""
    rollout = [command.operation for step in plan.rollout for command in step.commands]
    return plan.state, rollout, plan.problem.reason if plan.problem else None, plan.actionable


@pytest.mark.parametrize(
    ("wanted", "observed", "state", "rollout", "reason"),
    [
        (WANTED, nothing(), EndpointState.ABSENT, CREATION, None),
        (WANTED, LIVE, EndpointState.OUTDATED, DEPLOYMENT, None),
        (BEFORE, LIVE, EndpointState.CURRENT, [], None),
        (UNRESOLVED, nothing(), EndpointState.ABSENT, [], Reason.UNKNOWN_IMAGE),
        (UNRESOLVED, LIVE, EndpointState.OUTDATED, [], Reason.UNKNOWN_IMAGE),
        (
            WANTED,
            replace(nothing(), owner_of_config=THEIRS),
            EndpointState.ABSENT,
            [],
            Reason.NOT_OWNED,
        ),
        (
            WANTED,
            replace(LIVE, owners_of_models={WANTED.models[0].name: THEIRS}),
            EndpointState.OUTDATED,
            [],
            Reason.NOT_OWNED,
        ),
        (
            WANTED,
            replace(LIVE, config_in_use=None),
            EndpointState.CONFIG_DELETED,
            [],
            Reason.ENDPOINT_CONFIG_MISSING,
        ),
        (BEFORE, live(EndpointStatus.FAILED), EndpointState.FAILED, ["DeleteEndpoint"], None),
        (UNRESOLVED, live(EndpointStatus.FAILED), EndpointState.FAILED, [], Reason.UNKNOWN_IMAGE),
        (
            BEFORE,
            live(EndpointStatus.OUT_OF_SERVICE),
            EndpointState.OUT_OF_SERVICE,
            [],
            Reason.ENDPOINT_FAILED,
        ),
        (
            BEFORE,
            live(EndpointStatus.IN_SERVICE, tags=THEIRS),
            EndpointState.FOREIGN,
            [],
            Reason.NOT_OWNED,
        ),
    ],
)
def test_a_plan_without_a_record_of_a_deployment(wanted, observed, state, rollout, reason):
    assert found(planned(wanted, observed)) == (state, rollout, reason, True)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (EndpointStatus.CREATING, EndpointState.CREATING),
        (EndpointStatus.DELETING, EndpointState.DELETING),
        (EndpointStatus.UPDATING, EndpointState.BUSY),
        (EndpointStatus.SYSTEM_UPDATING, EndpointState.BUSY),
        (EndpointStatus.ROLLING_BACK, EndpointState.BUSY),
        (EndpointStatus.UNKNOWN, EndpointState.BUSY),
    ],
)
def test_a_plan_for_a_busy_endpoint_sends_nothing(status, state):
    assert planned(WANTED, live(status)) == Plan(state, actionable=False)


@pytest.mark.parametrize(
    ("record", "state", "rollout", "reason"),
    [
        (FAILED, EndpointState.ROLLED_BACK, [], Reason.DEPLOYMENT_FAILED),
        (replace(FAILED, state=DeploymentState.REFUSED), EndpointState.OUTDATED, DEPLOYMENT, None),
        (
            replace(FAILED, content_fingerprint="other", fingerprint="other"),
            EndpointState.OUTDATED,
            DEPLOYMENT,
            None,
        ),
    ],
    ids=["failed", "refused", "another failed"],
)
def test_a_plan_after_a_deployment(record, state, rollout, reason):
    assert found(planned(WANTED, LIVE, deployment=record)) == (state, rollout, reason, True)


@pytest.mark.parametrize("state", [DeploymentState.REQUESTED, DeploymentState.ACCEPTED])
def test_a_plan_right_after_the_request_of_a_deployment_waits(state):
    record = replace(FAILED, state=state, message="")

    assert planned(WANTED, LIVE, deployment=record) == Plan(EndpointState.UNPROVEN, actionable=False)


def test_a_creation_that_failed_for_a_lasting_cause_is_reported_and_not_repeated():
    observed = live(EndpointStatus.FAILED)
    plan = planned(WANTED, observed, deployment=FAILED)

    assert found(plan) == (EndpointState.FAILED, [], Reason.DEPLOYMENT_FAILED, True)
    assert plan.problem.message == "ping"


def test_a_creation_that_failed_for_another_content_is_repeated():
    record = replace(FAILED, content_fingerprint="other", fingerprint="other")

    assert found(planned(WANTED, live(EndpointStatus.FAILED), deployment=record)) == (
        EndpointState.FAILED,
        ["DeleteEndpoint"],
        None,
        True,
    )


def test_models_that_are_missing_are_created_again_whether_or_not_the_last_deployment_failed():
    missing = frozenset({WANTED.models[0].name})
    rolled_back = planned(WANTED, LIVE, deployment=FAILED, missing_models=missing)
    current = planned(WANTED, world(WANTED), missing_models=missing)

    assert found(rolled_back) == (
        EndpointState.ROLLED_BACK,
        ["CreateModel"],
        Reason.DEPLOYMENT_FAILED,
        True,
    )
    assert found(current) == (EndpointState.CURRENT, ["CreateModel"], None, True)
