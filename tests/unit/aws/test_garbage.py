"""Listings are shared and their failures are not kept; tags of other owners are asked for once a listing."""

from collections import Counter
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from sagemaker_ab.aws.clock import AwsClock
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.garbage import GarbageLister
from sagemaker_ab.planning.garbage import OwnedObjects
from sagemaker_ab.planning.ownership import Owner
from sandbox.aws.inprocess import InProcessAws

OURS = Owner("cluster", "ml", "reviews", "uid")
THEIRS = Owner("cluster", "ml", "others", "uid")
NAME = "reviews-bert-0123456789"


class Region:
    """Models, endpoint configs and alarms of a region, and how often each call was made."""

    region = "us-east-1"

    def __init__(self):
        self.calls = Counter()
        self.objects = {}
        self.failing = []
        self.listing_seconds = 0.0
        self.time = 1000.0
        self.clock = SimpleNamespace(now=lambda: self.time)
        self.sagemaker = SimpleNamespace(get_paginator=self.paginator)
        self.cloudwatch = SimpleNamespace(get_paginator=self.paginator)
        self.alarms = []

    def put(self, name, owner, *, created=0, kind="Model"):
        arn = f"arn:{kind}/{name}"
        listed = {
            f"{kind}Name": name,
            f"{kind}Arn": arn,
            "CreationTime": datetime.fromtimestamp(created, UTC),
        }
        self.objects[arn] = listed, owner

    def paginator(self, operation):
        return SimpleNamespace(paginate=lambda **request: self.pages(operation, **request))

    def pages(self, operation, **request):
        self.calls[operation] += 1
        if self.failing and self.failing[0][0] == operation:
            _, code, message = self.failing.pop(0)
            raise ClientError({"Error": {"Code": code, "Message": message}}, operation)
        if operation == "describe_alarms":
            names = [name for name in self.alarms if name.startswith(request["AlarmNamePrefix"])]
            yield {"MetricAlarms": [{"AlarmName": name} for name in names]}
        elif operation == "list_tags":
            _, owner = self.objects[request["ResourceArn"]]
            yield {"Tags": [{"Key": key, "Value": value} for key, value in owner.tags.items()]}
        else:
            self.time += self.listing_seconds
            yield {"Models": self.listed("Model"), "EndpointConfigs": self.listed("EndpointConfig")}

    def listed(self, kind):
        return [listed for listed, _ in self.objects.values() if f"{kind}Name" in listed]


@pytest.fixture
def region():
    return Region()


def found(lister, region, *, not_before=1000.0):
    owned = lister.list_owned(region, OURS, "reviews", not_before=not_before).owned
    return owned.models | owned.configs


def test_a_failed_listing_is_made_again(region):
    lister = GarbageLister()
    region.put(NAME, OURS)
    region.failing.append(("list_models", "ThrottlingException", "Rate exceeded"))

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


def test_a_new_listing_asks_again_for_the_tags_of_others(region):
    """A person may give an object back to its owner."""
    lister = GarbageLister()
    region.put("reviews-other-0123456789", THEIRS)
    for moment in (1000.0, 2000.0, 3000.0):
        region.time = moment
        found(lister, region, not_before=moment)

    assert region.calls["list_models"] == 3
    assert region.calls["list_tags"] == 3


def test_a_listing_that_began_too_early_is_followed_by_another(region):
    """A caller that joins a listing in flight may need one that begins after it."""
    lister = GarbageLister()
    region.put(NAME, OURS)
    region.listing_seconds = 60.0

    assert found(lister, region, not_before=1030.0) == {NAME}
    assert region.calls["list_models"] == 2


def test_an_object_that_was_deleted_after_its_listing_is_left_out(region):
    lister = GarbageLister()
    region.put(NAME, OURS)
    region.failing.append(("list_tags", "ValidationException", 'Could not find model "arn".'))

    assert found(lister, region) == set()


