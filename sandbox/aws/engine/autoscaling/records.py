"""What Application Auto Scaling remembers: scalable targets, policies with their alarms, activities."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.alarm_state import AlarmStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
METRIC_TYPE = "SageMakerVariantInvocationsPerInstance"
HIGH_RESOLUTION = "SageMakerVariantConcurrentRequestsPerModelHighResolution"

_RESOURCE_ID = re.compile(r"endpoint/([^/]+)/variant/([^/]+)")


@dataclass(frozen=True, slots=True)
class ResourceId:
    """The variant that a target scales."""

    endpoint: str
    variant: str

    @classmethod
    def parse(cls, text: str) -> ResourceId | None:
        found = _RESOURCE_ID.fullmatch(text)
        return cls(found[1], found[2]) if found else None

    def __str__(self) -> str:
        return f"endpoint/{self.endpoint}/variant/{self.variant}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """Which kinds of scaling are suspended."""

    scale_in: bool = False
    scale_out: bool = False
    scheduled: bool = False

    @classmethod
    def parse(cls, raw: Mapping[str, Any], *, before: Suspended) -> Suspended:
        """Return the state after a request, which may leave members out."""
        return cls(
            scale_in=raw.get("DynamicScalingInSuspended", before.scale_in),
            scale_out=raw.get("DynamicScalingOutSuspended", before.scale_out),
            scheduled=raw.get("ScheduledScalingSuspended", before.scheduled),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalableTarget:
    resource: ResourceId
    arn: str
    minimum: int
    maximum: int
    created: float
    suspended: Suspended = Suspended()


class PolicyType(StrEnum):
    TRACKING = "TargetTrackingScaling"
    STEPS = "StepScaling"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPolicy:
    """A policy; ``config`` is its type's configuration as it was sent. Only tracking keeps the two alarms."""

    resource: ResourceId
    name: str
    arn: str
    type: PolicyType
    config: Mapping[str, Any]
    created: float
    alarm_high: str
    alarm_low: str

    @property
    def tracks(self) -> bool:
        return self.type is PolicyType.TRACKING

    @property
    def target_value(self) -> float:
        return float(self.config["TargetValue"])

    @property
    def scales_in(self) -> bool:
        return not self.config.get("DisableScaleIn", False)

    @property
    def predefined(self) -> str:
        """The predefined metric that is tracked; empty for a customised one."""
        return str(self.config.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", ""))


@dataclass(slots=True)
class Tracker:
    """What the evaluation of one policy remembers from one time to the next."""

    high: AlarmStatus = field(default_factory=AlarmStatus)
    low: AlarmStatus = field(default_factory=AlarmStatus)
    scaled_out_at: float | None = None
    scaled_out_from: int = 0
    scaled_in_at: float | None = None


class ActivityStatus(StrEnum):
    IN_PROGRESS = "InProgress"
    SUCCESSFUL = "Successful"
    UNFULFILLED = "Unfulfilled"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A change of a variant's instance count, tried or done."""

    id: str
    resource: ResourceId
    count: int
    before: int
    policy: str
    """Name of the policy that started it; empty when bounds or a schedule did."""
    description: str
    cause: str
    started: float
    status: ActivityStatus
    message: str
    ended: float | None = None
    not_scaled: Mapping[str, Any] | None = None
    """Why nothing was scaled, as NotScaledReasons tells it; None for an activity that scales."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledAction:
    """Bounds to come; ``schedule`` is the expression as it was sent, the times are epoch seconds."""

    resource: ResourceId
    name: str
    arn: str
    schedule: str
    timezone: str
    bounds: Mapping[str, int]
    """MinCapacity, MaxCapacity or both."""
    created: float
    start: float | None = None
    end: float | None = None

    @property
    def once(self) -> bool:
        """Whether it is due once, at the time that its schedule names."""
        return self.schedule.startswith("at(")


@dataclass(frozen=True, slots=True)
class Run:
    """When a scheduled action ran, and the bounds that the target then had."""

    at: float
    minimum: int
    maximum: int
