"""What AWS holds, as read in one reconcile.

Times are seconds since the epoch on AWS's own clock (the `Date` header of its answers), never the node's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sagemaker_ab.planning.desired import Desired


class EndpointStatus(StrEnum):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html, EndpointStatus."""

    CREATING = "Creating"
    IN_SERVICE = "InService"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    DELETING = "Deleting"
    FAILED = "Failed"
    OUT_OF_SERVICE = "OutOfService"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"
    UNKNOWN = "Unknown"
    """A status newer than this program; the operator waits until it changes."""

    @classmethod
    def _missing_(cls, value: object) -> "EndpointStatus":
        del value
        return cls.UNKNOWN

    @property
    def busy(self) -> bool:
        """AWS refuses every change while another one is in progress, deletion included."""
        return self in _BUSY

    @property
    def serving(self) -> bool:
        """Clients get responses; during an update, from the fleet that is being replaced."""
        return self in _SERVING


_BUSY = {
    EndpointStatus.CREATING,
    EndpointStatus.UPDATING,
    EndpointStatus.SYSTEM_UPDATING,
    EndpointStatus.ROLLING_BACK,
    EndpointStatus.DELETING,
    EndpointStatus.UNKNOWN,
}
_SERVING = {
    EndpointStatus.IN_SERVICE,
    EndpointStatus.UPDATING,
    EndpointStatus.SYSTEM_UPDATING,
    EndpointStatus.ROLLING_BACK,
    EndpointStatus.UPDATE_ROLLBACK_FAILED,
}


@dataclass(frozen=True, slots=True)
class ObservedVariant:
    """A production variant in DescribeEndpoint, which names neither the model nor the instance type."""

    name: str
    current_weight: float
    desired_weight: float
    current_count: int
    desired_count: int
    image_digest: str | None = None


@dataclass(frozen=True, slots=True)
class ObservedEndpoint:
    """An endpoint. `config_name` may be absent, for instance after a failure."""

    arn: str
    status: EndpointStatus
    config_name: str | None
    last_modified: float
    variants: tuple[ObservedVariant, ...] = ()
    pending_config_name: str | None = None
    failure_reason: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def variant(self, name: str) -> ObservedVariant | None:
        return next((variant for variant in self.variants if variant.name == name), None)


@dataclass(frozen=True, slots=True)
class ObservedConfig:
    """An endpoint config; `production_variants` as in DescribeEndpointConfig."""

    name: str
    production_variants: Sequence[Mapping[str, Any]]

    def deploys(self, desired: Desired) -> bool:
        """Return whether a fleet built from this config is the desired one, except for weights and counts."""
        wanted = {variant.name: variant.deployed for variant in desired.variants}
        have = {variant["VariantName"]: variant for variant in self.production_variants}
        return have.keys() == wanted.keys() and all(
            have[name].get(member) == value
            for name, deployed in wanted.items()
            for member, value in deployed.items()
        )

    def instance_type(self, variant_name: str) -> str | None:
        for variant in self.production_variants:
            if variant["VariantName"] == variant_name:
                return str(variant.get("InstanceType"))
        return None

    def model_name(self, variant_name: str) -> str | None:
        for variant in self.production_variants:
            if variant["VariantName"] == variant_name:
                return variant.get("ModelName")
        return None


@dataclass(frozen=True, slots=True)
class ObservedTarget:
    """A scalable target of one variant, with the configuration of its policies by name."""

    min_capacity: int
    max_capacity: int
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """All that one reconcile has read.

    `config_in_use` is None if the endpoint names none or if it was deleted. `owners_of_models` and
    `owner_of_config` hold the tags of those desired objects that exist. They are read only when a deployment
    is due.
    """

    now: float
    endpoint: ObservedEndpoint | None = None
    config_in_use: ObservedConfig | None = None
    owners_of_models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owner_of_config: Mapping[str, str] | None = None
    targets: Mapping[str, ObservedTarget] = field(default_factory=dict)

    def deploys(self, desired: Desired) -> bool:
        return self.config_in_use is not None and self.config_in_use.deploys(desired)
