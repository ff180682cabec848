"""Autoscaling: which scalable targets and policies differ, and which of them block an update."""

from collections.abc import Iterator, Mapping
from typing import Any

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.desired import Desired, DesiredScaling, DesiredVariant
from sagemaker_ab.planning.observed import Observed, ObservedTarget


def blocking_update(desired: Desired, observed: Observed) -> Iterator[Command]:
    """Yield the deregistrations without which AWS refuses the update.

    A registered variant may get another model, but no other instance type, and it must not be removed:
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    """
    types = {variant.name: variant.instance_type for variant in desired.variants}
    for name in observed.targets:
        live = observed.config_in_use.instance_type(name) if observed.config_in_use else None
        if types.get(name) != live:
            yield commands.deregister_scalable_target(desired.endpoint_name, name)


def differences(desired: Desired, observed: Observed) -> Iterator[Command]:
    """Yield the writes that bring scalable targets and policies to the desired state."""
    wanted = {variant.name: variant for variant in desired.variants if variant.scaling}
    for name in observed.targets.keys() - wanted.keys():
        yield commands.deregister_scalable_target(desired.endpoint_name, name)
    for name, variant in wanted.items():
        if observed.endpoint and observed.endpoint.variant(name) and variant.scaling:
            yield from _variant(desired, variant, variant.scaling, observed.targets.get(name))


def _variant(
    desired: Desired, variant: DesiredVariant, scaling: DesiredScaling, target: ObservedTarget | None
) -> Iterator[Command]:
    endpoint = desired.endpoint_name
    if target is None:
        yield commands.register_scalable_target(endpoint, variant.name, scaling, desired.all_tags)
    elif (target.min_capacity, target.max_capacity) != (scaling.min_capacity, scaling.max_capacity):
        yield commands.register_scalable_target(endpoint, variant.name, scaling, None)
    live = target.policies if target else {}
    # AWS allows one target-tracking policy per metric: delete a renamed policy before its successor.
    for name in sorted(live.keys() - {policy.name for policy in scaling.policies}):
        yield commands.delete_scaling_policy(endpoint, variant.name, name)
    for policy in scaling.policies:
        if policy.name not in live or not _same_policy(live[policy.name], policy.configuration):
            yield commands.put_scaling_policy(endpoint, variant.name, policy)


def _same_policy(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Compare the desired members, and that scaling in is enabled; other members are AWS's defaults."""
    expected = {"DisableScaleIn": False, **wanted}
    found = {"DisableScaleIn": False, **live}
    return all(found.get(member) == value for member, value in expected.items())
