"""How the autoscaling of a variant that scales differs from what its resource asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.intent import SUSPENSIONS
from sandbox.safety.scaling_content import (
    STEPS,
    declared_action,
    declared_alarm,
    declared_policy,
    live_action,
    live_alarm,
    live_policy,
)
from sandbox.safety.schedules import is_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.safety.aws_state import Raw, Target
    from sandbox.safety.intent import IntendedVariant
    from sandbox.safety.scaling_history import Governed


def scaling_differences(wanted: IntendedVariant, target: Target | None, governed: Governed) -> Iterator[str]:
    """Yield how a variant's scalable target, policies and scheduled actions differ."""
    yield from target_differences(wanted, target, governed)
    yield from policy_differences(wanted, target, governed)
    yield from schedule_differences(wanted, target, governed)


def target_differences(wanted: IntendedVariant, target: Target | None, governed: Governed) -> Iterator[str]:
    """Yield how a variant's bounds and suspension differ."""
    name = wanted.name
    if target is None:
        yield f"{name} has no scalable target"
        return
    if not governed.bounds.accept(target.minimum, target.maximum):
        yield f"{name} scales between {target.minimum} and {target.maximum}, not {governed.bounds}"
    for kind, value in target.suspended.items():
        resumes = wanted.removes_foreign or kind in governed.dropped.suspensions
        expected = wanted.suspended.get(kind, False if resumes else value)
        if value != expected:
            yield f"{name} has {SUSPENSIONS[kind]} {'suspended' if value else 'not suspended'}"


def policy_differences(wanted: IntendedVariant, target: Target | None, governed: Governed) -> Iterator[str]:
    """Yield how a variant's policies differ."""
    if target is None:
        return
    name = wanted.name
    for policy, raw in wanted.policies.items():
        live = target.policies.get(policy)
        if live is None or live_policy(live) != declared_policy(raw):
            yield f"{name} has {'no' if live is None else 'another'} policy {policy}"
    yield from (
        f"{name} has policy {policy}"
        for policy in _surplus(target.policies, wanted.policies, wanted, governed.dropped.policies)
    )


def schedule_differences(wanted: IntendedVariant, target: Target | None, governed: Governed) -> Iterator[str]:
    """Yield how a variant's scheduled actions differ; AWS may drop or refuse one that is over."""
    if target is None:
        return
    name = wanted.name
    for action, raw in wanted.scheduled.items():
        live, declared = target.scheduled.get(action), declared_action(raw)
        if not is_over(declared, governed.now) and (live is None or live_action(live) != declared):
            yield f"{name} has {'no' if live is None else 'another'} scheduled action {action}"
    yield from (
        f"{name} has scheduled action {action}"
        for action in _surplus(target.scheduled, wanted.scheduled, wanted, governed.dropped.actions)
    )


def tracking_differences(wanted: IntendedVariant, target: Target | None) -> Iterator[str]:
    """Yield the policies of target tracking of which somebody deleted an alarm."""
    for policy, raw in wanted.policies.items():
        if target is None or policy not in target.tracking_alarms:
            continue
        needed = 1 if target.policies[policy]["config"].get("DisableScaleIn") else 2
        if raw["type"] != STEPS and len(target.tracking_alarms[policy]) < needed:
            yield f"{wanted.name} has no alarms for policy {policy}"


def alarm_differences(
    endpoint: str,
    wanted: IntendedVariant,
    target: Target | None,
    alarms: Mapping[str, Raw],
    prefixes: frozenset[str],
) -> Iterator[str]:
    """Yield how the alarms of a variant's step policies differ.

    The alarm of a policy is one of ours, by its name, that names the policy's ARN as an action. Others may
    have added actions of theirs. The alarm of a policy that the spec does not name stays with the policy.
    """
    ours = {name: raw for name, raw in alarms.items() if is_ours(name, endpoint, wanted.name)}
    undeclared = (
        {arn for name, arn in target.arns.items() if name not in wanted.policies} if target else set()
    )
    needed = {name for name, alarm in ours.items() if undeclared & {*alarm.get("AlarmActions", ())}}
    for policy, raw in wanted.policies.items():
        arn = target.arns.get(policy) if target else None
        if raw["type"] != STEPS or arn is None:
            continue
        found = [name for name, alarm in ours.items() if arn in alarm.get("AlarmActions", ())]
        needed.update(found)
        right = [
            name
            for name in found
            if ours[name]["ActionsEnabled"] and live_alarm(ours[name]) == declared_alarm(raw)
        ]
        if not right:
            yield f"{wanted.name} has {'another' if found else 'no'} alarm for policy {policy}"
    for name in sorted(ours.keys() - needed):
        if any(name.startswith(prefix) for prefix in prefixes):
            yield f"{wanted.name} has the alarm {name} of no policy"


def is_ours(name: str, endpoint: str, variant: str) -> bool:
    """Tell whether an alarm has a name as the operator gives them to a variant's."""
    parts = name.split("/")
    return parts[:1] == ["sagemaker-ab"] and parts[2:-1] == [endpoint, variant]


def _surplus(
    live: Mapping[str, Raw], declared: Mapping[str, Raw], wanted: IntendedVariant, dropped: frozenset[str]
) -> list[str]:
    """Return the names of what the spec does not name and which is to go."""
    foreign = live.keys() - declared.keys()
    return sorted(foreign if wanted.removes_foreign else foreign & dropped)
