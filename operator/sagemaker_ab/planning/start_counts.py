"""How many instances the variants of the next endpoint config start with."""

from collections.abc import Mapping
from dataclasses import replace

from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.desired_scaling import DesiredScaling
from sagemaker_ab.planning.observed import Observed, ObservedEndpoint
from sagemaker_ab.planning.shares import live_weights, short_of_instances
from sagemaker_ab.planning.switch import weights_at_switch


def with_start_counts(desired: Desired, observed: Observed, last_counts: Mapping[str, int]) -> Desired:
    """Return the desired state in which every variant starts with the capacity that it needs.

    A new variant takes its weight at once. If it scales, it starts with its initialInstanceCount; without
    one, with the live count of the only departing variant that serves the same model; if the endpoint is
    created again, with its last known count; else with its minimum. The count is within the bounds that are
    intended now, since a scheduled action may have changed those of the spec. `last_counts` are the last
    known counts by variant.

    An update keeps the live counts. Where that would give a variant more traffic than it has instances for
    (S1), all counts come from the config instead: those of the spec, and the live ones where it autoscales.
    """
    endpoint = observed.endpoint
    if endpoint is None or not endpoint.status.serving:
        undeclared = {variant.name for variant in desired.variants if not _declared(variant)}
        last = {name: last_counts[name] for name in undeclared & last_counts.keys()}
        return _with_counts(desired, _counts_of_spec(desired) | last)
    new = {name: count for name, count in _counts_of_spec(desired).items() if endpoint.variant(name) is None}
    desired = _with_counts(desired, new | _counts_to_take_over(desired, observed, endpoint))
    if not desired.retains_counts or not _short_at_switch(desired, endpoint):
        return desired
    live = {variant.name: variant.desired_count for variant in endpoint.variants}
    return replace(_with_counts(desired, live), retains_counts=False)


def _with_counts(desired: Desired, counts: Mapping[str, int]) -> Desired:
    variants = tuple(_with_count(variant, counts.get(variant.name)) for variant in desired.variants)
    return replace(desired, variants=variants)


def _with_count(variant: DesiredVariant, count: int | None) -> DesiredVariant:
    """Start an autoscaled variant with a count, within its bounds."""
    if variant.scaling is None or count is None:
        return variant
    return replace(variant, instance_count=_within(variant.scaling, count))


def _counts_of_spec(desired: Desired) -> dict[str, int]:
    return {variant.name: variant.instance_count for variant in desired.variants}


def _declared(variant: DesiredVariant) -> bool:
    return variant.scaling is not None and variant.scaling.initial_instance_count is not None


def _within(scaling: DesiredScaling, count: int) -> int:
    return min(max(count, scaling.bounds.minimum), scaling.bounds.maximum)


def _counts_to_take_over(desired: Desired, observed: Observed, endpoint: ObservedEndpoint) -> dict[str, int]:
    """Return the counts that new variants without an initialInstanceCount take over from departing ones."""
    config = observed.config_in_use
    if config is None:
        return {}
    staying = {variant.name for variant in desired.variants}
    counts = {}
    for variant in desired.variants:
        if _declared(variant) or endpoint.variant(variant.name) is not None:
            continue
        departing = [
            each.desired_count
            for each in endpoint.variants
            if each.name not in staying and config.model_name(each.name) == variant.model_name
        ]
        if len(departing) == 1:
            counts[variant.name] = departing[0]
    return counts


def _short_at_switch(desired: Desired, endpoint: ObservedEndpoint) -> bool:
    """Return whether an update that retains the counts would leave a variant short of instances."""
    retained = {variant.name: variant.desired_count for variant in endpoint.variants}
    after = weights_at_switch(desired, endpoint)
    return any(short_of_instances(desired, live_weights(endpoint), after, retained))
