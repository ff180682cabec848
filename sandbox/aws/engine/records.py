"""SageMaker's records: immutable, so that a table can keep their past."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sandbox.aws.answers import NewerValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class EndpointStatus(StrEnum):
    CREATING = "Creating"
    IN_SERVICE = "InService"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"
    FAILED = "Failed"
    DELETING = "Deleting"
    OUT_OF_SERVICE = "OutOfService"


SERVING = frozenset(
    {
        EndpointStatus.IN_SERVICE,
        EndpointStatus.UPDATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.UPDATE_ROLLBACK_FAILED,
    }
)
"""The statuses in which an endpoint answers invocations."""


def is_status(name: str, *, newer: bool) -> bool:
    """Whether a name is that of a known status, or can be that of one that no SDK knows yet."""
    return name.isalpha() and name not in set(EndpointStatus) if newer else name in set(EndpointStatus)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A SageMaker model; ``request`` is what CreateModel was given, without its tags."""

    name: str
    arn: str
    created: float
    request: Mapping[str, Any]

    @property
    def containers(self) -> tuple[Mapping[str, Any], ...]:
        """The primary container, or all containers, as CreateModel was given them."""
        if "PrimaryContainer" in self.request:
            return (self.request["PrimaryContainer"],)
        return tuple(self.request.get("Containers", ()))

    @property
    def missing(self) -> bool:
        """Whether this is only the name of a model that did not exist when its instances were launched."""
        return not self.request


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    """An endpoint configuration; ``request`` is what CreateEndpointConfig was given, without its tags."""

    name: str
    arn: str
    created: float
    request: Mapping[str, Any]

    @property
    def variants(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.request["ProductionVariants"])

    @property
    def capture(self) -> Mapping[str, Any] | None:
        """The DataCaptureConfig, or None."""
        return self.request.get("DataCaptureConfig")

    def variant(self, name: str) -> Mapping[str, Any] | None:
        return next((variant for variant in self.variants if variant["VariantName"] == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedImage:
    specified: str
    resolved: str
    resolved_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPhase:
    """One entry of a variant's VariantStatus."""

    status: str
    message: str
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A production variant as it runs: current is what serves, desired what was asked for.

    ``models`` are the models' own records, so that a variant serves on after its model is deleted.
    """

    name: str
    model: Model
    instance_type: str
    current_weight: float
    desired_weight: float
    current_instance_count: int
    desired_instance_count: int
    images: tuple[DeployedImage, ...] = ()
    phases: tuple[VariantPhase, ...] = ()
    provision_timeout: float | None = None
    """For how many seconds its launch waits for machines, if its config says so."""


def counts_by_type(variants: Iterable[Variant]) -> dict[str, int]:
    """Return how many instances of each type variants take, growing ones at their desired size."""
    counts: dict[str, int] = {}
    for variant in variants:
        size = max(variant.current_instance_count, variant.desired_instance_count)
        counts[variant.instance_type] = counts.get(variant.instance_type, 0) + size
    return counts


def growth(before: Iterable[Variant], after: Iterable[Variant]) -> dict[str, int]:
    """Return how many instances of each type variants take more than before."""
    old = counts_by_type(before)
    return {kind: count - old.get(kind, 0) for kind, count in counts_by_type(after).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeployment:
    """The config on its way in, as DescribeEndpoint's PendingDeploymentSummary tells it.

    The current count of its variants are the instances that traffic is turned on for.
    """

    config_name: str
    variants: tuple[Variant, ...]
    started: float
    capture: Mapping[str, Any] | None = None
    """The DataCaptureConfig of the config."""

    def variant(self, name: str) -> Variant | None:
        return next((variant for variant in self.variants if variant.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint. Traffic reads ``serving``, ``variants`` and their current weights and counts."""

    name: str
    arn: str
    status: EndpointStatus | NewerValue
    config_name: str
    created: float
    modified: float
    variants: tuple[Variant, ...] = ()
    failure_reason: str = ""
    pending: PendingDeployment | None = None
    deployment: Mapping[str, Any] | None = None
    """The most recent DeploymentConfig."""
    capture: Mapping[str, Any] | None = None
    """The DataCaptureConfig of the config that serves."""

    @property
    def instances(self) -> dict[str, int]:
        """Instances by type, of the fleet that serves and of one on its way in."""
        return counts_by_type((*self.variants, *(self.pending.variants if self.pending else ())))

    @property
    def newer(self) -> bool:
        """Whether the status is one that no SDK knows."""
        return isinstance(self.status, NewerValue)

    @property
    def serving(self) -> bool:
        return (self.status in SERVING or self.newer) and bool(self.variants)

    def variant(self, name: str) -> Variant | None:
        return next((variant for variant in self.variants if variant.name == name), None)

    @property
    def shifting(self) -> bool:
        """Whether a fleet on its way in takes traffic beside the old one, or instead of it."""
        if self.pending is None:
            return False
        return any(variant.current_instance_count for variant in self.pending.variants)

    def shifted(self, name: str) -> float:
        """Return the share of a variant's traffic that its fleet on the way in takes."""
        coming = self.pending.variant(name) if self.pending else None
        return coming.current_instance_count / coming.desired_instance_count if coming else 0.0

    def active_instances(self, name: str) -> int:
        """Return how many instances of a variant take traffic, of the old fleet and the new together."""
        old, coming = self.variant(name), self.pending.variant(name) if self.pending else None
        staying = math.ceil(old.current_instance_count * (1.0 - self.shifted(name))) if old else 0
        return staying + (coming.current_instance_count if coming else 0)
