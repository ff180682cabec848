"""Which of the capacities that several policies want a target gets, and why it may get none.

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.decision import Wish, base_of, is_cooling, wish
from sandbox.aws.engine.autoscaling.steps import adjusted, adjustment
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.autoscaling.tracking import within
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.aws.engine.autoscaling.decision import Rules, Tracked
    from sandbox.aws.engine.autoscaling.records import ScalableTarget
    from sandbox.aws.engine.autoscaling.steps import StepCall
    from sandbox.aws.engine.core import Region


@dataclass(frozen=True, slots=True)
class Asked:
    """What may move a target now: its tracking policies, and the calls of alarms to its step policies."""

    rules: Rules
    tracked: Sequence[Tracked]
    calls: Sequence[StepCall]


@dataclass(frozen=True, slots=True)
class Choice:
    """The wish that is followed, or the one that is not with NotScaledReasons' words for it; or neither."""

    followed: Wish | None = None
    refused: Wish | None = None
    reason: dict[str, Any] | None = None


@holds("autoscaling.several-policies")
def choose(region: Region, target: ScalableTarget, asked: Asked, *, capacity: int) -> Choice:
    """Follow the policy that wants the largest capacity: out if any wants it, in if all that track agree."""
    now, rules, tracked = region.clock.now(), asked.rules, asked.tracked
    tracking = [
        found
        for one in tracked
        if (found := wish(rules, target, one, capacity=capacity, now=now)) is not None
    ]
    stepping = [
        found
        for call in asked.calls
        if (found := step_wish(region, target, call, rules, capacity=capacity)) is not None
    ]
    outward = [one for one in (*tracking, *stepping) if one.out]
    agreed = sum(not one.out for one in tracking) == sum(one.policy.scales_in for one in tracked)
    inward = [one for one in (*(tracking if agreed else ()), *stepping) if not one.out]
    for wishes in (outward, inward):
        best = max(wishes, key=lambda one: one.capacity, default=None)
        if best is not None and best.capacity != capacity:
            return Choice(followed=best)
        if best is not None:
            return Choice(refused=best, reason=_reason(region, target, best))
    return Choice()


@holds("autoscaling.step-cooldown")
def step_wish(
    region: Region, target: ScalableTarget, call: StepCall, rules: Rules, *, capacity: int
) -> Wish | None:
    """Return what a called step policy wants; None if no step fits, or if it is suspended or cooling."""
    policy, now = call.policy, region.clock.now()
    tracker = region.store(AutoScalingStore).trackers[policy.arn]
    cooldown = policy.config.get("Cooldown", rules.cooldown)
    breach = call.breach(newest=region.ledger.value("autoscaling.step-values") == "newest")
    by = adjustment(policy.config, breach, above=call.above)
    if by is None:
        return None
    base = base_of(tracker, cooldown, now) or capacity
    wanted = adjusted(policy.config, base, by)
    out = wanted > base if wanted != base else by > 0
    suspended = target.suspended.scale_out if out else target.suspended.scale_in
    if suspended or (not out and is_cooling(tracker.scaled_in_at, cooldown, now)):
        return None
    if not out:
        wanted = adjusted(policy.config, capacity, by)
    inside = within(wanted, minimum=target.minimum, maximum=target.maximum)
    return Wish(
        policy=policy,
        alarm=call.alarm,
        out=out,
        capacity=max(inside, capacity) if out else min(inside, capacity),
    )


@holds("autoscaling.not-scaled")
def _reason(region: Region, target: ScalableTarget, refused: Wish) -> dict[str, Any]:
    if refused.out and refused.capacity >= target.maximum:
        return {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": target.maximum}
    if not refused.out and refused.capacity <= target.minimum:
        return {"Code": "AlreadyAtMinCapacity", "MinCapacity": target.minimum}
    code = "AlreadyAtDesiredCapacity"
    if refused.policy.tracks and not refused.out:
        code = region.ledger.value("autoscaling.not-scaled-in")
    return {"Code": code, "CurrentCapacity": refused.capacity}