def test_an_object_whose_owner_cannot_be_read_is_an_error_and_not_garbage(region):
    lister = GarbageLister()
    region.put(NAME, OURS)
    region.failing.append(
        ("list_tags", "AccessDeniedException", "not authorized to perform: sagemaker:ListTags")
    )

    with pytest.raises(AwsError, match="sagemaker:ListTags"):
        found(lister, region)


@pytest.mark.parametrize("kind", ["Model", "EndpointConfig"])
def test_an_object_made_again_under_its_name_may_have_another_owner(region, kind):
    lister = GarbageLister()
    region.put(NAME, THEIRS, kind=kind)
    assert found(lister, region) == set()

    region.put(NAME, OURS, created=1500, kind=kind)
    region.time = 2000.0
    assert found(lister, region, not_before=2000.0) == {NAME}


def test_a_model_that_lost_its_tags_is_listed_and_not_ours(region):
    lister = GarbageLister()
    region.put(NAME, THEIRS)

    listing = lister.list_owned(region, OURS, "reviews", not_before=1000.0)

    assert listing.models == {NAME}
    assert listing.owned.models == set()
    assert listing.model_tags == {}


def test_the_tags_of_our_models_come_with_the_listing(region):
    region.put(NAME, OURS)

    listing = GarbageLister().list_owned(region, OURS, "reviews", not_before=1000.0)

    assert listing.model_tags == {f"arn:Model/{NAME}": dict(OURS.tags)}


@pytest.fixture
def sim():
    return InProcessAws(stale_reads=False, lost_answers=False)


def in_simulation(sim):
    sagemaker, clock = sim.client("sagemaker"), AwsClock()
    clock.attach(sagemaker.meta.events)
    sagemaker.list_models()
    cloudwatch = sim.client("cloudwatch")
    return SimpleNamespace(region="us-east-1", clock=clock, sagemaker=sagemaker, cloudwatch=cloudwatch)


def create(sagemaker, name, owner):
    tags = [{"Key": key, "Value": value} for key, value in owner.tags.items()]
    role = "arn:aws:iam::123456789012:role/sagemaker"
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1"
    sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": image}, Tags=tags
    )
    variant = {
        "VariantName": "VariantA",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], Tags=tags)


def test_models_and_configs_of_their_owner_are_found_on_every_page_of_a_list(sim):
    clients = in_simulation(sim)
    create(clients.sagemaker, NAME, OURS)
    for number in range(120):
        create(clients.sagemaker, f"others-bert-{number:010}", THEIRS)
    create(clients.sagemaker, "reviews-bert-9999999999", THEIRS)
    before = len(sim.calls())

    owned = GarbageLister().list_owned(clients, OURS, "reviews", not_before=clients.clock.now()).owned

    assert owned == OwnedObjects(models=frozenset({NAME}), configs=frozenset({NAME}))
    assert Counter(call["operation"] for call in sim.calls()[before:]) == {
        "ListModels": 2,
        "ListEndpointConfigs": 2,
        "ListTags": 4,
        "DescribeAlarms": 1,
    }


def test_an_object_that_somebody_gives_back_is_found_by_the_next_listing(region):
    lister = GarbageLister()
    region.put(NAME, THEIRS)
    assert found(lister, region) == set()

    region.put(NAME, OURS)
    region.time = 2000.0
    assert found(lister, region, not_before=2000.0) == {NAME}


def test_the_alarms_of_an_owner_are_those_whose_names_begin_with_its_hash(region):
    ours, theirs = (
        f"sagemaker-ab/{owner.fingerprint}/reviews/VariantB/0123456789" for owner in (OURS, THEIRS)
    )
    region.alarms = [ours, theirs, "somebody's"]

    listing = GarbageLister().list_owned(region, OURS, "reviews", not_before=1000.0)

    assert (listing.owned.alarms, listing.alarms_unread) == ({ours}, False)


def test_a_role_that_cannot_read_alarms_still_lists_the_rest(region):
    region.put(NAME, OURS)
    region.failing = [("describe_alarms", "AccessDenied", "not authorized")]

    listing = GarbageLister().list_owned(region, OURS, "reviews", not_before=1000.0)

    assert (listing.owned.models, listing.alarms_unread) == ({NAME}, True)
