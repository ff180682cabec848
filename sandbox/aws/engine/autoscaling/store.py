"""What Application Auto Scaling remembers in one account and region."""

from __future__ import annotations

import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.records import ActivityStatus, Tracker
from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState, AlarmStatus
from sandbox.aws.engine.table import Table
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.aws.engine.autoscaling.records import (
        Activity,
        ResourceId,
        Run,
        ScalableTarget,
        ScalingPolicy,
        ScheduledAction,
    )
    from sandbox.aws.engine.autoscaling.steps import StepCall
    from sandbox.aws.engine.core import Region


class AutoScalingStore:
    """Targets, and their policies and scheduled actions by name, all with their past; activities."""

    def __init__(self, region: Region) -> None:
        self._clock = region.clock
        self.targets: Table[ScalableTarget] = Table(region.clock)
        self.policies: Table[ScalingPolicy] = Table(region.clock)
        self.tags: Table[dict[str, str]] = Table(region.clock)
        """By the target's ARN."""
        self._targets_of: dict[str, dict[str, ScalableTarget]] = {}
        self._policies_of: dict[str, dict[str, ScalingPolicy]] = {}
        self._policies_by_arn: dict[str, ScalingPolicy] = {}
        self.trackers: dict[str, Tracker] = {}
        """By the policy's ARN."""
        self.scheduled: Table[ScheduledAction] = Table(region.clock)
        self._scheduled_of: dict[str, dict[str, ScheduledAction]] = {}
        self.runs: dict[str, dict[str, Run]] = {}
        """The last run of each scheduled action, also of one that is gone: by resource id, then by name."""
        self.called: dict[str, list[StepCall]] = {}
        """What alarms have asked of step policies since a target was last looked at, by its resource id."""
        self.told: dict[str, Mapping[str, Any]] = {}
        """Why a target was not scaled when it was last looked at, by its resource id."""
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

    def policy_of(self, arn: str) -> ScalingPolicy | None:
        """Return a policy by its ARN."""
        return self._policies_by_arn.get(arn)

    def put_policy(self, policy: ScalingPolicy) -> None:
        self.policies.put(_policy_key(policy), policy)
        self._policies_of.setdefault(str(policy.resource), {})[policy.name] = policy
        self._policies_by_arn[policy.arn] = policy
        tracker = self.trackers.setdefault(policy.arn, Tracker())
        for name, status, kept in (
            (policy.alarm_high, tracker.high, policy.tracks),
            (policy.alarm_low, tracker.low, policy.tracks and policy.scales_in),
        ):
            if kept:
                self._alarms[name] = status
            else:
                self._alarms.pop(name, None)

    @holds("autoscaling.alarm-deleted")
    def drop_alarm(self, name: str) -> None:
        """Remove one of the alarms that target tracking keeps; it comes back when its policy is put."""
        status = self._alarms.pop(name)
        status.move(AlarmState.INSUFFICIENT_DATA, at=self._clock.now(), reason=AlarmStatus().reason)

    def drop_policy(self, policy: ScalingPolicy) -> None:
        self.policies.drop(_policy_key(policy))
        del self._policies_of[str(policy.resource)][policy.name]
        del self.trackers[policy.arn], self._policies_by_arn[policy.arn]
        for name in (policy.alarm_high, policy.alarm_low):
            self._alarms.pop(name, None)

    def scheduled_action(self, resource: ResourceId, name: str) -> ScheduledAction | None:
        return self._scheduled_of.get(str(resource), {}).get(name)

    def scheduled_of(self, resource: ResourceId) -> list[ScheduledAction]:
        return list(self._scheduled_of.get(str(resource), {}).values())

    def put_scheduled_action(self, action: ScheduledAction) -> None:
        self.scheduled.put(action.arn, action)
        self._scheduled_of.setdefault(str(action.resource), {})[action.name] = action

    def drop_scheduled_action(self, action: ScheduledAction) -> None:
        self.scheduled.drop(action.arn)
        del self._scheduled_of[str(action.resource)][action.name]

    def alarm(self, name: str) -> AlarmStatus | None:
        """Return one of the alarms that target tracking keeps, by its name."""
        return self._alarms.get(name)

    def alarms_of(self, policy: ScalingPolicy) -> list[str]:
        """Return the names of the alarms that a policy keeps, without those that somebody deleted."""
        return [name for name in (policy.alarm_high, policy.alarm_low) if name in self._alarms]

    @holds("autoscaling.deregister-cascades")
    def drop_target(self, target: ScalableTarget) -> None:
        for policy in self.policies_of(target.resource):
            self.drop_policy(policy)
        for action in self.scheduled_of(target.resource):
            self.drop_scheduled_action(action)
        for waiting in (self.called, self.told):
            waiting.pop(str(target.resource), None)
        self.targets.drop(str(target.resource))
        del self._targets_of[target.resource.endpoint][target.resource.variant]
        self.tags.drop(target.arn)

    def activities(self) -> Iterator[Activity]:
        """Yield the activities of every target, in no order."""
        for some in self._activities.values():
            yield from some

    def activity_in_progress(self, resource: ResourceId) -> Activity | None:
        some = reversed(self._activities.get(str(resource), ()))
        return next((activity for activity in some if activity.status is ActivityStatus.IN_PROGRESS), None)

    def add_activity(self, activity: Activity) -> None:
        kept = self._activities.setdefault(str(activity.resource), deque(maxlen=self._activities_kept))
        kept.append(activity)

    def replace_activity(self, activity: Activity) -> None:
        """Put an activity in the place of its former self."""
        kept = self._activities[str(activity.resource)]
        kept[next(at for at, one in enumerate(kept) if one.id == activity.id)] = activity


def _policy_key(policy: ScalingPolicy) -> str:
    return f"{policy.resource} {policy.name}"
