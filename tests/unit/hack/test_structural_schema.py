"""The structural schema that is made of a model."""

from typing import Annotated

from pydantic import Field

from hack.structural_lint import faults
from hack.structural_schema import structural_schema
from sagemaker_ab.api.fields import ApiModel, ListMap

Count = Annotated[int, Field(ge=0, le=9)]


class Inner(ApiModel):
    """A part of a member."""

    count: Count = 4
    """A count."""


class Member(ApiModel):
    """A member of a list."""

    name: Annotated[str, Field(max_length=9)]
    """A name."""

    count: Count = 3
    """A count."""

    inner: Inner = Inner()
    """A part."""


class Choice(ApiModel):
    """A union of which no member is set by default."""

    count: Count = 2
    """A count."""

    inner: Inner | None = None
    """A member."""


class Whole(ApiModel):
    """A model with a list."""

    inner: Inner = Inner()
    """A part."""

    choice: Choice = Choice()
    """A union."""

    members: Annotated[list[Member], Field(max_length=5), ListMap("name")]
    """Members."""


def test_a_default_is_the_servers_unless_it_is_inside_a_list_item() -> None:
    properties = structural_schema(Whole, rules=())["properties"]
    assert properties["inner"]["default"] == {"count": 4}
    assert properties["inner"]["properties"]["count"]["default"] == 4
    member = properties["members"]["items"]["properties"]
    assert [member["count"].get("default"), member["inner"].get("default")] == [None, None]
    assert "default" not in member["inner"]["properties"]["count"]
    assert [*faults(structural_schema(Whole, rules=()), path="spec")] == []


def test_a_default_leaves_out_what_is_not_set() -> None:
    """Because the server drops nulls, and a tool that compares would see a difference."""
    assert structural_schema(Whole, rules=())["properties"]["choice"]["default"] == {"count": 2}


def test_the_default_of_a_model_stays_where_the_server_sets_none() -> None:
    [member] = Whole.model_validate({"members": [{"name": "a"}]}).members
    assert (member.count, member.inner.count) == (3, 4)
