"""What AWS held at one moment, as the simulation recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Raw = Mapping[str, Any]

TOLERANCE = 1e-6
"""Shares that differ by less are equal."""

_SERVING = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})
_BUSY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


@dataclass(frozen=True, slots=True)
class Variant:
    """A production variant: current is what serves, desired what AWS was asked for."""

    name: str
    model: str
    instance_type: str
    current_weight: float
    desired_weight: float
    current_count: int
    desired_count: int


Variants = Mapping[str, Variant]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint; ``pending`` is the fleet on its way in, ``pending_config`` the config that brings it."""

    name: str
    arn: str
    status: str
    created: float
    config: str
    failure_reason: str
    variants: Variants
    pending_config: str
    pending: Variants
    tags: Mapping[str, str]

    @property
    def in_service(self) -> bool:
        return self.status == "InService"

    @property
    def busy(self) -> bool:
        return self.status in _BUSY

    @property
    def serving(self) -> bool:
        return self.status in _SERVING and bool(self.variants)

    @property
    def configs(self) -> set[str]:
        """The endpoint configs that it uses or is updating to."""
        return {self.config, self.pending_config} - {""}

    @property
    def models(self) -> set[str]:
        """The models that it uses or is updating to."""
        return {variant.model for variant in (*self.variants.values(), *self.pending.values())}

    @property
    def shares(self) -> Mapping[str, float]:
        """The part of the traffic that each variant gets now."""
        return shares({name: variant.current_weight for name, variant in self.variants.items()})


@dataclass(frozen=True, slots=True)
class Target:
    """A scalable target with all that is attached to it."""

    endpoint: str
    variant: str
    minimum: int
    maximum: int
    suspended: Mapping[str, bool]
    policies: Mapping[str, Raw]
    """By name, each ``{"type": type, "config": the type's configuration}``."""
    scheduled: Mapping[str, Raw]
    arns: Mapping[str, str]
    """Of the policies, by name."""
    tracking_alarms: Mapping[str, list[str]]
    """The alarms that there are of each policy of target tracking."""
    scheduled_since: Mapping[str, float]
    """When each scheduled action was created."""
    runs: Mapping[str, Raw]
    """The last run of each scheduled action that there is or was: ``{"at", "minimum", "maximum"}``."""


@dataclass(frozen=True, slots=True)
class Object:
    """A model or an endpoint config: what it was created with, and its tags."""

    request: Raw
    tags: Mapping[str, str]


@dataclass(frozen=True)
class AwsState:
    """One account's region. ``raw`` is the recorded state."""

    raw: Raw = field(default_factory=dict)

    @cached_property
    def endpoints(self) -> Mapping[str, Endpoint]:
        return {name: _endpoint(name, raw) for name, raw in self.raw.get("endpoints", {}).items()}

    @cached_property
    def configs(self) -> Mapping[str, Object]:
        return _objects(self.raw.get("configs", {}))

    @cached_property
    def models(self) -> Mapping[str, Object]:
        return _objects(self.raw.get("models", {}))

    @cached_property
    def targets(self) -> Mapping[tuple[str, str], Target]:
        """By endpoint and variant."""
        found = (_target(raw) for raw in self.raw.get("targets", {}).values())
        return {(target.endpoint, target.variant): target for target in found}

    @property
    def alarms(self) -> Mapping[str, Raw]:
        """The alarms that people and operators put, as PutMetricAlarm was given them."""
        found: Mapping[str, Raw] = self.raw.get("alarms", {})
        return found

    def endpoint(self, name: str) -> Endpoint | None:
        """Return an endpoint by its name, of which AWS ignores the case."""
        found = self.endpoints.get(name)
        if found is not None:
            return found
        return next((one for one in self.endpoints.values() if one.name.lower() == name.lower()), None)


def shares(weights: Mapping[str, float]) -> Mapping[str, float]:
    """Return each weight's part of their sum; all are 0 when the sum is."""
    total = sum(weights.values())
    return {name: weight / total if total else 0.0 for name, weight in weights.items()}


def production_variants(config: Object) -> Mapping[str, Raw]:
    """Return a config's variants by their names."""
    return {one["VariantName"]: one for one in config.request.get("ProductionVariants", ())}


def _endpoint(name: str, raw: Raw) -> Endpoint:
    pending: Raw = raw["pending"] or {}
    return Endpoint(
        name=name,
        arn=raw["arn"],
        status=raw["status"],
        created=raw["created"],
        config=raw["config"],
        failure_reason=raw["failureReason"],
        variants=_variants(raw["variants"]),
        pending_config=pending.get("config", ""),
        pending=_variants(pending.get("variants", {})),
        tags=raw["tags"],
    )


def _variants(raw: Raw) -> Variants:
    return {
        name: Variant(
            name=name,
            model=one["model"],
            instance_type=one["instanceType"],
            current_weight=one["currentWeight"],
            desired_weight=one["desiredWeight"],
            current_count=one["currentCount"],
            desired_count=one["desiredCount"],
        )
        for name, one in raw.items()
    }


def _objects(raw: Raw) -> Mapping[str, Object]:
    return {name: Object(request=one["request"], tags=one["tags"]) for name, one in raw.items()}


def _target(raw: Raw) -> Target:
    return Target(
        endpoint=raw["endpoint"],
        variant=raw["variant"],
        minimum=raw["min"],
        maximum=raw["max"],
        suspended=raw["suspended"],
        policies=raw["policies"],
        scheduled=raw["scheduledActions"],
        arns=raw["policyArns"],
        tracking_alarms=raw["trackingAlarms"],
        scheduled_since=raw["scheduledSince"],
        runs=raw["runs"],
    )
