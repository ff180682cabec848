"""What a policy wants now: its alarms' states from the published minutes, and perhaps a capacity."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.tracking import alarm_state, scale_in, scale_out
from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState
from sandbox.aws.engine.metrics.store import MetricsStore
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.aws.engine.autoscaling.records import ScalableTarget, ScalingPolicy, Tracker
    from sandbox.aws.engine.core import Region
    from sandbox.aws.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Wanted:
    """A capacity that a policy calls for, and the alarm that says so."""

    capacity: int
    alarm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The ledger's numbers for alarms and scaling, read once."""

    high_minutes: int
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


@dataclass(frozen=True, slots=True)
class Tracked:
    """A policy with what is known now: its alarms, and the newest minutes of its metric, oldest first.

    A minute is None when it has no readable datapoint.
    """

    policy: ScalingPolicy
    tracker: Tracker
    minutes: Sequence[float | None]


def published_minutes(region: Region, policy: ScalingPolicy, *, count: int) -> list[float | None]:
    """Return the newest minutes of the metric that a policy tracks, oldest first."""
    metrics = region.store(MetricsStore)
    series = metrics.series(policy.resource.endpoint, policy.resource.variant)
    now = region.clock.now()
    newest = metrics.newest_minute(now)
    starts = range(newest - 60 * (count - 1), newest + 60, 60)
    return [metrics.invocations_per_instance(series, start=start, at=now) for start in starts]


def check_alarms(region: Region, rules: Rules, tracked: Tracked) -> None:
    """Move both alarms of a policy to the state that the published minutes put them in."""
    tracker, minutes = tracked.tracker, tracked.minutes
    now, target = region.clock.now(), tracked.policy.target_value
    low_limit = rules.low_share * target
    recent = minutes[-rules.high_minutes :]
    high = alarm_state(recent, lambda value: value > target, before=tracker.high.state)
    low = alarm_state(minutes, lambda value: value < low_limit, before=tracker.low.state)
    for alarm, state, count, threshold in (
        (tracker.high, high, rules.high_minutes, target),
        (tracker.low, low, rules.low_minutes, low_limit),
    ):
        if state is not alarm.state:
            reason = region.ledger.text("autoscaling.alarm-reason", count=count, threshold=threshold)
            alarm.move(state, at=now, reason=reason)


def wanted(
    rules: Rules, target: ScalableTarget, tracked: Tracked, *, capacity: int, now: float
) -> Wanted | None:
    """Return the capacity that a policy calls for, within the target's bounds, or None."""
    policy, tracker, minutes = tracked.policy, tracked.tracker, tracked.minutes
    if tracker.high.state is AlarmState.ALARM and not target.suspended.scale_out:
        cooldown = policy.config.get("ScaleOutCooldown", rules.cooldown)
        cooling = _cooling(tracker.scaled_out_at, cooldown, now)
        count = scale_out(
            capacity=capacity,
            metric=rules.metric(minutes[-rules.high_minutes :]),
            target=policy.target_value,
            maximum=target.maximum,
            base=tracker.scaled_out_from if cooling else None,
            spare=rules.spare,
        )
        return Wanted(count, policy.alarm_high) if count is not None else None
    if tracker.low.state is AlarmState.ALARM and _may_scale_in(rules, target, tracked, now=now):
        count = scale_in(
            capacity=capacity,
            metric=rules.metric(minutes),
            target=policy.target_value,
            minimum=target.minimum,
            single=rules.single,
            spare=rules.spare,
        )
        return Wanted(count, policy.alarm_low) if count is not None else None
    return None


@holds("autoscaling.in-cooldown")
def _may_scale_in(rules: Rules, target: ScalableTarget, tracked: Tracked, *, now: float) -> bool:
    cooldown = tracked.policy.config.get("ScaleInCooldown", rules.cooldown)
    cooling = _cooling(tracked.tracker.scaled_in_at, cooldown, now)
    return tracked.policy.scales_in and not target.suspended.scale_in and not cooling


def _cooling(since: float | None, cooldown: float, now: float) -> bool:
    return since is not None and now - since < cooldown
