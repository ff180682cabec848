"""Autoscaling: the steps that bring scalable targets and policies to the desired state."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.desired import Desired, DesiredScaling, DesiredVariant
from sagemaker_ab.planning.known_config import known_config, runs_as_desired
from sagemaker_ab.planning.observed import (
    Observed,
    ObservedConfig,
    ObservedEndpoint,
    ObservedPolicy,
    ObservedTarget,
    ObservedVariant,
)
from sagemaker_ab.planning.released import restoration
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.shares import above_intended_share
from sagemaker_ab.planning.steps import Step, StepKind

_TARGET_TRACKING = "TargetTrackingScaling"


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

    What was released for an update is restored, also for a variant that the spec no longer has, as long as it
    serves (S3). A departing variant loses its target only with the update that removes it. The spec's bounds
    and policies wait until a variant runs on the desired instance type, as the config in use shows it.
    """
    config = known_config(desired, observed, remembered)
    variants = {variant.name: variant for variant in desired.variants}
    for live in endpoint.variants:
        name = live.name
        variant, target, saved = variants.get(name), observed.targets.get(name), remembered.released.get(name)
        governed = variant is None or variant.scaling is not None
        if saved is not None and governed:
            yield from _restoration(desired, observed, config, name, saved.target)
        if variant is None or (saved is not None and target is None):
            continue
        if not runs_as_desired(config, variant):
            continue
        if variant.scaling is not None:
            kept = saved.target.policies.keys() if saved else ()
            yield from _differences(desired, endpoint, variant, variant.scaling, target, kept)
        elif target is not None:
            yield _step(commands.deregister_scalable_target(desired.endpoint_name, name))


def _restoration(
    desired: Desired, observed: Observed, config: ObservedConfig | None, name: str, saved: ObservedTarget
) -> Iterator[Step]:
    """Yield what is missing of a released target; its policies and scheduled actions wait for the target.

    Once the target is there, the spec's own policies are left to the spec where it governs them.
    """
    variant = next((each for each in desired.variants if each.name == name), None)
    governed = name in observed.targets and variant is not None and runs_as_desired(config, variant)
    declared = {policy.name for policy in variant.scaling.policies} if variant and variant.scaling else set()
    registration: frozenset[str] = frozenset()
    for command in restoration(desired.endpoint_name, name, saved, observed, desired.all_tags):
        if governed and command.request.get("PolicyName") in declared:
            continue
        step = Step(StepKind.RESTORE_SCALING, (command,), waits_for=registration)
        if command.operation == "RegisterScalableTarget":
            registration = frozenset({step.identity})
        yield step


def _differences(  # noqa: PLR0913, PLR0917 - the parts of one variant
    desired: Desired,
    endpoint: ObservedEndpoint,
    variant: DesiredVariant,
    scaling: DesiredScaling,
    target: ObservedTarget | None,
    kept: Collection[str],
) -> Iterator[Step]:
    """Yield what makes a target and its policies those of the spec; `kept` names policies left alone."""
    name = desired.endpoint_name
    first: list[Step] = []
    if target is None or (target.min_capacity, target.max_capacity) != scaling.bounds:
        register = commands.register_scalable_target(
            name,
            variant.name,
            min_capacity=scaling.min_capacity,
            max_capacity=scaling.max_capacity,
            tags=desired.all_tags if target is None else None,
        )
        held = ""
        if _reduces(scaling, target, endpoint.variant(variant.name)):
            held = above_intended_share(desired, endpoint, variant.name)
        step = _step(register, held=held)
        first += [step] if target is None else []
        yield step
    live = target.policies if target else {}
    declared = {policy.name: policy for policy in scaling.policies}
    # AWS allows one target tracking policy per metric, and no other type under a policy's name: delete first.
    stale = live.keys() - declared.keys() - set(kept)
    retyped = {each for each, policy in live.items() if each in declared and policy.type != _TARGET_TRACKING}
    for policy_name in sorted(stale | retyped):
        deletion = _step(commands.delete_scaling_policy(name, variant.name, policy_name))
        first.append(deletion)
        yield deletion
    for policy in scaling.policies:
        if policy.name not in live or not _same_policy(live[policy.name], policy.configuration):
            put = commands.put_scaling_policy(
                name, variant.name, policy.name, _TARGET_TRACKING, policy.configuration
            )
            yield replace(_step(put), waits_for=frozenset(step.identity for step in first))


def _reduces(scaling: DesiredScaling, target: ObservedTarget | None, live: ObservedVariant | None) -> bool:
    """Return whether the new bounds lower the minimum, or scale in at once."""
    count = live.desired_count if live else 0
    lowers_minimum = target is not None and scaling.min_capacity < target.min_capacity
    return lowers_minimum or scaling.max_capacity < count


def _step(command: Command, *, held: str = "") -> Step:
    return Step(StepKind.APPLY_SCALING, (command,), held=held)


def _same_policy(live: ObservedPolicy, wanted: Mapping[str, Any]) -> bool:
    """Compare the desired members, and that scaling in is enabled; other members are AWS's defaults."""
    if live.type != _TARGET_TRACKING:
        return False
    expected = {"DisableScaleIn": False, **wanted}
    found = {"DisableScaleIn": False, **live.configuration}
    return all(found.get(member) == value for member, value in expected.items())
