"""A scalable target as AWS holds it, with its policies and scheduled actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sagemaker_ab.planning.desired_scaling import Bounds


@dataclass(frozen=True, slots=True)
class ObservedPolicy:
    """A scaling policy; `configuration` is the member of PutScalingPolicy that belongs to its type.

    `alarms` are the names of the alarms that AWS lists for it.
    """

    type: str
    configuration: Mapping[str, Any]
    arn: str = ""
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedAction:
    """A scheduled action: the members of PutScheduledAction, and its CreationTime on AWS's clock."""

    members: Mapping[str, Any]
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class ObservedTarget:
    """A scalable target of one variant, with its policies and scheduled actions by name.

    `suspended` is SuspendedState.
    """

    min_capacity: int
    max_capacity: int
    policies: Mapping[str, ObservedPolicy] = field(default_factory=dict)
    suspended: Mapping[str, bool] = field(default_factory=dict)
    scheduled_actions: Mapping[str, ObservedAction] = field(default_factory=dict)

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.min_capacity, self.max_capacity)
