"""Listings of models and endpoint configs, shared by all resources of a region.

AWS filters lists after paging, so a filter saves nothing: one unfiltered sweep serves everybody.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from sagemaker_ab.aws.failures import FailureKind, classified, classify
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.aws.singleflight import Flight
from sagemaker_ab.aws.tags import tags_of
from sagemaker_ab.planning.names import may_stem_from
from sagemaker_ab.planning.observed import Leftovers
from sagemaker_ab.planning.ownership import TAG_PREFIX, Owner

_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class _Listed:
    """An object as listed; one deleted and made again under its name is another."""

    name: str
    arn: str
    created: datetime


@dataclass(frozen=True, slots=True)
class _Listing:
    """What a sweep begun at `taken_at`, on AWS's clock, has found."""

    taken_at: float
    models: tuple[_Listed, ...]
    configs: tuple[_Listed, ...]


class Inventory:
    """What exists in each region, listed again when somebody needs it newer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shelves: dict[str, _Shelf] = defaultdict(_Shelf)

    @classified()
    def leftovers(
        self, clients: AwsClients, owner: Owner, endpoint_name: str, *, not_before: float
    ) -> Leftovers:
        """Find the models and configs of an owner in a listing begun at `not_before` or later.

        Raises AwsError.
        """
        with self._lock:
            shelf = self._shelves[clients.region]
        listing = shelf.listing(clients, not_before=not_before)

        def owned(objects: tuple[_Listed, ...]) -> frozenset[str]:
            candidates = (each for each in objects if may_stem_from(each.name, endpoint_name))
            return frozenset(each.name for each in candidates if shelf.owns(clients, owner, each))

        return Leftovers(models=owned(listing.models), configs=owned(listing.configs))


class _Shelf:
    """A region's newest listing, and the tags of what it holds that names an owner."""

    def __init__(self) -> None:
        self._sweep: Flight[_Listing] = Flight()
        self._newest: _Listing | None = None
        self._tags: dict[_Listed, Mapping[str, str]] = {}

    def listing(self, clients: AwsClients, *, not_before: float) -> _Listing:
        """Return a listing that is new enough; a failure is shared by those who wait for it, and not kept."""
        newest = self._newest
        if newest is not None and newest.taken_at >= not_before:
            return newest
        listing = self._sweep.join(lambda: self._taken(clients))
        if listing.taken_at >= not_before:
            return listing
        # It was under way before it would have been new enough; one under way by now is.
        return self._sweep.join(lambda: self._taken(clients))

    def owns(self, clients: AwsClients, owner: Owner, listed: _Listed) -> bool:
        """Tell whose an object is: another's stays another's, while ours is asked about each time.

        What is said to be ours may be deleted, on nothing older than an answer of now.
        """
        known = self._tags.get(listed)
        if known is not None and not owner.owns(known):
            return False
        try:
            tags = tags_of(clients, listed.arn)
        except ClientError as error:
            if classify(error).kind is FailureKind.GONE:
                return False
            raise
        if any(key.startswith(TAG_PREFIX) for key in tags):
            self._tags[listed] = tags
        return owner.owns(tags)

    def _taken(self, clients: AwsClients) -> _Listing:
        listing = _list(clients)
        still_there = {*listing.models, *listing.configs}
        self._tags = {listed: tags for listed, tags in self._tags.copy().items() if listed in still_there}
        self._newest = listing
        return listing


def _list(clients: AwsClients) -> _Listing:
    return _Listing(
        taken_at=clients.clock.now(), models=tuple(_models(clients)), configs=tuple(_configs(clients))
    )


def _models(clients: AwsClients) -> Iterator[_Listed]:
    pages = clients.sagemaker.get_paginator("list_models").paginate(PaginationConfig={"PageSize": _PAGE_SIZE})
    for page in pages:
        for model in page["Models"]:
            yield _Listed(model["ModelName"], model["ModelArn"], model["CreationTime"])


def _configs(clients: AwsClients) -> Iterator[_Listed]:
    pages = clients.sagemaker.get_paginator("list_endpoint_configs").paginate(
        PaginationConfig={"PageSize": _PAGE_SIZE}
    )
    for page in pages:
        for config in page["EndpointConfigs"]:
            yield _Listed(config["EndpointConfigName"], config["EndpointConfigArn"], config["CreationTime"])
