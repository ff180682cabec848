"""UpdateEndpoint: a new fleet beside the old one, and how it takes over.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.happenings import EndpointUpdateRequested, announce
from sandbox.aws.engine.records import Endpoint, EndpointStatus, Variant, counts_by_type
from sandbox.aws.engine.sagemaker.blue_green import BlueGreen, check_alarms
from sandbox.aws.engine.sagemaker.endpoints import (
    check_changeable,
    check_config_in_use,
    coming,
    found_config,
    found_endpoint,
)
from sandbox.aws.engine.sagemaker.fleet import launched
from sandbox.aws.engine.sagemaker.guardrails import check_names, check_shape, planned
from sandbox.aws.engine.sagemaker.quotas import check_quota
from sandbox.aws.engine.sagemaker.transitions import begin_updating, needed_configs, take_over
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import PendingDeployment


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
            desired_instance_count=count,
        )

    return tuple(retained(variant) for variant in fleet)


def _deployment(call: Call, endpoint: Endpoint) -> Mapping[str, Any] | None:
    """Return the DeploymentConfig that an update follows, its own or the last one's."""
    own: Mapping[str, Any] | None = call.params.get("DeploymentConfig")
    if not call.params.get("RetainDeploymentConfig", False):
        return own
    if own is not None and call.ledger.value("sm.guardrails.given-and-retained") == "given":
        return own
    return endpoint.deployment


def _arrival(
    region: Region, endpoint: Endpoint, pending: PendingDeployment, deployment: Mapping[str, Any] | None
) -> Callable[[Endpoint], None]:
    """Return what happens when the new fleet has been launched; refuses guardrails that cannot be."""
    if deployment is None:
        return lambda launched_beside: take_over(region, launched_beside)
    check_names(region, endpoint, pending.variants)
    check_shape(region, deployment, pending.variants)
    guardrails = planned(region, deployment, pending.variants)
    check_alarms(region, guardrails)
    configs = needed_configs(region, {endpoint.config_name, pending.config_name})
    return BlueGreen(region=region, guardrails=guardrails, started=pending.started, configs=configs).begin


@operation("sagemaker", "UpdateEndpoint", write=True, resource="EndpointName", stale=True)
def update_endpoint(call: Call) -> JSON:
    region = call.region
    endpoint = found_endpoint(region, call.params["EndpointName"])
    check_changeable(region, endpoint)
    eventual = call.ledger.value("sm.config.eventual-update") == "eventual"
    config = found_config(region, call.params["EndpointConfigName"], call.as_of if eventual else None)
    if config.name == endpoint.config_name:
        raise call.refuse("sm.update.same-config", name=config.name)
    check_config_in_use(region, endpoint, "sm.update.config-deleted")
    announce(EndpointUpdateRequested(region, endpoint, config))
    fleet = _retained(call, endpoint, launched(region, config))
    deployment = _deployment(call, endpoint)
    pending = coming(config, fleet, started=call.now)
    arrived = _arrival(region, endpoint, pending, deployment)
    if call.ledger.value("sm.quota.update") == "refuse":
        check_quota(region, counts_by_type(fleet))
    updating = replace(
        endpoint,
        status=EndpointStatus.UPDATING,
        modified=call.now,
        failure_reason="",
        pending=pending,
        deployment=_remembered(call, endpoint, deployment),
    )
    begin_updating(region, updating, call.failure, arrived)
    return {"EndpointArn": endpoint.arn}


def _remembered(
    call: Call, endpoint: Endpoint, deployment: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Return what DescribeEndpoint tells as the last DeploymentConfig from now on."""
    if deployment is None and call.ledger.value("sm.guardrails.last-config") == "kept":
        return endpoint.deployment
    return deployment
