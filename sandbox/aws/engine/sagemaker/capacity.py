"""UpdateEndpointWeightsAndCapacities, as callers use it and as Application Auto Scaling does.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpointWeightsAndCapacities.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.records import Endpoint, EndpointStatus, Variant, VariantPhase, growth
from sandbox.aws.engine.sagemaker.endpoints import check_changeable, check_config_in_use, found_endpoint
from sandbox.aws.engine.sagemaker.quotas import check_quota
from sandbox.aws.engine.sagemaker.resizing import begin_resizing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.aws.engine.core import Failure, Region


def _check(region: Region, endpoint: Endpoint, asked: Sequence[Mapping[str, Any]]) -> None:
    names = [one["VariantName"] for one in asked]
    for name in names:
        if names.count(name) > 1:
            raise region.refuse("sm.uewc.variant-twice", name=name)
    unknown = [name for name in names if endpoint.variant(name) is None]
    if unknown:
        listed = ", ".join(f'"{name}"' for name in unknown)
        raise region.refuse("sm.uewc.variant-unknown", names=listed, config=endpoint.config_name)
    counts = [one["DesiredInstanceCount"] for one in asked if "DesiredInstanceCount" in one]
    if len(counts) > 1 and region.ledger.value("sm.uewc.two-counts") == "refuse":
        raise region.refuse("sm.uewc.two-counts-text")
    if 0 in counts:
        raise region.refuse("sm.uewc.no-instances")


def _asked_for(region: Region, variant: Variant, asked: Mapping[str, Any]) -> Variant:
    weight = asked.get("DesiredWeight", variant.desired_weight)
    count = asked.get("DesiredInstanceCount", variant.desired_instance_count)
    grows = count > variant.current_instance_count
    message = region.ledger.text("sm.variant.scaling-out", count=count) if grows else ""
    phase = VariantPhase(status="Updating", message=message, since=region.clock.now())
    return replace(variant, desired_weight=weight, desired_instance_count=count, phases=(phase,))


def _desired(region: Region, endpoint: Endpoint, asked: Sequence[Mapping[str, Any]]) -> tuple[Variant, ...]:
    by_name = {one["VariantName"]: one for one in asked}
    variants = tuple(
        _asked_for(region, variant, by_name[variant.name]) if variant.name in by_name else variant
        for variant in endpoint.variants
    )
    idle = sum(variant.desired_weight for variant in variants) == 0
    if idle and region.ledger.value("sm.weights.all-zero") == "refuse":
        raise region.refuse("sm.weights.all-zero-text")
    return variants


def set_weights_and_capacities(
    region: Region, name: str, asked: Sequence[Mapping[str, Any]], failure: Failure | None = None
) -> Endpoint:
    """Set going what UpdateEndpointWeightsAndCapacities asks for, or raise what it is refused with."""
    endpoint = found_endpoint(region, name)
    check_changeable(region, endpoint)
    check_config_in_use(region, endpoint, "sm.uewc.config-deleted")
    _check(region, endpoint, asked)
    variants = _desired(region, endpoint, asked)
    check_quota(region, growth(endpoint.variants, variants))
    resized = any(variant.desired_instance_count != variant.current_instance_count for variant in variants)
    moves = region.ledger.value("sm.uewc.modified-time") == "moves"
    updating = replace(
        endpoint,
        status=EndpointStatus.UPDATING,
        variants=variants,
        failure_reason="",
        modified=region.clock.now() if moves else endpoint.modified,
    )
    row = "sm.uewc.seconds-instances" if resized else "sm.uewc.seconds-weights"
    begin_resizing(region, updating, endpoint.variants, region.ledger.seconds(row), failure)
    return updating


@operation("sagemaker", "UpdateEndpointWeightsAndCapacities", write=True, resource="EndpointName")
def update_endpoint_weights_and_capacities(call: Call) -> JSON:
    asked = call.params["DesiredWeightsAndCapacities"]
    endpoint = set_weights_and_capacities(call.region, call.params["EndpointName"], asked, call.failure)
    return {"EndpointArn": endpoint.arn}


def scale_variant(region: Region, *, endpoint_name: str, variant_name: str, instances: int) -> None:
    """Set a variant's instance count going, as Application Auto Scaling does it.

    Raises AwsError when the endpoint is busy or a quota is used up. EndpointSettled tells when it has ended.
    """
    asked = [{"VariantName": variant_name, "DesiredInstanceCount": instances}]
    set_weights_and_capacities(region, endpoint_name, asked)
