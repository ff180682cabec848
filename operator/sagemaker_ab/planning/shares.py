"""Shares of traffic, and the two safety rules about them.

A variant's share is its weight divided by the sum of all weights. S1: no call raises a variant's share while
fewer of its instances are in service than intended. S2: no count and no minimum is lowered while a variant's
share exceeds the intended one.
"""

from collections.abc import Iterable, Iterator, Mapping

from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.observed import ObservedEndpoint

Weights = Mapping[str, float]

_TOLERANCE = 1e-9


def share(weights: Weights, variant: str) -> float:
    """Return a variant's part of the traffic, 0 to 1; 0 if all weights are 0."""
    total = sum(weights.values())
    return weights.get(variant, 0.0) / total if total else 0.0


def exceeds(first: float, second: float) -> bool:
    """Return whether one share is greater than another by more than rounding."""
    return first - second > _TOLERANCE


def live_weights(endpoint: ObservedEndpoint) -> Weights:
    """Return the weights by which AWS splits the traffic now."""
    return {variant.name: variant.current_weight for variant in endpoint.variants}


def short_of_instances(
    desired: Desired, before: Weights, after: Weights, instances: Mapping[str, int]
) -> Iterator[tuple[DesiredVariant, int]]:
    """Yield the variants for which S1 forbids a change of weights, each with its number of instances.

    They would get a larger share with fewer instances than intended. `instances` has the number of instances
    of each variant that serves. A variant without an entry starts with its intended number.
    """
    for variant in desired.variants:
        count = instances.get(variant.name)
        if count is None or count >= variant.intended_minimum:
            continue
        if exceeds(share(after, variant.name), share(before, variant.name)):
            yield variant, count


def above_intended_share(desired: Desired, endpoint: ObservedEndpoint, variant: str) -> str:
    """Return why S2 forbids a reduction of a variant's instances, empty if it allows it."""
    now, intended = share(live_weights(endpoint), variant), share(desired.weights, variant)
    if not exceeds(now, intended):
        return ""
    return f"{variant} has {now:.1%} of the traffic, and its intended share is {intended:.1%}"


def kept_by_run(desired: Desired, variant: str) -> str:
    """Return why a run forbids a reduction of a variant's instances, empty if it allows it."""
    run = desired.traffic.kept_by(variant)
    return f"run {run} keeps the instances of {variant} until it ends" if run else ""


def describe_shortage(short: Iterable[tuple[DesiredVariant, int]]) -> str:
    """Say which variants lack instances, empty if none does."""
    return "; ".join(
        f"{variant.name} has {count} of {variant.intended_minimum} instances in service"
        for variant, count in short
    )
