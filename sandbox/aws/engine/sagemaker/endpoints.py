"""CreateEndpoint, UpdateEndpoint, DeleteEndpoint: what is legal when, and what it sets going.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.happenings import EndpointDeletionAccepted, EndpointUpdateRequested, announce
from sandbox.aws.engine.records import (
    Endpoint,
    EndpointConfig,
    EndpointStatus,
    PendingDeployment,
    Variant,
    counts_by_type,
)
from sandbox.aws.engine.sagemaker.fleet import check_quota, launched
from sandbox.aws.engine.sagemaker.store import arn_of, store_of
from sandbox.aws.engine.sagemaker.tags import merged
from sandbox.aws.engine.sagemaker.transitions import begin, begin_creating, begin_updating
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.core import Region

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
    if endpoint.status in _BUSY:
        raise region.refuse("sm.endpoint.busy", arn=endpoint.arn)
    if endpoint.status is EndpointStatus.DELETING:
        raise region.refuse("sm.endpoint.deleting", arn=endpoint.arn)
    if endpoint.status is EndpointStatus.FAILED:
        raise region.refuse("sm.endpoint.failed-only-delete", arn=endpoint.arn)
    if endpoint.status is EndpointStatus.OUT_OF_SERVICE:
        raise region.refuse("sm.endpoint.out-of-service", arn=endpoint.arn)


def _found_config(region: Region, name: str) -> EndpointConfig:
    config = store_of(region).config(name)
    if config is None:
        raise region.refuse("sm.config.not-found", arn=arn_of(region, "endpoint-config", name))
    return config


def _refuse_guardrails(call: Call) -> None:
    if "DeploymentConfig" in call.params:
        raise call.refuse("sim.not-implemented", what="DeploymentConfig")


@operation("sagemaker", "CreateEndpoint", write=True, resource="EndpointName")
@holds("sm.endpoint.name-case")
def create_endpoint(call: Call) -> JSON:
    name, region = call.params["EndpointName"], call.region
    store, arn = store_of(region), arn_of(region, "endpoint", name)
    _refuse_guardrails(call)
    if store.endpoint(name):
        raise call.refuse("sm.endpoint.exists", arn=arn)
    config = _found_config(region, call.params["EndpointConfigName"])
    fleet = launched(region, config)
    check_quota(region, counts_by_type(fleet))
    tags = merged(call, (), call.params.get("Tags", ()))
    endpoint = Endpoint(
        name=name,
        arn=arn,
        status=EndpointStatus.CREATING,
        config_name=config.name,
        created=call.now,
        modified=call.now,
        pending=PendingDeployment(config_name=config.name, variants=fleet, started=call.now),
    )
    begin_creating(region, endpoint, call.failure)
    store.tags.put(arn, tags)
    return {"EndpointArn": arn}


@holds("sm.update.resets", "sm.update.retains", "sm.update.exclude-weight", "sm.update.exclude-count")
def _retained(call: Call, endpoint: Endpoint, fleet: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """Return the new fleet with the weights and counts that the retain rules keep."""
    if not call.params.get("RetainAllVariantProperties", False):
        return fleet
    left_out = {
        excluded["VariantPropertyType"]
        for excluded in call.params.get("ExcludeRetainedVariantProperties", ())
    }

    def retained(variant: Variant) -> Variant:
        old = endpoint.variant(variant.name)
        if old is None:
            return variant
        weight = variant.desired_weight if "DesiredWeight" in left_out else old.desired_weight
        count = (
            variant.desired_instance_count
            if "DesiredInstanceCount" in left_out
            else old.desired_instance_count
        )
        return replace(
            variant,
            current_weight=weight,
            desired_weight=weight,
            current_instance_count=count,
            desired_instance_count=count,
        )

    return tuple(retained(variant) for variant in fleet)


@operation("sagemaker", "UpdateEndpoint", write=True, resource="EndpointName")
def update_endpoint(call: Call) -> JSON:
    _refuse_guardrails(call)
    endpoint = found_endpoint(call.region, call.params["EndpointName"])
    check_changeable(call.region, endpoint)
    config = _found_config(call.region, call.params["EndpointConfigName"])
    if config.name == endpoint.config_name:
        raise call.refuse("sm.update.same-config", name=config.name)
    announce(EndpointUpdateRequested(call.region, endpoint, config))
    fleet = _retained(call, endpoint, launched(call.region, config))
    check_quota(call.region, counts_by_type(fleet))
    updating = replace(
        endpoint,
        status=EndpointStatus.UPDATING,
        modified=call.now,
        failure_reason="",
        pending=PendingDeployment(config_name=config.name, variants=fleet, started=call.now),
    )
    begin_updating(call.region, updating, call.failure)
    return {"EndpointArn": endpoint.arn}


@operation("sagemaker", "DeleteEndpoint", write=True, resource="EndpointName")
@holds("sm.endpoint.name-busy-until-gone")
def delete_endpoint(call: Call) -> JSON:
    endpoint = found_endpoint(call.region, call.params["EndpointName"])
    if endpoint.status in _BUSY:
        raise call.refuse("sm.endpoint.busy", arn=endpoint.arn)
    if endpoint.status is EndpointStatus.DELETING:
        if call.ledger.value("sm.endpoint.delete-twice") == "accept":
            return {}
        raise call.refuse("sm.endpoint.deleting", arn=endpoint.arn)
    _start_deletion(call.region, endpoint)
    return {}


def _start_deletion(region: Region, endpoint: Endpoint) -> None:
    deleting = replace(endpoint, status=EndpointStatus.DELETING, modified=region.clock.now())
    announce(EndpointDeletionAccepted(region, deleting))
    begin(
        region,
        deleting,
        seconds=region.ledger.seconds("sm.endpoint.deleting-seconds"),
        ending=store_of(region).forget,
    )
