"""CreateEndpoint and DeleteEndpoint, and what is legal when.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.happenings import EndpointDeletionAccepted, announce
from sandbox.aws.engine.records import (
    Endpoint,
    EndpointConfig,
    EndpointStatus,
    PendingDeployment,
    counts_by_type,
)
from sandbox.aws.engine.sagemaker.fleet import launched
from sandbox.aws.engine.sagemaker.guardrails import check_shape
from sandbox.aws.engine.sagemaker.quotas import check_quota
from sandbox.aws.engine.sagemaker.store import arn_of, store_of
from sandbox.aws.engine.sagemaker.tags import merged
from sandbox.aws.engine.sagemaker.transitions import begin, begin_creating
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Variant

_BUSY = frozenset(
    {
        EndpointStatus.CREATING,
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
    }
)


def found_endpoint(region: Region, name: str, at: float | None = None) -> Endpoint:
    """Return an endpoint, or refuse as AWS does when there is none."""
    endpoint = store_of(region).endpoint(name, at)
    if endpoint is None:
        raise region.refuse("sm.endpoint.not-found", arn=arn_of(region, "endpoint", name))
    return endpoint


def check_changeable(region: Region, endpoint: Endpoint) -> None:
    """Refuse an update or a change of weights or counts while the endpoint's status forbids it."""
    if endpoint.status in _BUSY or endpoint.newer:
        raise region.refuse("sm.endpoint.busy", arn=endpoint.arn)
    if endpoint.status is EndpointStatus.DELETING:
        raise region.refuse("sm.endpoint.deleting", arn=endpoint.arn)
    if endpoint.status is EndpointStatus.FAILED:
        raise region.refuse("sm.endpoint.failed-only-delete", arn=endpoint.arn)
    if endpoint.status is EndpointStatus.OUT_OF_SERVICE:
        raise region.refuse("sm.endpoint.out-of-service", arn=endpoint.arn)


def found_config(region: Region, name: str, at: float | None = None) -> EndpointConfig:
    """Return an endpoint config, or refuse as AWS does when there is none, or none that was there by then."""
    config = store_of(region).config(name, at)
    if config is None:
        raise region.refuse("sm.config.not-found", arn=arn_of(region, "endpoint-config", name))
    return config


def check_config_in_use(region: Region, endpoint: Endpoint, row: str) -> None:
    """Refuse a change of an endpoint whose config was deleted, where the row says that AWS does."""
    if store_of(region).config(endpoint.config_name) is None and region.ledger.value(row) == "refuse":
        name = endpoint.config_name
        raise region.refuse(
            "sm.update.config-deleted-text", arn=arn_of(region, "endpoint-config", name), name=name
        )


def coming(config: EndpointConfig, fleet: tuple[Variant, ...], *, started: float) -> PendingDeployment:
    """Return the deployment of a config that begins now."""
    return PendingDeployment(config_name=config.name, variants=fleet, started=started, capture=config.capture)


@operation("sagemaker", "CreateEndpoint", write=True, resource="EndpointName", stale=True)
@holds("sm.config.eventual", "sm.endpoint.name-case", "sm.guardrails.create-keeps")
def create_endpoint(call: Call) -> JSON:
    name, region = call.params["EndpointName"], call.region
    store, arn = store_of(region), arn_of(region, "endpoint", name)
    if store.endpoint(name):
        raise call.refuse("sm.endpoint.exists", arn=arn)
    config = found_config(region, call.params["EndpointConfigName"], call.as_of)
    fleet = launched(region, config)
    deployment = call.params.get("DeploymentConfig")
    check_shape(region, deployment or {}, fleet)
    check_quota(region, counts_by_type(fleet))
    tags = merged(call, (), call.params.get("Tags", ()))
    endpoint = Endpoint(
        name=name,
        arn=arn,
        status=EndpointStatus.CREATING,
        config_name=config.name,
        created=call.now,
        modified=call.now,
        pending=coming(config, fleet, started=call.now),
        deployment=deployment,
    )
    begin_creating(region, endpoint, call.failure)
    store.tags.put(arn, tags)
    return {"EndpointArn": arn}


@operation("sagemaker", "DeleteEndpoint", write=True, resource="EndpointName")
@holds("sm.endpoint.name-busy-until-gone")
def delete_endpoint(call: Call) -> JSON:
    endpoint = found_endpoint(call.region, call.params["EndpointName"])
    if endpoint.status in _BUSY or _is_kept(call, endpoint):
        raise call.refuse("sm.endpoint.busy", arn=endpoint.arn)
    if endpoint.status is EndpointStatus.DELETING:
        if call.ledger.value("sm.endpoint.delete-twice") == "accept":
            return {}
        raise call.refuse("sm.endpoint.deleting", arn=endpoint.arn)
    _start_deletion(call.region, endpoint)
    return {}


def _is_kept(call: Call, endpoint: Endpoint) -> bool:
    """Tell whether an endpoint in a status that no SDK knows refuses to be deleted."""
    return endpoint.newer and call.ledger.value("sm.endpoint.newer-status") == "refuses deletion"


def _start_deletion(region: Region, endpoint: Endpoint) -> None:
    deleting = replace(endpoint, status=EndpointStatus.DELETING, modified=region.clock.now())
    announce(EndpointDeletionAccepted(region, deleting))
    begin(
        region,
        deleting,
        seconds=region.ledger.seconds("sm.endpoint.deleting-seconds"),
        ending=store_of(region).forget,
    )
