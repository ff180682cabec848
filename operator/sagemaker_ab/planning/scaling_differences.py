"""The steps that make one variant's scalable target, and what belongs to it, that of the spec."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.alarms import alarm_to_put, lacks_alarms
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.desired_scaling import (
    SUSPENDED_MEMBERS,
    TARGET_TRACKING,
    Bounds,
    DesiredPolicy,
    DesiredScaling,
)
from sagemaker_ab.planning.foreign_scaling import Undeclared, to_remove
from sagemaker_ab.planning.observed import ObservedEndpoint
from sagemaker_ab.planning.observed_scaling import ObservedTarget
from sagemaker_ab.planning.scaling_policies import PolicyPut, policy_puts, same_metric
from sagemaker_ab.planning.scaling_records import ScalingRecord
from sagemaker_ab.planning.scheduled_actions import is_over, members_to_put, same_action
from sagemaker_ab.planning.shares import above_intended_share, kept_by_run
from sagemaker_ab.planning.steps import Step, StepKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledVariant:
    """A variant that autoscales, as the spec asks for it and as AWS holds it.

    `alarms` are the alarms that exist of those that were read, None if they could not be read. `record` has
    what earlier specs declared. `kept` is a released target whose parts are left alone until all of it is
    restored.
    """

    desired: Desired
    endpoint: ObservedEndpoint
    name: str
    scaling: DesiredScaling
    target: ObservedTarget | None
    alarms: Mapping[str, Mapping[str, Any]] | None
    record: ScalingRecord | None
    kept: ObservedTarget | None
    now: float

    @property
    def removed(self) -> Undeclared:
        """What is removed because the spec does not declare it."""
        if self.target is None:
            return Undeclared(frozenset(), frozenset(), frozenset())
        found = to_remove(self.scaling, self.target, self.record)
        if self.kept is None:
            return found
        return replace(
            found,
            policies=found.policies - self.kept.policies.keys(),
            actions=found.actions - self.kept.scheduled_actions.keys(),
        )


def differences(variant: ScaledVariant) -> Iterator[Step]:
    """Yield the steps for the target, its policies and their alarms, and its scheduled actions."""
    registration = frozenset[str]()
    for step in _registration(variant):
        if variant.target is None:
            registration = frozenset({step.identity})
        yield step
    for step in (*_policies(variant), *_alarms(variant), *_scheduled_actions(variant)):
        yield replace(step, waits_for=step.waits_for | registration)


def _registration(variant: ScaledVariant) -> Iterator[Step]:
    """Yield the registration that sets the bounds and the suspended state.

    All members of SuspendedState are sent: whether AWS keeps one that a request leaves out is not known. A
    stale read must not suspend again what the operator has just resumed. What neither S2 nor a run forbids is
    not held up by what they forbid: a suspension, and a bound that is raised.
    """
    target, scaling = variant.target, variant.scaling
    live = dict.fromkeys(SUSPENDED_MEMBERS.values(), False) | dict(target.suspended if target else {})
    suspended = live | dict.fromkeys(variant.removed.suspended, False) | dict(scaling.suspended)
    if target is not None and target.bounds == scaling.bounds and suspended == live:
        return
    held = _held(variant)
    change = suspended if suspended != live else None
    if held and target is not None:
        raised = _raised(variant, target.bounds)
        if raised != target.bounds or change is not None:
            yield replace(_step(_register(variant, raised, change)), repeats_targets=True)
    kept = any(on and not scaling.suspended.get(member) for member, on in suspended.items())
    step = _step(_register(variant, scaling.bounds, change), held=held)
    yield replace(step, repeats_targets=kept and change is not None)


def _register(variant: ScaledVariant, bounds: Bounds, suspended: Mapping[str, bool] | None) -> Command:
    return commands.register_scalable_target(
        variant.desired.endpoint_name,
        variant.name,
        min_capacity=bounds.minimum,
        max_capacity=bounds.maximum,
        suspended=suspended,
        tags=variant.desired.all_tags if variant.target is None else None,
    )


def _held(variant: ScaledVariant) -> str:
    """Return why the bounds must not be set yet, empty if they may be.

    S2 forbids a lower minimum as well. While a run has suspended scale-in, that removes no instance.
    """
    target, bounds = variant.target, variant.scaling.bounds
    scales_in = bounds.maximum < _live_count(variant)
    reduces = scales_in or (target is not None and bounds.minimum < target.min_capacity)
    held = above_intended_share(variant.desired, variant.endpoint, variant.name) if reduces else ""
    return held or (kept_by_run(variant.desired, variant.name) if scales_in else "")


def _raised(variant: ScaledVariant, live: Bounds) -> Bounds:
    """Return the live bounds with those raised that the spec raises, unless that scales in at once."""
    bounds = variant.scaling.bounds
    raised = Bounds(max(live.minimum, bounds.minimum), max(live.maximum, bounds.maximum))
    return raised if raised.maximum >= _live_count(variant) else live


def _live_count(variant: ScaledVariant) -> int:
    live = variant.endpoint.variant(variant.name)
    return live.desired_count if live else 0


def _policies(variant: ScaledVariant) -> Iterator[Step]:
    """Yield the deletions of what the spec does not declare, and the puts.

    A declared policy that must be deleted for a put is deleted by the same step.
    """
    live = variant.target.policies if variant.target else {}
    puts = policy_puts(
        variant.scaling.policies, live, removed=variant.removed.policies, repaired=_lacking_alarms(variant)
    )
    deleted_by: dict[str, Step] = {}
    for name in sorted(variant.removed.policies):
        deleted_by[name] = _step(_delete(variant, name))
        yield deleted_by[name]
    steps: dict[str, Step] = {}
    for put in puts:
        own = sorted(put.deletes - deleted_by.keys())
        first = {deleted_by[name].identity for name in put.deletes if name in deleted_by}
        first |= {steps[name].identity for name in put.after}
        first |= set(_restorations_first(variant, put.policy))
        step = replace(_put(variant, put, own), waits_for=frozenset(first))
        deleted_by |= dict.fromkeys(own, step)
        steps[put.policy.name] = step
        yield step


def _delete(variant: ScaledVariant, name: str) -> Command:
    return commands.delete_scaling_policy(variant.desired.endpoint_name, variant.name, name)


def _put(variant: ScaledVariant, put: PolicyPut, deletes: Sequence[str]) -> Step:
    """Return the step that deletes policies and puts one. If AWS refuses it, the others are put back."""
    endpoint_name, policy = variant.desired.endpoint_name, put.policy
    live = variant.target.policies if variant.target else {}
    put_back = {
        _delete(variant, name).identity: commands.put_scaling_policy(
            endpoint_name, variant.name, name, live[name].type, live[name].configuration
        )
        for name in deletes
    }
    command = commands.put_scaling_policy(
        endpoint_name, variant.name, policy.name, policy.type, policy.configuration
    )
    blocked = ""
    if put.blocked_by:
        blocked = (
            f"scaling policy {put.blocked_by} of {variant.name}, which the spec does not have, tracks the"
            " same metric, and AWS allows one. Delete it, or set foreignScaling to Remove"
        )
    writes = (*(_delete(variant, name) for name in deletes), command)
    return Step(StepKind.APPLY_SCALING, writes, blocked=blocked, undo=put_back)


def _restorations_first(variant: ScaledVariant, policy: DesiredPolicy) -> Iterator[str]:
    """Yield the identities of the restorations that AWS would refuse once a policy is put.

    A policy of an earlier spec that tracks the same metric is restored first, and deleted after that.
    """
    live = variant.target.policies if variant.target else {}
    declared = {each.name for each in variant.scaling.policies}
    for name, saved in (variant.kept.policies if variant.kept else {}).items():
        if name not in live and name not in declared and same_metric(policy, saved):
            yield commands.put_scaling_policy(
                variant.desired.endpoint_name, variant.name, name, saved.type, saved.configuration
            ).identity


def _lacking_alarms(variant: ScaledVariant) -> frozenset[str]:
    """Return the declared target tracking policies whose alarms were deleted: a put makes them again."""
    if variant.target is None or variant.alarms is None:
        return frozenset()
    declared = {policy.name for policy in variant.scaling.policies}
    return frozenset(
        name
        for name, policy in variant.target.policies.items()
        if name in declared and policy.type == TARGET_TRACKING and lacks_alarms(policy, variant.alarms)
    )


def _alarms(variant: ScaledVariant) -> Iterator[Step]:
    """Yield the alarms of declared step policies that exist: their ARN is known."""
    live = variant.target.policies if variant.target else {}
    for policy in variant.scaling.policies:
        found = live.get(policy.name)
        if policy.alarm is None or found is None or found.type != policy.type or variant.alarms is None:
            continue
        before = variant.alarms.get(policy.alarm.name)
        members = alarm_to_put(policy.alarm, found.arn, before)
        if members is not None:
            tags = variant.desired.all_tags if before is None else None
            yield _step(commands.put_metric_alarm(policy.alarm.name, members, tags))


def _scheduled_actions(variant: ScaledVariant) -> Iterator[Step]:
    live = variant.target.scheduled_actions if variant.target else {}
    endpoint_name = variant.desired.endpoint_name
    for name in sorted(variant.removed.actions):
        yield _step(commands.delete_scheduled_action(endpoint_name, variant.name, name))
    for name, members in variant.scaling.scheduled_actions.items():
        found = live.get(name)
        if found is not None and same_action(found.members, members):
            continue
        if is_over(members, variant.now):
            # AWS may refuse it. One that exists would be due at times that the spec does not have.
            if found is not None:
                yield _step(commands.delete_scheduled_action(endpoint_name, variant.name, name))
            continue
        put = members_to_put(members, found.members if found else None)
        yield _step(commands.put_scheduled_action(endpoint_name, variant.name, name, put))


def _step(command: Command, *, held: str = "") -> Step:
    return Step(StepKind.APPLY_SCALING, (command,), held=held)
