"""Which models and endpoint configs exist, listed once for all resources of a region.

AWS filters lists after paging, so a filter saves no call; one unfiltered listing serves every resource.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from sagemaker_ab.aws.alarms import list_alarms
from sagemaker_ab.aws.failures import AwsError, FailureKind, classified, classify
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.aws.singleflight import SingleFlight
from sagemaker_ab.aws.tags import tags_of
from sagemaker_ab.planning.desired_scaling import alarm_prefix_of
from sagemaker_ab.planning.garbage import Listing, OwnedObjects
from sagemaker_ab.planning.names import may_stem_from
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
    """What a listing that began at `taken_at`, on AWS's clock, has found."""

    taken_at: float
    models: tuple[_Listed, ...]
    configs: tuple[_Listed, ...]


class GarbageLister:
    """Lists the objects of each region, again when a caller needs a newer listing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._regions: dict[str, _Region] = defaultdict(_Region)

    @classified()
    def list_owned(
        self, clients: AwsClients, owner: Owner, endpoint_name: str, *, not_before: float
    ) -> Listing:
        """Return the models and configs of an owner in a listing that began at `not_before` or later.

        Alarms are listed for the endpoint alone. Raises AwsError.
        """
        with self._lock:
            region = self._regions[clients.region]
        listing = region.listing(clients, not_before=not_before)

        models = [each for each in listing.models if may_stem_from(each.name, endpoint_name)]
        configs = [each for each in listing.configs if may_stem_from(each.name, endpoint_name)]
        owned = {each: tags for each in models if owner.owns(tags := region.tags(clients, owner, each))}
        alarms = _alarms(clients, alarm_prefix_of(endpoint_name, owner.fingerprint))
        return Listing(
            owned=OwnedObjects(
                models=frozenset(each.name for each in owned),
                configs=frozenset(
                    each.name for each in configs if owner.owns(region.tags(clients, owner, each))
                ),
                alarms=alarms or frozenset(),
            ),
            alarms_unread=alarms is None,
            models=frozenset(each.name for each in models),
            model_tags={each.arn: tags for each, tags in owned.items()},
        )


class _Region:
    """A region's newest listing, and the tags of those listed objects that name an owner.

    The tags are forgotten with the listing, since a person may give an object back to its owner.
    """

    def __init__(self) -> None:
        self._in_flight: SingleFlight[_Listing] = SingleFlight()
        self._newest: _Listing | None = None
        self._tags: dict[_Listed, Mapping[str, str]] = {}

    def listing(self, clients: AwsClients, *, not_before: float) -> _Listing:
        """Return a new enough listing; callers that wait share a failure, later callers list again."""
        newest = self._newest
        if newest is not None and newest.taken_at >= not_before:
            return newest
        listing = self._in_flight.run(lambda: self._list(clients))
        if listing.taken_at >= not_before:
            return listing
        # That listing began too early; one that is in flight by now is new enough.
        return self._in_flight.run(lambda: self._list(clients))

    def tags(self, clients: AwsClients, owner: Owner, listed: _Listed) -> Mapping[str, str]:
        """Return the tags of an object, none if it is gone; only tags of other owners are cached.

        What we own may be deleted next, and only a current read may lead to that.
        """
        known = self._tags.get(listed)
        if known is not None and not owner.owns(known):
            return known
        try:
            tags = tags_of(clients, listed.arn)
        except ClientError as error:
            if classify(error).kind is FailureKind.GONE:
                return {}
            raise
        if any(key.startswith(TAG_PREFIX) for key in tags):
            self._tags[listed] = tags
        return tags

    def _list(self, clients: AwsClients) -> _Listing:
        listing = _list(clients)
        self._newest, self._tags = listing, {}
        return listing


def _alarms(clients: AwsClients, prefix: str) -> frozenset[str] | None:
    """Return the alarms whose names begin with a prefix; None if the role does not allow reading alarms."""
    try:
        return list_alarms(clients, prefix)
    except AwsError as error:
        if error.failure.kind is not FailureKind.DENIED:
            raise
        return None


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
