"""Names of models and endpoint configs: valid, readable, and different for different content."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.planning.names import content_hash, content_name, may_stem_from

NAMES = st.lists(st.text("azAZ09", min_size=1, max_size=15), min_size=1, max_size=4).map(
    lambda parts: "-".join(parts)[:63].strip("-")
)


@given(endpoint_name=NAMES, part=NAMES, content=st.integers())
def test_a_name_is_one_that_aws_accepts(endpoint_name, part, content):
    name = content_name(endpoint_name, part, content=content)

    assert len(name) <= 63
    assert re.fullmatch("[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)


@pytest.mark.parametrize("endpoint_name", ["reviews", "reviewsX", "Reviews-2"])
def test_a_name_begins_with_its_parts_and_ends_in_a_hash(endpoint_name):
    name = content_name(endpoint_name, "bert", content={})

    assert re.fullmatch(f"{endpoint_name}-bert-[0-9a-f]{{10}}", name)


def test_a_name_that_is_too_long_loses_the_end_of_its_parts_and_keeps_the_whole_hash():
    name = content_name("r" * 63, "bert", content={})

    assert re.fullmatch("r{52}-[0-9a-f]{10}", name)


def test_a_name_that_is_cut_at_a_hyphen_has_one_hyphen():
    name = content_name("r" * 51, "bert", content={})

    assert re.fullmatch("r{51}-[0-9a-f]{10}", name)


def test_other_content_or_other_parts_make_another_name():
    names = {
        content_name("reviews", "bert", content={"a": 1}),
        content_name("reviews", "bert", content={"a": 2}),
        content_name("reviews-bert", content={"a": 1}),
        content_name("r" * 63, "bert-a", content={}),
        content_name("r" * 63, "bert-b", content={}),
    }

    assert len(names) == 5


def test_the_order_of_members_is_no_content_and_that_of_lists_is():
    assert content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
    assert content_hash([1, 2]) != content_hash([2, 1])


@given(endpoint_name=NAMES, part=NAMES)
def test_every_name_is_recognized_as_its_endpoints(endpoint_name, part):
    assert may_stem_from(content_name(endpoint_name, part, content={}), endpoint_name)
    assert may_stem_from(content_name(endpoint_name, content={}), endpoint_name)


@pytest.mark.parametrize(
    "name",
    [
        "reviews",  # the endpoint's own
        "reviews-bert",
        "reviews-bert-0123456789a",
        "reviews-bert-0123456789-2",
        "reviews-bert-012345678g",
        "reviewsX-bert-0123456789",
        "reviews2-bert-0123456789",
        "my-reviews-bert-0123456789",
    ],
)
def test_a_name_of_another_form_is_not_the_endpoints(name):
    assert not may_stem_from(name, "reviews")


def test_an_endpoint_whose_name_ends_like_another_begins_has_names_of_its_own():
    assert may_stem_from("reviewsX-bert-0123456789", "reviewsX")
    assert not may_stem_from("reviews-bert-0123456789", "reviewsX")
