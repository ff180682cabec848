"""Keeps the instances that a run has kept, until the weights are in force that replace the run.

A run suspends scale-in of its baseline. If the suspension were lifted before the baseline gets more traffic,
the variant would scale in first.
"""

from dataclasses import replace

from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.desired_scaling import SUSPENDED_MEMBERS
from sagemaker_ab.planning.observed import Observed, ObservedEndpoint
from sagemaker_ab.planning.runs.identity import run_tag
from sagemaker_ab.planning.shares import exceeds, live_weights, share


def with_kept_capacity(desired: Desired, observed: Observed) -> Desired:
    """Return the desired state in which scale-in stays suspended where a run did so and a share rises."""
    endpoint = observed.endpoint
    tag = run_tag(endpoint.tags) if endpoint is not None else None
    if endpoint is None or tag is None:
        return desired
    variants = tuple(
        replace(each, scaling=replace(each.scaling, kept_by=tag.run))
        if each.scaling and _suspended(each.name, observed) and _rises(each, desired, endpoint)
        else each
        for each in desired.variants
    )
    return replace(desired, variants=variants)


def _suspended(name: str, observed: Observed) -> bool:
    target = observed.targets.get(name)
    return target is not None and bool(target.suspended.get(SUSPENDED_MEMBERS["scaleIn"]))


def _rises(variant: DesiredVariant, desired: Desired, endpoint: ObservedEndpoint) -> bool:
    return exceeds(share(desired.weights, variant.name), share(live_weights(endpoint), variant.name))
