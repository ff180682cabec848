"""How many instances a new autoscaled variant starts with."""

from collections.abc import Mapping
from dataclasses import replace

from sagemaker_ab.planning.desired import Desired, DesiredScaling, DesiredVariant
from sagemaker_ab.planning.observed import Observed


def with_start_counts(desired: Desired, observed: Observed, last_counts: Mapping[str, int]) -> Desired:
    """Return the desired state in which new autoscaled variants start with the capacity that they need.

    A new variant takes its weight at once. It starts with its initialInstanceCount; without one, with the
    live count of the only departing variant that serves the same model; if the endpoint is created again,
    with its last known count; else with its minimum. `last_counts` are the last known counts by variant.
    """
    variants = tuple(
        _with_start_count(variant, _count_to_take_over(variant, desired, observed, last_counts))
        for variant in desired.variants
    )
    return replace(desired, variants=variants)


def _with_start_count(variant: DesiredVariant, count: int | None) -> DesiredVariant:
    scaling = variant.scaling
    if scaling is None or scaling.initial_instance_count is not None or count is None:
        return variant
    return replace(variant, instance_count=_within(scaling, count))


def _within(scaling: DesiredScaling, count: int) -> int:
    return min(max(count, scaling.min_capacity), scaling.max_capacity)


def _count_to_take_over(
    variant: DesiredVariant, desired: Desired, observed: Observed, last_counts: Mapping[str, int]
) -> int | None:
    endpoint, config = observed.endpoint, observed.config_in_use
    if endpoint is None or not endpoint.status.serving:
        return last_counts.get(variant.name)
    if config is None or endpoint.variant(variant.name) is not None:
        return None
    staying = {each.name for each in desired.variants}
    departing = [
        each.desired_count
        for each in endpoint.variants
        if each.name not in staying and config.model_name(each.name) == variant.model_name
    ]
    return departing[0] if len(departing) == 1 else None
