"""Scalable targets: registering, deregistering, describing, tagging.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.evaluation import wake
from sandbox.aws.engine.autoscaling.records import DIMENSION, NAMESPACE, ScalableTarget, Suspended
from sandbox.aws.engine.autoscaling.requests import check_scope, paged, resource_of, store_of, target_of
from sandbox.aws.engine.core import operation, partition
from sandbox.aws.engine.records import EndpointStatus
from sandbox.aws.engine.sagemaker.store import arn_of
from sandbox.aws.engine.sagemaker.store import store_of as sagemaker_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.autoscaling.records import ResourceId
    from sandbox.aws.engine.core import JSON, Call

_SERVICE = "application-autoscaling"


@operation(_SERVICE, "RegisterScalableTarget", write=True, resource="ResourceId")
def register_scalable_target(call: Call) -> JSON:
    resource = resource_of(call)
    store = store_of(call)
    present = store.target(resource)
    target = _updated(call, present) if present else _first(call, resource)
    _check_capacity(call, target)
    store.put_target(target)
    if present is None:
        store.tags.put(target.arn, dict(call.params.get("Tags", {})))
    wake(call.region, resource, registered=True)
    return {"ScalableTargetARN": target.arn}


@holds("autoscaling.registration-resets")
def _first(call: Call, resource: ResourceId) -> ScalableTarget:
    _check_variant(call, resource)
    minimum, maximum = call.params.get("MinCapacity"), call.params.get("MaxCapacity")
    if minimum is None or maximum is None:
        raise call.refuse("autoscaling.first-capacity")
    return ScalableTarget(
        resource=resource,
        arn=call.region.arn(_SERVICE, f"scalable-target/{store_of(call).new_id()}"),
        minimum=minimum,
        maximum=maximum,
        created=call.now,
        suspended=Suspended.parse(call.params.get("SuspendedState", {}), before=Suspended()),
    )


@holds("autoscaling.suspended-until-changed")
def _updated(call: Call, present: ScalableTarget) -> ScalableTarget:
    if call.params.get("Tags"):
        raise call.refuse("autoscaling.tag-on-update")
    return replace(
        present,
        minimum=call.params.get("MinCapacity", present.minimum),
        maximum=call.params.get("MaxCapacity", present.maximum),
        suspended=_suspended(call, present),
    )


def _suspended(call: Call, present: ScalableTarget) -> Suspended:
    asked = call.params.get("SuspendedState")
    if asked is None:
        return present.suspended
    leaves = call.ledger.value("autoscaling.suspended-partly") == "leaves"
    return Suspended.parse(asked, before=present.suspended if leaves else Suspended())


def _check_variant(call: Call, resource: ResourceId) -> None:
    """Refuse unless the variant is there, in service and not burstable."""
    endpoint = sagemaker_of(call.region).endpoint(resource.endpoint)
    if endpoint is None or endpoint.name != resource.endpoint:
        arn = arn_of(call.region, "endpoint", resource.endpoint)
        raise call.refuse("autoscaling.endpoint-missing", arn=arn, name=resource)
    if endpoint.status is not EndpointStatus.IN_SERVICE:
        raise call.refuse("autoscaling.endpoint-not-in-service", name=endpoint.name, status=endpoint.status)
    _check_config(call, endpoint.config_name, resource)
    variant = endpoint.variant(resource.variant)
    if variant is None:
        raise call.refuse("autoscaling.endpoint-missing", arn=endpoint.arn, name=resource)
    if re.fullmatch(call.ledger.value("autoscaling.burstable-types"), variant.instance_type):
        raise call.refuse("autoscaling.burstable", instance_type=variant.instance_type)


def _check_config(call: Call, name: str, resource: ResourceId) -> None:
    if sagemaker_of(call.region).config(name) is not None:
        return
    if call.ledger.value("autoscaling.config-deleted") == "refuse":
        arn = arn_of(call.region, "endpoint-config", name)
        raise call.refuse("autoscaling.config-deleted-text", arn=arn, name=resource)


def _check_capacity(call: Call, target: ScalableTarget) -> None:
    if target.maximum < target.minimum:
        raise call.refuse("autoscaling.capacity-order", min=target.minimum, max=target.maximum)
    if target.minimum < 1:
        raise call.refuse("autoscaling.min-one")


@operation(_SERVICE, "DeregisterScalableTarget", write=True, resource="ResourceId")
def deregister_scalable_target(call: Call) -> JSON:
    store_of(call).drop_target(target_of(call))
    return {}


@operation(_SERVICE, "DescribeScalableTargets")
def describe_scalable_targets(call: Call) -> JSON:
    check_scope(call)
    wanted = call.params.get("ResourceIds")
    found = [
        target
        for target in store_of(call).targets.all(call.as_of)
        if not wanted or str(target.resource) in wanted
    ]
    some, following = paged(call, found, limit_row="autoscaling.target-page")
    return {"ScalableTargets": [_described(call, target) for target in some], **following}


def _described(call: Call, target: ScalableTarget) -> JSON:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": str(target.resource),
        "ScalableDimension": DIMENSION,
        "MinCapacity": target.minimum,
        "MaxCapacity": target.maximum,
        "RoleARN": call.ledger.text(
            "autoscaling.role", account=call.region.account, partition=partition(call.region.name)
        ),
        "CreationTime": target.created,
        "SuspendedState": {
            "DynamicScalingInSuspended": target.suspended.scale_in,
            "DynamicScalingOutSuspended": target.suspended.scale_out,
            "ScheduledScalingSuspended": target.suspended.scheduled,
        },
        "ScalableTargetARN": target.arn,
    }
