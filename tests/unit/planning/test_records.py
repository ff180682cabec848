"""The records in status, written by one reconcile and read back by a later one."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sagemaker_ab.api.status import CONTENT_LENGTH, DeploymentStatus, EndpointStatus, InstanceCount, Status
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.observed import EndpointStatus as AwsStatus
from sagemaker_ab.planning.observed import ObservedConfig
from sagemaker_ab.planning.records import (
    applied_config_of,
    deployment_of,
    instance_counts_of,
    record_config_content,
    record_deployment,
    record_instance_counts,
)
from tests.unit.planning.worlds import AUTOSCALING, NOW, nothing, spec, want, with_variant, world

TIME = datetime.fromtimestamp(NOW, UTC)
EARLIER = datetime.fromtimestamp(NOW - 60, UTC)
RECORD = Deployment(
    fingerprint="0123456789",
    content_fingerprint="abcdef0123",
    config_name="reviews-abcdef0123",
    attempts=2,
    state=DeploymentState.FAILED,
    since=NOW,
    last_modified=NOW - 60,
    previous_config="reviews-0123456789",
    previous_failure="of an earlier update",
    message="ping",
)
WRITTEN = DeploymentStatus(
    fingerprint="0123456789",
    content_fingerprint="abcdef0123",
    config_name="reviews-abcdef0123",
    attempts=2,
    state="Failed",
    since=TIME,
    last_modified_time=EARLIER,
    previous_config_name="reviews-0123456789",
    previous_failure_reason="of an earlier update",
    message="ping",
)


def scaling():
    return want(with_variant(spec(), "VariantB", instanceCount=None, autoscaling=AUTOSCALING))


# Deployments


def test_a_deployment_is_written_with_all_that_is_known_and_read_back():
    assert record_deployment(RECORD) == WRITTEN
    assert deployment_of(Status(deployment=WRITTEN)) == RECORD


def test_what_is_not_known_of_a_deployment_is_absent():
    unknown = {"last_modified": None, "previous_config": None, "previous_failure": None}
    record = replace(RECORD, content_fingerprint="", message="", **unknown)
    written = record_deployment(record)

    assert written.model_dump(exclude_none=True).keys() == {
        "fingerprint",
        "config_name",
        "attempts",
        "state",
        "since",
    }
    assert deployment_of(Status(deployment=written)) == record


def test_no_deployment_is_no_record():
    assert record_deployment(None) is None
    assert deployment_of(Status()) is None


# The config in use


def test_the_content_of_the_config_in_use_is_written_and_read_back():
    wanted = want(spec())
    text = record_config_content(None, world(wanted), "reviews")

    status = Status(
        endpoint=EndpointStatus(status="InService", config_name=wanted.config_name, config_content=text)
    )
    assert applied_config_of(status) == ObservedConfig(wanted.config_name, wanted.config_content)


def test_a_config_that_was_deleted_keeps_its_content():
    wanted = want(spec())
    before = EndpointStatus(status="InService", config_name=wanted.config_name, config_content="{}")
    gone = replace(world(wanted), config_in_use=None)

    assert record_config_content(before, gone, "reviews") == "{}"
    assert record_config_content(None, gone, "reviews") is None
    assert record_config_content(before, replace(gone, endpoint=None), "reviews") is None
    other = before.model_copy(update={"config_name": "another"})
    assert record_config_content(other, gone, "reviews") is None


@pytest.mark.parametrize(("more", "kept"), [(0, True), (1, False)])
def test_a_content_that_is_too_long_for_status_is_not_kept(more, kept):
    wanted = want(spec())
    rest = len(record_config_content(None, with_content("", wanted), "reviews"))

    text = record_config_content(None, with_content("x" * (CONTENT_LENGTH - rest + more), wanted), "reviews")
    assert (text is not None) is kept


def with_content(text, wanted):
    return replace(world(wanted), config_in_use=ObservedConfig("by-hand", {"KmsKeyId": text}))


@pytest.mark.parametrize(
    "endpoint",
    [
        None,
        EndpointStatus(status="InService"),
        EndpointStatus(status="InService", config_name="c"),
        EndpointStatus(status="InService", config_content="{}"),
        EndpointStatus(status="InService", config_name="c", config_content="not JSON"),
    ],
    ids=["no endpoint", "nothing", "no content", "no name", "unreadable"],
)
def test_a_config_that_is_not_known_whole_is_not_known(endpoint):
    assert applied_config_of(Status(endpoint=endpoint)) is None


# Counts of autoscaled variants


def test_the_counts_that_the_autoscaler_chose_are_written_and_read_back():
    variants = tuple(replace(v, desired_count=3) for v in world(scaling()).endpoint.variants)
    written = record_instance_counts(Status(), scaling(), world(scaling(), variants=variants))

    assert written == [InstanceCount(name="VariantB", count=3)]
    assert instance_counts_of(Status(last_instance_counts=written)) == {"VariantB": 3}
    assert instance_counts_of(Status()) == {}


@pytest.mark.parametrize("observed", [nothing(), world(want(spec()), status=AwsStatus.FAILED)])
def test_counts_are_kept_while_the_endpoint_does_not_serve(observed):
    before = Status(last_instance_counts=[InstanceCount(name="VariantB", count=3)])

    assert record_instance_counts(before, scaling(), observed) == before.last_instance_counts


def test_without_autoscaling_no_counts_are_kept():
    before = Status(last_instance_counts=[InstanceCount(name="VariantB", count=3)])

    assert record_instance_counts(before, want(spec()), world(want(spec()))) is None
