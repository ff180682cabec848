"""What a tracking policy wants now: its alarms' states from the published minutes, and perhaps a capacity."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.records import HIGH_RESOLUTION
from sandbox.aws.engine.autoscaling.tracking import alarm_state, scale_in, scale_out
from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sandbox.aws.engine.autoscaling.records import ScalableTarget, ScalingPolicy, Tracker
    from sandbox.aws.engine.core import Region
    from sandbox.aws.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A capacity that a policy calls for, and the alarm that says so; it may be the present capacity."""

    policy: ScalingPolicy
    alarm: str
    out: bool
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The ledger's numbers for alarms and scaling, read once."""

    high_minutes: int
    high_resolution_minutes: int
    low_minutes: int
    low_share: float
    newest: bool
    single: bool
    spare: bool
    cooldown: float

    @classmethod
    def of(cls, ledger: Ledger) -> Rules:
        return cls(
            high_minutes=ledger.value("autoscaling.alarm-high"),
            high_resolution_minutes=ledger.value("autoscaling.alarm-high-resolution"),
            low_minutes=ledger.value("autoscaling.alarm-low"),
            low_share=ledger.value("autoscaling.low-threshold"),
            newest=ledger.value("autoscaling.metric-value") == "newest",
            single=ledger.value("autoscaling.scale-in-step") == "single",
            spare=ledger.value("autoscaling.new-capacity") == "spare",
            cooldown=ledger.value("autoscaling.cooldown-default"),
        )

    def metric(self, minutes: Sequence[float | None]) -> float:
        """Return the value that the capacity follows; the minutes are oldest first and not all None."""
        present = [value for value in minutes if value is not None]
        return present[-1] if self.newest else fmean(present)

    def high_minutes_of(self, policy: ScalingPolicy) -> int:
        """Return how many minutes the high alarm of a policy looks at."""
        fine = policy.predefined == HIGH_RESOLUTION
        return self.high_resolution_minutes if fine else self.high_minutes


@dataclass(frozen=True, slots=True)
class Tracked:
    """A policy with what is known now: its alarms, and the newest minutes of its metric, oldest first.

    A minute is None when it has no readable datapoint. ``alarms`` names those that nobody deleted.
    """

    policy: ScalingPolicy
    tracker: Tracker
    minutes: Sequence[float | None]
    alarms: Collection[str]


def check_alarms(region: Region, rules: Rules, tracked: Tracked) -> None:
    """Move both alarms of a policy to the state that the published minutes put them in."""
    tracker, minutes = tracked.tracker, tracked.minutes
    now, target = region.clock.now(), tracked.policy.target_value
    low_limit = rules.low_share * target
    high_minutes = rules.high_minutes_of(tracked.policy)
    recent = minutes[-high_minutes:]
    high = alarm_state(recent, lambda value: value > target, before=tracker.high.state)
    low = alarm_state(minutes, lambda value: value < low_limit, before=tracker.low.state)
    policy = tracked.policy
    for name, alarm, state, count, threshold in (
        (policy.alarm_high, tracker.high, high, high_minutes, target),
        (policy.alarm_low, tracker.low, low, rules.low_minutes, low_limit),
    ):
        if state is not alarm.state and name in tracked.alarms:
            reason = region.ledger.text("autoscaling.alarm-reason", count=count, threshold=threshold)
            alarm.move(state, at=now, reason=reason)


def wish(rules: Rules, target: ScalableTarget, tracked: Tracked, *, capacity: int, now: float) -> Wish | None:
    """Return what a policy calls for, within the target's bounds; None if its alarms are quiet."""
    if not any(minute is not None for minute in tracked.minutes):
        return None
    if tracked.tracker.high.state is AlarmState.ALARM and not target.suspended.scale_out:
        return _wish_out(rules, target, tracked, capacity=capacity, now=now)
    if tracked.tracker.low.state is AlarmState.ALARM and _may_scale_in(rules, target, tracked, now=now):
        return _wish_in(rules, target, tracked, capacity=capacity)
    return None


def _wish_out(
    rules: Rules, target: ScalableTarget, tracked: Tracked, *, capacity: int, now: float
) -> Wish | None:
    policy, tracker = tracked.policy, tracked.tracker
    recent = tracked.minutes[-rules.high_minutes_of(policy) :]
    if all(minute is None for minute in recent):
        return None
    count = scale_out(
        capacity=capacity,
        metric=rules.metric(recent),
        target=policy.target_value,
        maximum=target.maximum,
        base=base_of(tracker, policy.config.get("ScaleOutCooldown", rules.cooldown), now),
        spare=rules.spare,
    )
    return Wish(policy=policy, alarm=policy.alarm_high, out=True, capacity=count or capacity)


def _wish_in(rules: Rules, target: ScalableTarget, tracked: Tracked, *, capacity: int) -> Wish:
    policy = tracked.policy
    count = scale_in(
        capacity=capacity,
        metric=rules.metric(tracked.minutes),
        target=policy.target_value,
        minimum=target.minimum,
        single=rules.single,
        spare=rules.spare,
    )
    return Wish(policy=policy, alarm=policy.alarm_low, out=False, capacity=count or capacity)


@holds("autoscaling.in-cooldown")
def _may_scale_in(rules: Rules, target: ScalableTarget, tracked: Tracked, *, now: float) -> bool:
    cooldown = tracked.policy.config.get("ScaleInCooldown", rules.cooldown)
    cooling = is_cooling(tracked.tracker.scaled_in_at, cooldown, now)
    return tracked.policy.scales_in and not target.suspended.scale_in and not cooling


def base_of(tracker: Tracker, cooldown: float, now: float) -> int | None:
    """Return the capacity that the last scale-out began from, while its cooldown lasts."""
    return tracker.scaled_out_from if is_cooling(tracker.scaled_out_at, cooldown, now) else None


def is_cooling(since: float | None, cooldown: float, now: float) -> bool:
    return since is not None and now - since < cooldown
