"""How AWS differs from what a resource asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.safety.aws_state import TOLERANCE, production_variants, shares

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.safety.aws_state import AwsState, Object, Raw, Variant, Variants
    from sandbox.safety.intent import IntendedVariant, Intent

_SETTLED = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})
"""Statuses of an endpoint that serves: the autoscaler makes it Updating, and RollingBack when it cannot have
instances; AWS makes it SystemUpdating; out of UpdateRollbackFailed leads nothing but another update."""

_VARIANT_MEMBERS = frozenset(
    {"VariantName", "ModelName", "InstanceType", "InitialInstanceCount", "InitialVariantWeight"}
)
_CONFIG_MEMBERS = frozenset({"EndpointConfigName", "ProductionVariants"})
_READ_BACK_DEFAULTS: Mapping[str, Any] = {
    "EnableNetworkIsolation": False,
    "EnableSSMAccess": False,
    "RoutingConfig": {"RoutingStrategy": "RANDOM"},
    "ManagedInstanceScaling": {"Status": "DISABLED"},
}
"""What AWS may show of a config that was created without it, and a config that is created again may have."""
_CONTAINER_MEMBERS = {
    "image": "Image",
    "modelPackageName": "ModelPackageName",
    "modelDataUrl": "ModelDataUrl",
    "environment": "Environment",
}


def endpoint_differences(intent: Intent, state: AwsState) -> Iterator[str]:
    """Yield how an endpoint with its variants and models differs from what a resource asks for."""
    endpoint = state.endpoint(intent.endpoint)
    if endpoint is None:
        yield f"endpoint {intent.endpoint} does not exist"
        return
    if endpoint.status not in _SETTLED or endpoint.pending_config:
        yield f"endpoint {endpoint.name} is {endpoint.status}"
    yield from _fleet_differences(intent, endpoint.variants, state)
    yield from _share_differences(intent, endpoint.shares, "current")
    for name, wanted in intent.variants.items():
        live = endpoint.variants.get(name)
        if live is not None and wanted.autoscaling is None and live.current_count != wanted.count:
            yield f"{name} has {live.current_count} instances, not {wanted.count}"


def request_differences(intent: Intent, state: AwsState) -> Iterator[str]:
    """Yield how what AWS was last asked to make of an endpoint differs from what a resource asks for."""
    endpoint = state.endpoint(intent.endpoint)
    if endpoint is not None:
        yield from _fleet_differences(intent, endpoint.pending or endpoint.variants, state)


def _fleet_differences(intent: Intent, variants: Variants, state: AwsState) -> Iterator[str]:
    if variants.keys() != intent.variants.keys():
        yield f"the variants are {sorted(variants)}, not {sorted(intent.variants)}"
        return
    desired = shares({name: one.desired_weight for name, one in variants.items()})
    yield from _share_differences(intent, desired, "desired")
    for name, wanted in intent.variants.items():
        yield from _variant_differences(intent, wanted, variants[name], state)


def _share_differences(intent: Intent, found: Mapping[str, float], which: str) -> Iterator[str]:
    for name, share in (intent.shares or {}).items():
        if abs(found.get(name, 0.0) - share) > TOLERANCE:
            yield f"the {which} share of {name} is {found.get(name, 0.0):.1%}, not {share:.1%}"


def _variant_differences(
    intent: Intent, wanted: IntendedVariant, live: Variant, state: AwsState
) -> Iterator[str]:
    if live.instance_type != wanted.instance_type:
        yield f"{live.name} runs on {live.instance_type}, not {wanted.instance_type}"
    if wanted.autoscaling is None and live.desired_count != wanted.count:
        yield f"{live.name} is to have {live.desired_count} instances, not {wanted.count}"
    raw, found = intent.models.get(wanted.model, {}), state.models.get(live.model)
    existing = raw.get("existingModelName")
    if existing is not None and live.model != existing:
        yield f"{live.name} serves model {live.model}, not {existing}"
    if existing is None and found is not None and intent.owns(found.tags):
        yield from (f"{live.name} serves {text}" for text in _model_differences(intent, raw, found))


def _model_differences(intent: Intent, raw: Raw, found: Object) -> Iterator[str]:
    """Yield how a model differs from what the spec says itself; images of frameworks are not known here."""
    if intent.role and found.request.get("ExecutionRoleArn") != intent.role:
        yield f"with role {found.request.get('ExecutionRoleArn')}, not {intent.role}"
    single = [raw["primaryContainer"]] if "primaryContainer" in raw else raw.get("containers", [])
    primary = found.request.get("PrimaryContainer")
    live: list[Any] = [primary] if primary else found.request.get("Containers", [])
    if len(single) != len(live):
        yield f"a model of {len(live)} containers, not {len(single)}"
        return
    for wanted, container in zip(single, live, strict=True):
        for key, member in _CONTAINER_MEMBERS.items():
            if wanted.get(key) and container.get(member) != wanted[key]:
                yield f"{member} {container.get(member)}, not {wanted[key]}"


def config_differences(intent: Intent, state: AwsState) -> Iterator[str]:
    """Yield members of the config in use that no spec asks for, except for defaults.

    A config that was deleted has none.
    """
    endpoint = state.endpoint(intent.endpoint)
    config = state.configs.get(endpoint.config) if endpoint else None
    if endpoint is None or config is None:
        return
    for member in _extra(config.request, _CONFIG_MEMBERS):
        yield f"config {endpoint.config} has {member}"
    for name, variant in production_variants(config).items():
        for member in _extra(variant, _VARIANT_MEMBERS):
            yield f"config {endpoint.config} has {member} for {name}"


def _extra(found: Raw, known: frozenset[str]) -> list[str]:
    return sorted(
        member
        for member, value in found.items()
        if member not in known and value and _READ_BACK_DEFAULTS.get(member) != value
    )


def tag_differences(intent: Intent, state: AwsState) -> Iterator[str]:
    """Yield the tags of the spec that the endpoint does not carry."""
    endpoint = state.endpoint(intent.endpoint)
    for key, value in intent.tags.items():
        if endpoint is not None and endpoint.tags.get(key) != value:
            yield f"tag {key} is {endpoint.tags.get(key)!r}, not {value!r}"
