"""Listings are shared and their failures are not kept; tags of other owners are asked for once a listing."""

from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.garbage import GarbageLister
from sagemaker_ab.planning.ownership import Owner

OURS = Owner("cluster", "ml", "reviews", "uid")
THEIRS = Owner("cluster", "ml", "others", "uid")
NAME = "reviews-bert-0123456789"


class Region:
    """Models of a region, and how often each call was made."""

    region = "us-east-1"

    def __init__(self):
        self.calls = Counter()
        self.models = {}
        self.failing = []
        self.time = 1000.0
        self.clock = SimpleNamespace(now=lambda: self.time)
        self.sagemaker = SimpleNamespace(get_paginator=self.paginator)

    def put(self, name, owner, *, created=0):
        moment = datetime.fromtimestamp(created, UTC)
        listed = {"ModelName": name, "ModelArn": f"arn:{name}", "CreationTime": moment}
        self.models[f"arn:{name}"] = listed, owner

    def paginator(self, operation):
        return SimpleNamespace(paginate=lambda **request: self.pages(operation, **request))

    def pages(self, operation, **request):
        self.calls[operation] += 1
        if operation in self.failing:
            self.failing.remove(operation)
            throttled = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
            raise ClientError(throttled, operation)
        if operation == "list_tags":
            _, owner = self.models[request["ResourceArn"]]
            yield {"Tags": [{"Key": key, "Value": value} for key, value in owner.tags.items()]}
        else:
            yield {"Models": [listed for listed, _ in self.models.values()], "EndpointConfigs": []}


@pytest.fixture
def region():
    return Region()


def found(lister, region, *, not_before=1000.0):
    return lister.owned(region, OURS, "reviews", not_before=not_before).models


def test_a_failed_listing_is_made_again(region):
    lister = GarbageLister()
    region.put(NAME, OURS)
    region.failing.append("list_models")

    with pytest.raises(AwsError, match="Rate exceeded"):
        found(lister, region)

    assert found(lister, region) == {NAME}


def test_a_listing_serves_everybody_whom_it_is_new_enough_for(region):
    lister = GarbageLister()
    found(lister, region)
    region.time = 2000.0
    found(lister, region)
    assert region.calls["list_models"] == 1

    found(lister, region, not_before=1500.0)
    assert region.calls["list_models"] == 2


def test_what_is_ours_is_asked_about_each_time_and_what_is_anothers_once(region):
    lister = GarbageLister()
    region.put(NAME, OURS)
    region.put("reviews-other-0123456789", THEIRS)
    for _ in range(3):
        assert found(lister, region) == {NAME}

    assert region.calls["list_tags"] == 3 + 1


def test_an_object_made_again_under_its_name_may_have_another_owner(region):
    lister = GarbageLister()
    region.put(NAME, THEIRS)
    assert found(lister, region) == set()

    region.put(NAME, OURS, created=1500)
    region.time = 2000.0
    assert found(lister, region, not_before=2000.0) == {NAME}


def test_an_object_that_somebody_gives_back_is_found_by_the_next_listing(region):
    lister = GarbageLister()
    region.put(NAME, THEIRS)
    assert found(lister, region) == set()

    region.put(NAME, OURS)
    region.time = 2000.0
    assert found(lister, region, not_before=2000.0) == {NAME}
