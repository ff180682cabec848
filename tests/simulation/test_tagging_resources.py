"""The tagging API: what it finds by tags, when, and in which pages."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.http import HttpRequest
from sandbox.aws.protocols import cbor


def tag(key: str, value: str) -> dict[str, str]:
    return {"Key": key, "Value": value}


@pytest.fixture
def tagging(calm_sim: Any, in_service: Any) -> Any:
    """A client; the endpoint is of the team "reviews" in the stage "live", the model of the team only."""
    client = in_service.client
    arn = client.describe_endpoint(EndpointName="reviews")["EndpointArn"]
    client.add_tags(ResourceArn=arn, Tags=[tag("team", "reviews"), tag("stage", "live")])
    arn = client.describe_model(ModelName="bert-a")["ModelArn"]
    client.add_tags(ResourceArn=arn, Tags=[tag("team", "reviews")])
    calm_sim.advance(minutes=1)
    return calm_sim.client("resourcegroupstaggingapi")


def names(tagging: Any, **asked: Any) -> set[str]:
    pages = tagging.get_paginator("get_resources").paginate(**asked)
    return {
        found["ResourceARN"].rpartition(":")[2] for page in pages for found in page["ResourceTagMappingList"]
    }


ENDPOINT, MODEL = "endpoint/reviews", "model/bert-a"


@pytest.mark.ledger("tagging.resources", "tagging.filters")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], {ENDPOINT, MODEL}),
        ([{"Key": "team"}], {ENDPOINT, MODEL}),
        ([{"Key": "team", "Values": []}], {ENDPOINT, MODEL}),
        ([{"Key": "team", "Values": ["other", "reviews"]}], {ENDPOINT, MODEL}),
        ([{"Key": "team", "Values": ["reviews"]}, {"Key": "stage", "Values": ["live"]}], {ENDPOINT}),
        ([{"Key": "stage", "Values": ["test"]}], set()),
        ([{"Key": "Team"}], set()),
    ],
)
def test_every_filter_must_hold_by_one_of_its_values(
    tagging: Any, filters: list[dict[str, Any]], found: set[str]
) -> None:
    assert names(tagging, TagFilters=filters) == found


def test_kinds_are_named_with_their_service_or_by_it(tagging: Any) -> None:
    assert names(tagging, ResourceTypeFilters=["sagemaker:endpoint"]) == {ENDPOINT}
    assert names(tagging, ResourceTypeFilters=["sagemaker"]) == {ENDPOINT, MODEL}
    assert names(tagging, ResourceTypeFilters=["ec2", "sagemaker:model"]) == {MODEL}
    assert names(tagging, ResourceTypeFilters=["ec2"]) == set()


def test_named_resources_are_found_and_those_that_do_not_exist_are_left_out(tagging: Any) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:"
    assert names(tagging, ResourceARNList=[arn + MODEL, arn + "model/none"]) == {MODEL}


@pytest.mark.ledger("tagging.lag")
@pytest.mark.parametrize("sim_seed", [0, 1, 2, 3])
def test_tags_and_deletions_are_known_some_seconds_later(calm_sim: Any, deployer: Any, tagging: Any) -> None:
    lag = calm_sim.engine.ledger.value("tagging.lag")
    deployer.client.add_tags(
        ResourceArn=deployer.client.describe_endpoint_config(EndpointConfigName="fifty-fifty")[
            "EndpointConfigArn"
        ],
        Tags=[tag("late", "yes")],
    )
    deployer.client.delete_model(ModelName="bert-a")
    calm_sim.advance(seconds=lag - 1)
    assert names(tagging, TagFilters=[{"Key": "late"}]) == set()
    assert MODEL in names(tagging)
    calm_sim.advance(seconds=2)
    assert names(tagging, TagFilters=[{"Key": "late"}]) == {"endpoint-config/fifty-fifty"}
    assert MODEL not in names(tagging)


def test_what_once_had_tags_is_shown_with_none_and_what_never_had_any_is_not(
    calm_sim: Any, deployer: Any, tagging: Any
) -> None:
    arn = deployer.client.describe_model(ModelName="bert-a")["ModelArn"]
    deployer.client.delete_tags(ResourceArn=arn, TagKeys=["team"])
    calm_sim.advance(minutes=1)
    found = tagging.get_resources()["ResourceTagMappingList"]
    assert {"ResourceARN": arn, "Tags": []} in found
    assert "endpoint-config/fifty-fifty" not in names(tagging)


@pytest.mark.ledger("tagging.page-size", "tagging.default-page-size", "tagging.short-pages", "tagging.order")
@pytest.mark.parametrize("sim_seed", [0, 1, 2, 3])
def test_pages_lead_to_all_whatever_their_size_and_order(calm_sim: Any, deployer: Any) -> None:
    for number in range(7):
        deployer.client.create_model(
            ModelName=f"m{number}",
            ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
            PrimaryContainer={"Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2"},
            Tags=[tag("n", str(number))],
        )
    calm_sim.advance(minutes=1)
    tagging = calm_sim.client("resourcegroupstaggingapi")
    first = tagging.get_resources(ResourcesPerPage=3)
    assert 1 <= len(first["ResourceTagMappingList"]) <= 3
    assert first["PaginationToken"]
    for asked in ({"ResourcesPerPage": 3}, {"ResourcesPerPage": 1}, {}):
        assert names(tagging, **asked) == {f"model/m{number}" for number in range(7)}
    assert tagging.get_resources()["PaginationToken"] == ""


@pytest.mark.ledger(
    "tagging.page-size-out-of-range", "tagging.arns-and-filters", "tagging.bad-token", "sim.not-implemented"
)
def test_what_does_not_go_together_or_does_not_exist_is_refused(tagging: Any, refused: Any) -> None:
    arns = ["arn:aws:sagemaker:us-east-1:123456789012:model/bert-a"]
    invalid = "InvalidParameterException"
    for asked in (
        {"ResourcesPerPage": 0},
        {"ResourcesPerPage": 101},
        {"ResourceARNList": arns, "TagFilters": [{"Key": "team"}]},
        {"ResourceARNList": arns, "ResourcesPerPage": 10},
    ):
        assert refused(tagging.get_resources, **asked)[0] == invalid
    assert refused(tagging.get_resources, PaginationToken="?")[0] in {
        invalid,
        "PaginationTokenExpiredException",
    }
    assert refused(tagging.get_resources, TagsPerPage=100)[0] == "NotImplemented"


def test_the_tagging_api_speaks_cbor_too(calm_sim: Any, tagging: Any) -> None:
    scope = "Credential=AKIASANDBOX/20260101/us-east-1/tagging/aws4_request"
    sent = HttpRequest(
        method="POST",
        target="/service/ResourceGroupsTaggingAPI_20170126/operation/GetResources",
        headers={"smithy-protocol": "rpc-v2-cbor", "authorization": f"AWS4-HMAC-SHA256 {scope}"},
        body=cbor.dumps({"ResourceTypeFilters": ["sagemaker:model"]}),
    )
    by_cbor = cbor.loads(calm_sim.exchange(sent).body)
    by_client = tagging.get_resources(ResourceTypeFilters=["sagemaker:model"])
    assert by_cbor["ResourceTagMappingList"] == by_client["ResourceTagMappingList"] != []
