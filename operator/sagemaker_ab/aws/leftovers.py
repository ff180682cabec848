"""Listings of models and endpoint configs, shared by all resources of a region.

AWS filters lists after paging, so a filter saves nothing: one unfiltered sweep serves everybody.
"""

import threading
from dataclasses import dataclass

from botocore.exceptions import ClientError

from sagemaker_ab.aws.failures import FailureKind, classified, classify
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.aws.tags import tags_of
from sagemaker_ab.planning.names import may_stem_from
from sagemaker_ab.planning.observed import Leftovers
from sagemaker_ab.planning.ownership import Owner

_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class _Listing:
    """ARNs by name, from a sweep begun at `taken_at` on AWS's clock."""

    taken_at: float
    models: dict[str, str]
    configs: dict[str, str]


class Inventory:
    """What exists in each region, listed again when somebody needs it newer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listings: dict[str, _Listing] = {}

    @classified()
    def leftovers(
        self, clients: AwsClients, owner: Owner, endpoint_name: str, *, not_before: float
    ) -> Leftovers:
        """Find the models and configs of an owner in a listing begun at `not_before` or later.

        Raises AwsError.
        """
        with self._lock:
            listing = self._listings.get(clients.region)
            if listing is None or listing.taken_at < not_before:
                listing = _list(clients)
                self._listings[clients.region] = listing
        return Leftovers(
            taken_at=listing.taken_at,
            models=_owned(clients, owner, endpoint_name, listing.models),
            configs=_owned(clients, owner, endpoint_name, listing.configs),
        )


def _list(clients: AwsClients) -> _Listing:
    taken_at = clients.clock.now()
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


def _owned(clients: AwsClients, owner: Owner, endpoint_name: str, arns: dict[str, str]) -> frozenset[str]:
    candidates = {name: arn for name, arn in arns.items() if may_stem_from(name, endpoint_name)}
    return frozenset(name for name, arn in candidates.items() if _owns(clients, owner, arn))


def _owns(clients: AwsClients, owner: Owner, arn: str) -> bool:
    try:
        return owner.owns(tags_of(clients, arn))
    except ClientError as error:
        if classify(error).kind is FailureKind.GONE:
            return False
        raise
