"""Autoscaling: the steps that bring scalable targets and policies to the desired state."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.desired import Desired, DesiredScaling
from sagemaker_ab.planning.observed import Observed, ObservedEndpoint, ObservedPolicy, ObservedTarget
from sagemaker_ab.planning.released import restoration
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.shares import above_intended_share
from sagemaker_ab.planning.steps import Step, StepKind, in_sequence


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

    What was released for an update is restored first; where it differs from the spec, the spec follows.
    """
    wanted = {variant.name: variant.scaling for variant in desired.variants if variant.scaling}
    for name in sorted(observed.targets.keys() - wanted.keys()):
        yield _step(commands.deregister_scalable_target(desired.endpoint_name, name))
    for name, scaling in wanted.items():
        if endpoint.variant(name) is None:
            continue
        target, saved = observed.targets.get(name), remembered.released.get(name)
        restored = (
            list(restoration(desired.endpoint_name, name, saved.target, target, desired.all_tags))
            if saved
            else []
        )
        if restored:
            yield from in_sequence(_step(command) for command in restored)
        else:
            yield from _differences(desired, endpoint, name, scaling, target)


def _differences(
    desired: Desired,
    endpoint: ObservedEndpoint,
    variant: str,
    scaling: DesiredScaling,
    target: ObservedTarget | None,
) -> Iterator[Step]:
    name = desired.endpoint_name
    first: list[Step] = []
    if target is None or (target.min_capacity, target.max_capacity) != scaling.bounds:
        register = commands.register_scalable_target(
            name,
            variant,
            min_capacity=scaling.min_capacity,
            max_capacity=scaling.max_capacity,
            tags=desired.all_tags if target is None else None,
        )
        lowers = target is not None and scaling.min_capacity < target.min_capacity
        step = _step(register, held=above_intended_share(desired, endpoint, variant) if lowers else "")
        first += [step] if target is None else []
        yield step
    live = target.policies if target else {}
    # AWS allows one target tracking policy per metric: delete a renamed policy before its successor.
    for policy_name in sorted(live.keys() - {policy.name for policy in scaling.policies}):
        deletion = _step(commands.delete_scaling_policy(name, variant, policy_name))
        first.append(deletion)
        yield deletion
    for policy in scaling.policies:
        if policy.name not in live or not _same_policy(live[policy.name], policy.configuration):
            put = commands.put_scaling_policy(
                name, variant, policy.name, "TargetTrackingScaling", policy.configuration
            )
            yield replace(_step(put), waits_for=frozenset(step.identity for step in first))


def _step(command: Command, *, held: str = "") -> Step:
    return Step(StepKind.APPLY_SCALING, (command,), held=held)


def _same_policy(live: ObservedPolicy, wanted: Mapping[str, Any]) -> bool:
    """Compare the desired members, and that scaling in is enabled; other members are AWS's defaults."""
    expected = {"DisableScaleIn": False, **wanted}
    found = {"DisableScaleIn": False, **live.configuration}
    return all(found.get(member) == value for member, value in expected.items())
