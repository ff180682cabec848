"""A paid endpoint never loses its keeper, and a new resource never wears the status of an old one."""

import json

import pytest

from tests.e2e.operator_process import NEVER, Operator
from tests.e2e.reviews import Manifest, Reviews, put, ready
from tests.e2e.simulated_aws import SimulatedAws

FINALIZER = "sagemaker-ab.dev/endpoint"


def has_finalizer(resource: Manifest) -> bool:
    return FINALIZER in resource["metadata"].get("finalizers", [])


def test_a_finalizer_taken_away_by_kubectl_replace_comes_back(resource: Reviews, operator: Operator) -> None:
    """`kubectl replace` makes no new generation, so only the finalizer itself tells of it."""
    with operator.running(SAGEMAKER_AB_RESYNC_SECONDS=NEVER):
        resource.apply()
        before = resource.is_ready()["metadata"]

        versions = resource.watch()
        resource.replace()

        taken_away, *_, put_back = versions.until(has_finalizer)
        assert not has_finalizer(taken_away)
        assert put_back["metadata"]["generation"] == before["generation"]


@pytest.mark.usefixtures("running_operator")
def test_the_finalizer_is_on_before_the_first_write_to_aws(resource: Reviews, aws: SimulatedAws) -> None:
    aws.hold({"write": 1}, when="before")
    resource.apply()
    aws.held()

    assert has_finalizer(resource.live)
    aws.release()


@pytest.mark.usefixtures("running_operator")
def test_a_successor_never_shows_the_status_of_its_predecessor(resource: Reviews, aws: SimulatedAws) -> None:
    """One goes and the other comes while a pass waits for AWS to answer about the former."""
    aws.hold({"operation": "DescribeEndpoint"}, when="after")
    resource.apply(put(endpointName="former"))
    aws.held()
    resource.forget()
    resource.apply(put(endpointName="latter"))

    versions = resource.watch()
    aws.release()

    seen = versions.until(ready)
    assert seen[0]["metadata"]["uid"] == seen[-1]["metadata"]["uid"]
    assert [found for found in seen if "former" in json.dumps(found.get("status", {}))] == []
    assert list(aws.section("endpoints")) == ["latter"]
    assert [name for name in aws.section("models") if name.startswith("former")] == []
