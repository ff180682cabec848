"""Lists, which filter after paging, and tags."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.inprocess import START

MODEL_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model/bert-a"


@pytest.fixture
def many(calm_sim: Any, deployer: Any) -> Any:
    """Twenty-five models, one a minute: m-00 to m-24."""
    for number in range(25):
        deployer.model(f"m-{number:02}")
        calm_sim.advance(minutes=1)
    return deployer.client


def names(page: Any) -> list[str]:
    return [model["ModelName"] for model in page["Models"]]


@pytest.mark.ledger("sm.list.page-size", "sm.list.sort-order", "sm.list.order")
def test_a_list_gives_the_ten_newest_and_a_token_for_the_rest(many: Any) -> None:
    first = many.list_models()
    assert names(first) == [f"m-{number:02}" for number in range(24, 14, -1)]
    second = many.list_models(NextToken=first["NextToken"])
    third = many.list_models(NextToken=second["NextToken"])
    assert names(third) == ["m-04", "m-03", "m-02", "m-01", "m-00"]
    assert "NextToken" not in third


def test_a_list_can_be_sorted_by_name_and_ascending(many: Any) -> None:
    page = many.list_models(SortBy="Name", SortOrder="Ascending", MaxResults=3)
    assert names(page) == ["m-00", "m-01", "m-02"]


@pytest.mark.ledger("sm.list.filter-after-page")
def test_filters_act_after_paging_so_that_empty_pages_carry_a_token(many: Any) -> None:
    pages = list(
        many.get_paginator("list_models").paginate(NameContains="m-0", PaginationConfig={"PageSize": 5})
    )
    assert [len(page["Models"]) for page in pages] == [0, 0, 0, 5, 5]
    assert ["NextToken" in page for page in pages] == [True, True, True, True, False]


def test_a_list_filters_by_times(many: Any) -> None:
    found = many.list_models(MaxResults=100, CreationTimeAfter=START + 60 * 23)
    assert names(found) == ["m-24", "m-23"]
    found = many.list_models(MaxResults=100, CreationTimeBefore=START + 60)
    assert names(found) == ["m-01", "m-00"]


def test_a_page_goes_on_rightly_when_what_it_ended_with_is_gone(many: Any) -> None:
    first = many.list_models()
    many.delete_model(ModelName=names(first)[-1])
    assert names(many.list_models(NextToken=first["NextToken"]))[0] == "m-14"


@pytest.mark.ledger("sm.list.bad-token")
@pytest.mark.parametrize("token", ["nonsense", "bm9uc2Vuc2U=", "eyJhZnRlciI6IDF9"])
def test_a_token_that_no_list_gave_out_is_refused(many: Any, refused: Any, token: str) -> None:
    assert refused(many.list_models, NextToken=token)[0] == "ValidationException"


def test_endpoints_are_listed_with_their_status_and_filtered_by_it(calm_sim: Any, in_service: Any) -> None:
    in_service.endpoint("second")
    client = in_service.client
    found = {one["EndpointName"]: one["EndpointStatus"] for one in client.list_endpoints()["Endpoints"]}
    assert found == {"reviews": "InService", "second": "Creating"}
    (one,) = client.list_endpoints(StatusEquals="Creating")["Endpoints"]
    assert one["EndpointName"] == "second"
    after = calm_sim.engine.clock.now() - 1
    (one,) = client.list_endpoints(LastModifiedTimeAfter=after)["Endpoints"]
    assert one["EndpointName"] == "second"


def test_configs_are_listed(in_service: Any) -> None:
    in_service.config("other")
    found = in_service.client.list_endpoint_configs(SortBy="Name", SortOrder="Ascending")
    assert [one["EndpointConfigName"] for one in found["EndpointConfigs"]] == ["fifty-fifty", "other"]


def tags(client: Any, arn: str = MODEL_ARN) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in client.list_tags(ResourceArn=arn)["Tags"]}


def pairs(**given: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


@pytest.mark.ledger("sm.tags.upsert")
def test_tags_are_added_replaced_and_deleted(deployer: Any) -> None:
    deployer.model()
    client = deployer.client
    client.add_tags(ResourceArn=MODEL_ARN, Tags=pairs(team="a", stage="test"))
    client.add_tags(ResourceArn=MODEL_ARN, Tags=pairs(team="ü b", owner=""))
    assert tags(client) == {"team": "ü b", "stage": "test", "owner": ""}
    client.delete_tags(ResourceArn=MODEL_ARN, TagKeys=["stage", "unknown"])
    assert tags(client) == {"team": "ü b", "owner": ""}


def test_endpoints_and_configs_are_created_with_tags_and_lose_them_with_themselves(
    calm_sim: Any, in_service: Any
) -> None:
    client = in_service.client
    variants = client.describe_endpoint_config(EndpointConfigName="fifty-fifty")["ProductionVariants"]
    config = client.create_endpoint_config(
        EndpointConfigName="tagged", ProductionVariants=variants, Tags=pairs(kind="config")
    )
    endpoint = client.create_endpoint(
        EndpointName="tagged", EndpointConfigName="tagged", Tags=pairs(kind="endpoint")
    )
    assert tags(client, config["EndpointConfigArn"]) == {"kind": "config"}
    assert tags(client, endpoint["EndpointArn"]) == {"kind": "endpoint"}
    calm_sim.advance(minutes=4)
    client.delete_endpoint(EndpointName="tagged")
    client.delete_endpoint_config(EndpointConfigName="tagged")
    calm_sim.advance(minutes=1)
    assert all("tags" not in sections for sections in calm_sim.state().values())


@pytest.mark.ledger("sm.tags.page-size")
def test_tags_come_fifty_at_a_time(deployer: Any) -> None:
    deployer.model()
    client = deployer.client
    client.add_tags(ResourceArn=MODEL_ARN, Tags=pairs(**{f"k{number:02}": "v" for number in range(50)}))
    assert len(tags(client)) == 50
    assert "NextToken" not in client.list_tags(ResourceArn=MODEL_ARN)


@pytest.mark.ledger("sm.tags.limit", "sm.tags.too-many")
def test_the_fifty_first_tag_is_refused(deployer: Any, refused: Any) -> None:
    deployer.model()
    call = deployer.client.add_tags
    call(ResourceArn=MODEL_ARN, Tags=pairs(**{f"k{number}": "v" for number in range(50)}))
    assert refused(call, ResourceArn=MODEL_ARN, Tags=pairs(more="v"))
    call(ResourceArn=MODEL_ARN, Tags=pairs(k1="another value"))


@pytest.mark.ledger("sm.tags.duplicate")
def test_a_key_given_twice_is_refused(deployer: Any, refused: Any) -> None:
    deployer.model()
    call = deployer.client.add_tags
    twice = pairs(team="a") + pairs(team="b")
    assert refused(call, ResourceArn=MODEL_ARN, Tags=twice)[0] == "ValidationException"


@pytest.mark.ledger("sm.tags.reserved")
def test_aws_keeps_its_own_prefix_to_itself(deployer: Any, refused: Any) -> None:
    deployer.model()
    tag = [{"Key": "aws:team", "Value": "a"}]
    assert refused(deployer.client.add_tags, ResourceArn=MODEL_ARN, Tags=tag)[0] == "ValidationException"


@pytest.mark.ledger("sm.tags.not-found")
@pytest.mark.parametrize("sim_seed", range(4))
def test_what_is_not_there_has_no_tags(deployer: Any, refused: Any) -> None:
    code, text = refused(deployer.client.list_tags, ResourceArn=MODEL_ARN)
    assert code in {"ValidationException", "ResourceNotFound"}
    assert MODEL_ARN in text
