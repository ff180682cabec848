"""A deployment is followed from request to proof, through stale reads, silent rollbacks and crashes."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.deployment import DeploymentState, follow, request
from sagemaker_ab.planning.observed import EndpointStatus
from sagemaker_ab.planning.state import EndpointState, determine
from tests.unit.planning.worlds import NOW, nothing, operations, planned, spec, want, with_variant, world

LIVE = want(spec())
WANTED = want(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge"))


def later(seconds, **changes):
    return replace(world(LIVE, **changes), now=NOW + seconds, read_at=NOW + seconds)


def asked(state=DeploymentState.ACCEPTED, **changes):
    return replace(request(WANTED, world(LIVE), None), state=state, **changes)


def verdict(record, observed):
    record = follow(record, WANTED, observed)
    return determine(WANTED, observed, record)


def test_success_is_the_endpoint_in_service_on_the_desired_deployment():
    assert follow(asked(), WANTED, world(WANTED)) is None


def test_success_of_a_deployment_that_is_no_longer_desired_is_success_all_the_same():
    another = want(with_variant(spec(), "VariantA", instanceType="ml.c5.large"))

    assert follow(asked(), another, world(WANTED)) is None


def test_an_update_to_the_asked_config_is_in_progress():
    updating = later(5, status=EndpointStatus.UPDATING, pending_config_name=WANTED.config_name)

    assert follow(asked(), WANTED, updating).state is DeploymentState.IN_PROGRESS


def test_a_record_enters_a_state_at_the_time_of_the_read_without_the_message_of_an_earlier_one():
    record = asked(message="of an earlier state")

    assert record.enter(DeploymentState.IN_PROGRESS, NOW + 5) == replace(
        record, state=DeploymentState.IN_PROGRESS, since=NOW + 5, message=""
    )
    assert record.enter(DeploymentState.FAILED, NOW + 5, "ping").message == "ping"
    assert record.enter(record.state, NOW + 5, "ping") is record


def test_an_update_by_the_autoscaler_is_not_ours():
    assert follow(asked(), WANTED, later(5, status=EndpointStatus.UPDATING)).state is DeploymentState.ACCEPTED


@pytest.mark.parametrize("state", [DeploymentState.ACCEPTED, DeploymentState.IN_PROGRESS])
def test_right_after_the_request_an_old_read_proves_nothing(state):
    """Even after Updating was seen: the next read may be an older one."""
    old = later(10, failure_reason="of an earlier update")

    assert verdict(asked(state), old) is EndpointState.UNPROVEN


@pytest.mark.parametrize(
    ("state", "seen"),
    [
        (DeploymentState.IN_PROGRESS, later(60)),
        (DeploymentState.ACCEPTED, later(60, failure_reason="ping health check")),
        (DeploymentState.ACCEPTED, later(60, last_modified=NOW + 20)),
        (DeploymentState.ACCEPTED, later(300)),
    ],
    ids=["Updating was seen", "a reason", "modified since", "five minutes of silence"],
)
def test_a_rollback_is_believed_on_proof(state, seen):
    assert verdict(asked(state), seen) is EndpointState.ROLLED_BACK


def test_without_proof_an_accepted_update_is_waited_for():
    assert verdict(asked(), later(120)) is EndpointState.UNPROVEN


@pytest.mark.parametrize(
    "seen", [later(60), later(60, failure_reason="old"), later(60, last_modified=NOW + 20)]
)
def test_a_request_that_may_never_have_arrived_is_made_again(seen):
    assert verdict(asked(DeploymentState.REQUESTED), seen) is EndpointState.OUTDATED


def test_an_update_that_somebody_else_deployed_later_is_drift_and_no_rollback():
    """Only the return of the config before is a rollback."""
    theirs = later(60, config_name="by-hand")

    assert follow(asked(DeploymentState.IN_PROGRESS), WANTED, theirs) is None
    assert verdict(asked(DeploymentState.IN_PROGRESS), theirs) is EndpointState.OUTDATED


def test_the_reason_of_an_earlier_failure_proves_nothing():
    live = world(LIVE, failure_reason="of an earlier update")
    record = replace(request(WANTED, live, None), state=DeploymentState.REQUESTED)
    scaled_meanwhile = later(60, failure_reason="of an earlier update", last_modified=NOW + 20)

    assert verdict(record, scaled_meanwhile) is EndpointState.OUTDATED


def test_a_failed_deployment_that_aws_is_seen_to_do_is_in_progress_again():
    failed = asked(DeploymentState.FAILED, message="ping")
    updating = later(60, status=EndpointStatus.UPDATING, pending_config_name=WANTED.config_name)

    assert follow(failed, WANTED, updating).state is DeploymentState.IN_PROGRESS


@pytest.mark.parametrize(
    ("message", "state"),
    [("ping", EndpointState.ROLLED_BACK), ("InsufficientInstanceCapacity", EndpointState.OUTDATED)],
)
def test_other_counts_are_another_attempt_only_after_a_lack_of_capacity(message, state):
    failed = asked(DeploymentState.FAILED, message=message)
    smaller = want(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge", instanceCount=2))

    assert determine(smaller, later(60), failed) is state


def test_while_nothing_serves_capacity_is_asked_for_again_without_end_at_least_hourly():
    failed = asked(DeploymentState.FAILED, message="InsufficientInstanceCapacity", attempts=50)

    assert not failed.retry_due(NOW + 3599, serving=False)
    assert failed.retry_due(NOW + 3600, serving=False)
    assert not failed.retry_due(NOW + 86_400, serving=True)


def test_a_rollback_that_failed_is_a_deployment_that_failed():
    stuck = later(5, status=EndpointStatus.UPDATE_ROLLBACK_FAILED)

    assert (
        verdict(asked(DeploymentState.IN_PROGRESS), replace(stuck, read_at=NOW + 60))
        is EndpointState.ROLLED_BACK
    )


def test_a_rollback_keeps_the_reason_that_aws_gave():
    failed = follow(asked(), WANTED, later(60, failure_reason="The container did not pass the ping"))

    assert failed.message == "The container did not pass the ping"


def test_a_failed_deployment_is_not_tried_again():
    failed = asked(DeploymentState.FAILED, message="ping")

    decided = planned(WANTED, later(86_400), deployment=failed)

    assert decided.steps == ()
    assert decided.problem.message == "ping"


def test_weights_still_follow_the_spec_after_a_rollback():
    wanted = want(
        with_variant(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge"), "VariantB", weight=9)
    )
    failed = asked(DeploymentState.FAILED, message="ping")

    assert operations(planned(wanted, later(60), deployment=failed)) == ["UpdateEndpointWeightsAndCapacities"]


def test_another_deployment_is_tried_at_once():
    another = want(with_variant(spec(), "VariantA", instanceType="ml.c5.large"))

    assert determine(another, later(60), asked(DeploymentState.FAILED)) is EndpointState.OUTDATED


@pytest.mark.parametrize(
    "cause",
    [
        "Request to service failed. Please try again.",
        "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error.",
    ],
)
def test_a_cause_that_may_pass_is_tried_again_later_and_not_for_ever(cause):
    once = asked(DeploymentState.FAILED, message=cause)
    often = replace(once, attempts=4)

    assert determine(WANTED, later(60), once) is EndpointState.ROLLED_BACK
    assert determine(WANTED, later(301), once) is EndpointState.OUTDATED
    assert determine(WANTED, later(86_400), often) is EndpointState.ROLLED_BACK


def test_attempts_are_counted_for_one_deployment_only():
    assert request(WANTED, later(400), asked(DeploymentState.FAILED)).attempts == 2
    assert request(LIVE, later(400), asked(DeploymentState.FAILED)).attempts == 1


def test_a_creation_that_failed_waits_for_a_change():
    created = replace(request(WANTED, nothing(), None), state=DeploymentState.ACCEPTED)
    broken = replace(world(WANTED, status=EndpointStatus.FAILED, failure_reason="ping"), read_at=NOW + 600)

    record = follow(created, WANTED, broken)

    assert planned(WANTED, broken, deployment=record).problem.message == "ping"
    assert operations(planned(LIVE, broken, deployment=record)) == ["DeleteEndpoint"]
