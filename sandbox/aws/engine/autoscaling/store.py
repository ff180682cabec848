"""What Application Auto Scaling remembers in one account and region."""

from __future__ import annotations

import uuid
from collections import deque
from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.records import Tracker
from sandbox.aws.engine.table import Table
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.engine.autoscaling.records import Activity, ResourceId, ScalableTarget, ScalingPolicy
    from sandbox.aws.engine.cloudwatch.alarm_state import AlarmStatus
    from sandbox.aws.engine.core import Region


class AutoScalingStore:
    """Targets by resource id and policies by resource id and name, both with their past; activities."""

    def __init__(self, region: Region) -> None:
        self.targets: Table[ScalableTarget] = Table(region.clock)
        self.policies: Table[ScalingPolicy] = Table(region.clock)
        self.tags: Table[dict[str, str]] = Table(region.clock)
        """By the target's ARN."""
        self._targets_of: dict[str, dict[str, ScalableTarget]] = {}
        self._policies_of: dict[str, dict[str, ScalingPolicy]] = {}
        self.trackers: dict[str, Tracker] = {}
        """By the policy's ARN."""
        self._alarms: dict[str, AlarmStatus] = {}
        self.awake: dict[str, ResourceId] = {}
        """Targets that the next evaluation looks at; the others cannot change until something wakes them."""
        self.unbounded: set[str] = set()
        """Targets whose bounds were registered and have not been enforced since."""
        self.retrying: set[str] = set()
        """Targets whose last change was refused and is tried again at a time of its own."""
        self.ticking = False
        self._ids = region.ledger.draw(f"autoscaling.ids/{region.account}/{region.name}")
        self._activities: dict[str, deque[Activity]] = {}
        self._activities_kept = int(region.ledger.value("autoscaling.activities-per-target"))

    def new_id(self) -> str:
        """Return an identifier that looks random and is the same for the same seed."""
        return str(uuid.UUID(int=self._ids.getrandbits(128), version=4))

    def target(self, resource: ResourceId, at: float | None = None) -> ScalableTarget | None:
        return self.targets.get(str(resource), at)

    def targets_of(self, endpoint: str) -> list[ScalableTarget]:
        return list(self._targets_of.get(endpoint, {}).values())

    def put_target(self, target: ScalableTarget) -> None:
        self.targets.put(str(target.resource), target)
        self._targets_of.setdefault(target.resource.endpoint, {})[target.resource.variant] = target

    def policy(self, resource: ResourceId, name: str) -> ScalingPolicy | None:
        return self._policies_of.get(str(resource), {}).get(name)

    def policies_of(self, resource: ResourceId) -> list[ScalingPolicy]:
        return list(self._policies_of.get(str(resource), {}).values())

    def put_policy(self, policy: ScalingPolicy) -> None:
        self.policies.put(_policy_key(policy), policy)
        self._policies_of.setdefault(str(policy.resource), {})[policy.name] = policy
        tracker = self.trackers.setdefault(policy.arn, Tracker())
        self._alarms[policy.alarm_high] = tracker.high
        if policy.scales_in:
            self._alarms[policy.alarm_low] = tracker.low
        else:
            self._alarms.pop(policy.alarm_low, None)

    def drop_policy(self, policy: ScalingPolicy) -> None:
        self.policies.drop(_policy_key(policy))
        del self._policies_of[str(policy.resource)][policy.name]
        del self.trackers[policy.arn]
        for name in (policy.alarm_high, policy.alarm_low):
            self._alarms.pop(name, None)

    def alarm(self, name: str) -> AlarmStatus | None:
        """Return one of the alarms that target tracking keeps, by its name."""
        return self._alarms.get(name)

    @holds("autoscaling.deregister-cascades")
    def drop_target(self, target: ScalableTarget) -> None:
        for policy in self.policies_of(target.resource):
            self.drop_policy(policy)
        self.targets.drop(str(target.resource))
        del self._targets_of[target.resource.endpoint][target.resource.variant]
        self.tags.drop(target.arn)

    def activities(self) -> Iterator[Activity]:
        """Yield the activities of every target, in no order."""
        for some in self._activities.values():
            yield from some

    def last_activity(self, resource: ResourceId) -> Activity | None:
        some = self._activities.get(str(resource))
        return some[-1] if some else None

    def add_activity(self, activity: Activity) -> None:
        kept = self._activities.setdefault(str(activity.resource), deque(maxlen=self._activities_kept))
        kept.append(activity)

    def replace_last_activity(self, activity: Activity) -> None:
        self._activities[str(activity.resource)][-1] = activity


def _policy_key(policy: ScalingPolicy) -> str:
    return f"{policy.resource} {policy.name}"
