"""Which reads prove that a deployment failed, and when a failure that may pass is tried again."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.deployment import Deployment, DeploymentState, follow, request
from sagemaker_ab.planning.observed import EndpointStatus
from tests.unit.planning.worlds import NOW, nothing, spec, want, with_variant, world

LIVE = want(spec())
WANTED = want(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge"))
REASON, MOVED = {"failure_reason": "The container did not start"}, {"last_modified": NOW + 20}
TOUCHED = {"last_modified": NOW - 1000}
"""The time at which the endpoint was last modified before the request."""


def read(seconds, **changes):
    """The endpoint on its old config, so many seconds after the request."""
    return replace(world(LIVE, **changes), now=NOW + seconds, read_at=NOW + seconds)


def in_state(state, **changes):
    return replace(request(WANTED, world(LIVE), None), state=state, **changes)


def proven_by(state, observed):
    """Whether a read proves that a deployment in this state has failed."""
    followed = follow(in_state(state), WANTED, observed)
    return followed is not None and followed.state is DeploymentState.FAILED


@pytest.mark.parametrize("state", [DeploymentState.REQUESTED, DeploymentState.REFUSED])
@pytest.mark.parametrize(
    ("changes", "proven"),
    [({}, False), (REASON, False), (MOVED, False), (REASON | TOUCHED, False), (REASON | MOVED, True)],
    ids=["nothing", "a reason", "modified", "a reason of the time before", "both"],
)
def test_a_request_that_may_not_have_arrived_has_failed_only_with_a_reason_and_a_later_time(
    state, changes, proven
):
    assert proven_by(state, read(3600, **changes)) is proven


@pytest.mark.parametrize(
    ("changes", "proven"),
    [({}, False), (TOUCHED, False), (REASON, True), (MOVED, True), (REASON | MOVED, True)],
    ids=["nothing", "as before", "a reason", "modified", "both"],
)
def test_what_aws_accepted_has_failed_with_a_reason_or_a_later_time(changes, proven):
    assert proven_by(DeploymentState.ACCEPTED, read(60, **changes)) is proven


def test_what_aws_accepted_has_failed_after_five_minutes_of_silence():
    assert not proven_by(DeploymentState.ACCEPTED, read(299))
    assert proven_by(DeploymentState.ACCEPTED, read(300))


@pytest.mark.parametrize("state", [DeploymentState.IN_PROGRESS, DeploymentState.FAILED])
def test_what_was_seen_in_progress_has_failed_when_the_old_config_is_back(state):
    assert proven_by(state, read(60))


@pytest.mark.parametrize("state", [DeploymentState.ACCEPTED, DeploymentState.IN_PROGRESS])
def test_nothing_is_proven_within_thirty_seconds(state):
    assert not proven_by(state, read(29, **REASON, **MOVED))
    assert proven_by(state, read(30, **REASON, **MOVED))


def test_a_later_time_proves_nothing_where_the_time_before_is_not_known():
    unknown = in_state(DeploymentState.ACCEPTED, last_modified=None)

    assert follow(unknown, WANTED, read(60, **MOVED)) is unknown


def test_a_failure_without_a_reason_says_so_and_dates_from_the_read():
    failed = follow(in_state(DeploymentState.IN_PROGRESS), WANTED, read(60))

    assert failed.message == "AWS rolled the endpoint back and gave no reason"
    assert failed.since == NOW + 60


def test_a_failure_that_is_known_keeps_its_reason_and_its_time():
    known = in_state(DeploymentState.FAILED, message="ping", since=NOW + 60)

    assert follow(known, WANTED, read(600, **REASON)) == known


def test_the_creation_of_an_endpoint_that_failed_has_failed_at_once():
    created = replace(request(WANTED, nothing(), None), state=DeploymentState.ACCEPTED)
    broken = world(WANTED, status=EndpointStatus.FAILED, **REASON)

    assert follow(created, WANTED, broken).state is DeploymentState.FAILED
    assert follow(created, WANTED, broken).message == "The container did not start"


@pytest.mark.parametrize(("config", "ours"), [(None, True), ("by-hand", False)])
def test_a_failed_endpoint_on_another_config_is_no_failure_of_ours(config, ours):
    broken = world(WANTED, status=EndpointStatus.FAILED, config_name=config)
    followed = follow(in_state(DeploymentState.ACCEPTED), WANTED, broken)

    assert (followed.state is DeploymentState.FAILED) is ours


def test_without_a_record_there_is_nothing_to_follow_and_without_an_endpoint_nothing_new():
    record = in_state(DeploymentState.ACCEPTED)

    assert follow(None, WANTED, world(LIVE)) is None
    assert follow(record, WANTED, nothing()) is record


# Retries


def failed(attempts, message="InsufficientInstanceCapacity"):
    return in_state(DeploymentState.FAILED, attempts=attempts, message=message)


def gap(record, *, serving=False):
    """The seconds after which a failure may be retried; None if never."""
    due = (seconds for seconds in range(0, 90_000, 100) if record.retry_due(NOW + seconds, serving=serving))
    return next(due, None)


def test_gaps_between_attempts_begin_with_five_minutes_and_double_up_to_an_hour():
    assert [gap(failed(attempts)) for attempts in (1, 2, 3, 4, 5, 6)] == [300, 600, 1200, 2400, 3600, 3600]


def test_gaps_stay_at_an_hour_however_often_it_failed():
    assert gap(failed(5000)) == 3600


def test_while_a_fleet_serves_there_are_four_attempts():
    gaps = [gap(failed(attempts), serving=True) for attempts in (1, 2, 3, 4, 5)]

    assert gaps == [300, 600, 1200, None, None]


def test_the_time_counts_from_the_failure():
    later = replace(failed(1), since=NOW + 1000)

    assert not later.retry_due(NOW + 1299, serving=False)
    assert later.retry_due(NOW + 1300, serving=False)


@pytest.mark.parametrize("serving", [True, False])
def test_a_cause_that_does_not_pass_is_never_retried(serving):
    assert gap(failed(1, "The container did not pass the ping health check"), serving=serving) is None


@pytest.mark.parametrize(
    ("message", "transient", "lacked_capacity"),
    [
        ("Request to service failed. Try again later.", True, False),
        ("Unable to provision requested ML compute capacity due to an error.", True, True),
        ("CapacityError: no capacity", True, True),
        ("ResourceLimitExceeded", True, True),
        ("The account-level service limit 'ml.m5.large' is 2 Instances", True, True),
        ("ping", False, False),
    ],
)
def test_causes_are_known_by_the_words_of_aws(message, transient, lacked_capacity):
    record = failed(1, message)

    assert (record.transient, record.lacked_capacity) == (transient, lacked_capacity)


# The record


def test_a_request_records_the_endpoint_before_it():
    live = world(LIVE, failure_reason="of an earlier update", last_modified=NOW - 7)

    assert request(WANTED, live, None) == Deployment(
        fingerprint=WANTED.fingerprint,
        content_fingerprint=WANTED.content_fingerprint,
        config_name=WANTED.config_name,
        attempts=1,
        state=DeploymentState.REQUESTED,
        since=NOW,
        last_modified=NOW - 7,
        previous_config=LIVE.config_name,
        previous_failure="of an earlier update",
        message="",
    )


def test_a_request_to_create_an_endpoint_has_nothing_before_it():
    record = request(WANTED, nothing(), None)

    assert (record.last_modified, record.previous_config, record.previous_failure) == (None, None, None)


def test_a_record_without_the_hash_of_the_content_is_compared_by_content_and_size():
    """A version that did not write it has left it."""
    bigger = want(with_variant(spec(), "VariantA", instanceType="ml.m5.xlarge", instanceCount=2))
    old = replace(request(WANTED, nothing(), None), content_fingerprint="")

    assert old.is_for(WANTED)
    assert not old.is_for(bigger)
    assert request(WANTED, nothing(), None).is_for(bigger)


def test_a_record_that_enters_its_own_state_again_keeps_its_time():
    record = in_state(DeploymentState.ACCEPTED)

    assert record.enter(DeploymentState.ACCEPTED, NOW + 60) is record
    assert record.enter(DeploymentState.FAILED, NOW + 60, "why").since == NOW + 60
