"""How messages name the owner of an AWS object."""

from dataclasses import replace

import pytest

from sagemaker_ab.planning.ownership import describe_owner
from tests.unit.planning.worlds import OWNER


def without(*names):
    return {key: value for key, value in OWNER.tags.items() if key.rpartition("/")[2] not in names}


@pytest.mark.parametrize(
    ("tags", "phrase"),
    [
        (OWNER.tags, "owned by ml/reviews of cluster cluster-1"),
        (without("cluster-id"), "owned by ml/reviews of cluster None"),
        (without("namespace"), "owned by None/reviews of cluster cluster-1"),
        (without("name"), "not created by this operator"),
        ({"Name": "reviews"}, "not created by this operator"),
    ],
    ids=["owner tags", "no cluster", "no namespace", "no name", "other tags"],
)
def test_the_phrase_that_states_the_owner(tags, phrase):
    assert describe_owner(tags) == phrase


def test_the_tags_by_which_an_object_is_recognized_leave_out_the_uid():
    assert OWNER.describe_tags() == (
        "sagemaker-ab.dev/cluster-id=cluster-1, sagemaker-ab.dev/namespace=ml, sagemaker-ab.dev/name=reviews"
    )


def test_an_owner_is_known_by_cluster_namespace_and_name():
    assert OWNER.owns(replace(OWNER, uid="uid-2").tags)
    for member in ("cluster_id", "namespace", "name"):
        other = replace(OWNER, **{member: "other"})
        assert not OWNER.owns(other.tags)
        assert OWNER.names_another(other.tags)


@pytest.mark.parametrize("missing", ["cluster-id", "namespace", "name"])
def test_incomplete_tags_name_nobody(missing):
    assert not OWNER.owns(without(missing))
    assert not OWNER.names_another(without(missing))
    assert not OWNER.names_another(OWNER.tags)
