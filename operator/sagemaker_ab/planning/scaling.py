"""Autoscaling: the steps that bring scalable targets and policies to the desired state."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.desired import Desired, DesiredScaling
from sagemaker_ab.planning.observed import (
    Observed,
    ObservedEndpoint,
    ObservedPolicy,
    ObservedTarget,
    ObservedVariant,
)
from sagemaker_ab.planning.released import restoration
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.shares import above_intended_share
from sagemaker_ab.planning.steps import Step, StepKind


def blocking_update(desired: Desired, observed: Observed) -> Iterator[str]:
    """Yield the variants whose scalable targets must be deregistered, since AWS refuses the update otherwise.

    A registered variant may get another model, but no other instance type, and it must not be removed. Where
    the instance type in use is unknown, nothing is deregistered.
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    """
    types = {variant.name: variant.instance_type for variant in desired.variants}
    for name in observed.targets:
        live = observed.config_in_use.instance_type(name) if observed.config_in_use else None
        if name not in types or (live is not None and types[name] != live):
            yield name


def scaling_steps(
    desired: Desired, observed: Observed, endpoint: ObservedEndpoint, remembered: Remembered
) -> Iterator[Step]:
    """Yield the steps for every variant that serves, one write each.

    What was released for an update is restored first; where it differs from the spec, the spec follows. A
    variant that the spec no longer names serves until an update removes it, and keeps its autoscaling.
    """
    wanted = {variant.name: variant for variant in desired.variants}
    for live in sorted(endpoint.variants, key=lambda variant: variant.name):
        target, saved = observed.targets.get(live.name), remembered.released.get(live.name)
        variant = wanted.get(live.name)
        if variant is None or variant.scaling is not None:
            if saved is not None:
                yield from _restoration(desired, live.name, saved.target, target)
                if target is None or saved.target.policies.keys() - target.policies.keys():
                    continue
            if variant is not None and variant.scaling is not None:
                yield from _differences(desired, endpoint, live, variant.scaling, target)
        elif target is not None:
            yield _step(commands.deregister_scalable_target(desired.endpoint_name, live.name))


def _restoration(
    desired: Desired, variant: str, saved: ObservedTarget, target: ObservedTarget | None
) -> Iterator[Step]:
    """Yield what restores a released target; its policies and scheduled actions wait for its registration."""
    registration = frozenset[str]()
    for command in restoration(desired.endpoint_name, variant, saved, target, desired.all_tags):
        step = replace(_step(command), waits_for=registration)
        if command.operation == "RegisterScalableTarget":
            registration = frozenset({step.identity})
        yield step


def _differences(
    desired: Desired,
    endpoint: ObservedEndpoint,
    live: ObservedVariant,
    scaling: DesiredScaling,
    target: ObservedTarget | None,
) -> Iterator[Step]:
    name, variant = desired.endpoint_name, live.name
    first: list[Step] = []
    if target is None or (target.min_capacity, target.max_capacity) != scaling.bounds:
        register = commands.register_scalable_target(
            name,
            variant,
            min_capacity=scaling.min_capacity,
            max_capacity=scaling.max_capacity,
            tags=desired.all_tags if target is None else None,
        )
        step = _step(register, held=_held_by_traffic(desired, endpoint, live, scaling, target))
        first += [step] if target is None else []
        yield step
    policies = target.policies if target else {}
    # AWS allows one target tracking policy per metric: delete a renamed policy before its successor.
    for policy_name in sorted(policies.keys() - {policy.name for policy in scaling.policies}):
        deletion = _step(commands.delete_scaling_policy(name, variant, policy_name))
        first.append(deletion)
        yield deletion
    for policy in scaling.policies:
        if policy.name not in policies or not _same_policy(policies[policy.name], policy.configuration):
            put = commands.put_scaling_policy(
                name, variant, policy.name, "TargetTrackingScaling", policy.configuration
            )
            yield replace(_step(put), waits_for=frozenset(step.identity for step in first))


def _held_by_traffic(
    desired: Desired,
    endpoint: ObservedEndpoint,
    live: ObservedVariant,
    scaling: DesiredScaling,
    target: ObservedTarget | None,
) -> str:
    """Return why S2 forbids new bounds: a lower minimum, or a maximum to which AWS would lower the count."""
    lowers_minimum = target is not None and scaling.min_capacity < target.min_capacity
    if lowers_minimum or scaling.max_capacity < live.desired_count:
        return above_intended_share(desired, endpoint, live.name)
    return ""


def _step(command: Command, *, held: str = "") -> Step:
    return Step(StepKind.APPLY_SCALING, (command,), held=held)


def _same_policy(live: ObservedPolicy, wanted: Mapping[str, Any]) -> bool:
    """Compare the desired members, and that scaling in is enabled; other members are AWS's defaults."""
    expected = {"DisableScaleIn": False, **wanted}
    found = {"DisableScaleIn": False, **live.configuration}
    return all(found.get(member) == value for member, value in expected.items())
