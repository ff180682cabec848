"""Listings of models and endpoint configs, shared by all resources of a region.

AWS filters lists after paging, so a filter saves nothing: one unfiltered sweep serves everybody.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from sagemaker_ab.aws.failures import AwsError, Failure, FailureKind, classified, classify
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.aws.tags import tags_of
from sagemaker_ab.planning.names import may_stem_from
from sagemaker_ab.planning.observed import Leftovers
from sagemaker_ab.planning.ownership import Owner

_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class _Listing:
    """ARNs by name, from a sweep begun at `taken_at` on AWS's clock, or why there is none."""

    taken_at: float
    models: Mapping[str, str] = field(default_factory=dict)
    configs: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None


@dataclass(slots=True)
class _Shelf:
    """A region's newest listing; whoever waits for one shares it, failed or not."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    listing: _Listing | None = None


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
        listing = self._listing(clients, not_before)
        if listing.failure is not None:
            raise AwsError(listing.failure)
        return Leftovers(
            models=_owned(clients, owner, endpoint_name, listing.models),
            configs=_owned(clients, owner, endpoint_name, listing.configs),
        )

    def _listing(self, clients: AwsClients, not_before: float) -> _Listing:
        with self._lock:
            shelf = self._shelves[clients.region]
        with shelf.lock:
            if shelf.listing is None or shelf.listing.taken_at < not_before:
                shelf.listing = _taken(clients)
            return shelf.listing


def _taken(clients: AwsClients) -> _Listing:
    taken_at = clients.clock.now()
    try:
        with classified():
            return _list(clients, taken_at)
    except AwsError as error:
        return _Listing(taken_at, failure=error.failure)


def _list(clients: AwsClients, taken_at: float) -> _Listing:
    models = clients.sagemaker.get_paginator("list_models").paginate(
        PaginationConfig={"PageSize": _PAGE_SIZE}
    )
    configs = clients.sagemaker.get_paginator("list_endpoint_configs").paginate(
        PaginationConfig={"PageSize": _PAGE_SIZE}
    )
    return _Listing(
        taken_at=taken_at,
        models={model["ModelName"]: model["ModelArn"] for page in models for model in page["Models"]},
        configs={
            config["EndpointConfigName"]: config["EndpointConfigArn"]
            for page in configs
            for config in page["EndpointConfigs"]
        },
    )


def _owned(clients: AwsClients, owner: Owner, endpoint_name: str, arns: Mapping[str, str]) -> frozenset[str]:
    candidates = {name: arn for name, arn in arns.items() if may_stem_from(name, endpoint_name)}
    return frozenset(name for name, arn in candidates.items() if _owns(clients, owner, arn))


def _owns(clients: AwsClients, owner: Owner, arn: str) -> bool:
    try:
        return owner.owns(tags_of(clients, arn))
    except ClientError as error:
        if classify(error).kind is FailureKind.GONE:
            return False
        raise
