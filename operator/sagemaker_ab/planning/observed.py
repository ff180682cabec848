"""What AWS holds, as read in one reconcile.

Times are seconds since the epoch on AWS's own clock (the `Date` header of its answers), never the node's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sagemaker_ab.planning.config_content import Content, deploys, production_variants
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed_scaling import ObservedTarget
from sagemaker_ab.planning.problem import Problem


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
    """An endpoint. `config_name` may be absent, for instance after a failure.

    Another endpoint of the same name has the same ARN, and another time in `created`.
    """

    arn: str
    status: EndpointStatus
    config_name: str | None
    last_modified: float
    variants: tuple[ObservedVariant, ...] = ()
    pending_config_name: str | None = None
    failure_reason: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    created: float = 0.0

    def variant(self, name: str) -> ObservedVariant | None:
        return next((variant for variant in self.variants if variant.name == name), None)


@dataclass(frozen=True, slots=True)
class ObservedConfig:
    """An endpoint config. `content` holds the members of CreateEndpointConfig except for name and tags."""

    name: str
    content: Content

    @property
    def production_variants(self) -> Sequence[Content]:
        return production_variants(self.content)

    def deploys(self, desired: Desired) -> bool:
        """Return whether a fleet that was built from this config is the desired one."""
        return deploys(self.name, self.content, desired)

    @property
    def models(self) -> frozenset[str]:
        return frozenset(v["ModelName"] for v in self.production_variants if v.get("ModelName"))

    def instance_type(self, variant_name: str) -> str | None:
        return self._member(variant_name, "InstanceType")

    def model_name(self, variant_name: str) -> str | None:
        return self._member(variant_name, "ModelName")

    def _member(self, variant_name: str, member: str) -> str | None:
        for variant in self.production_variants:
            if variant["VariantName"] == variant_name:
                return variant.get(member)
        return None


@dataclass(frozen=True, slots=True)
class Observed:
    """All that one reconcile has read.

    `read_at` is when the read of the endpoint began. `config_in_use` is None if the endpoint names
    none or if it was deleted; `pending_config` is read for deletions only. `owners_of_models` and
    `owner_of_config` hold the tags of those desired objects that exist. They are read only when a deployment
    is due. `alarms` are those alarms that were asked for and exist, as the members of
    PutMetricAlarm by name; None if they could not be read, and `alarms_problem` says why.
    """

    now: float
    read_at: float = 0.0
    endpoint: ObservedEndpoint | None = None
    config_in_use: ObservedConfig | None = None
    pending_config: ObservedConfig | None = None
    owners_of_models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    owner_of_config: Mapping[str, str] | None = None
    targets: Mapping[str, ObservedTarget] = field(default_factory=dict)
    alarms: Mapping[str, Content] | None = field(default_factory=dict)
    alarms_problem: Problem | None = None

    def deploys(self, desired: Desired) -> bool:
        """Return whether the fleet in use is the desired one, except for weights and counts."""
        return self.config_in_use is not None and self.config_in_use.deploys(desired)

    @property
    def config_deleted(self) -> bool:
        """Whether the endpoint names a config that does not exist."""
        return self.endpoint is not None and bool(self.endpoint.config_name) and self.config_in_use is None
