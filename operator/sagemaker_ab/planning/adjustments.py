"""The steps that change the fleet that serves: scaling, instance counts, weights, tags."""

from collections.abc import Iterable, Iterator

from sagemaker_ab.planning import commands, scaling
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.observed import Observed, ObservedEndpoint
from sagemaker_ab.planning.steps import Step, StepKind


def adjustments(desired: Desired, observed: Observed, managed_tag_keys: Iterable[str]) -> tuple[Step, ...]:
    """Return the steps in the order that keeps traffic on enough instances; none waits for another.

    `managed_tag_keys` are the tag keys that the operator has set on the endpoint before.
    """
    if observed.endpoint is None:
        return ()
    return tuple(_adjustments(desired, observed, observed.endpoint, managed_tag_keys))


def _adjustments(
    desired: Desired, observed: Observed, endpoint: ObservedEndpoint, managed_tag_keys: Iterable[str]
) -> Iterator[Step]:
    scaled = tuple(scaling.differences(desired, observed))
    if scaled:
        yield Step(StepKind.APPLY_SCALING, scaled)
    counts = list(_counts(desired, endpoint))
    for variant, live in counts:
        if variant.instance_count > live:
            yield _count(StepKind.SCALE_OUT, desired, variant)
    live_weights = {variant.name: variant.desired_weight for variant in endpoint.variants}
    if live_weights.keys() == desired.weights.keys() and live_weights != desired.weights:
        yield Step(StepKind.SHIFT_WEIGHTS, (commands.update_weights(desired.endpoint_name, desired.weights),))
    for variant, live in counts:
        if variant.instance_count < live:
            yield _count(StepKind.SCALE_IN, desired, variant)
    tags = tuple(_tags(desired, endpoint, managed_tag_keys))
    if tags:
        yield Step(StepKind.TAG, tags)


def _counts(desired: Desired, endpoint: ObservedEndpoint) -> Iterator[tuple[DesiredVariant, int]]:
    """Pair each variant without autoscaling with its live count; the autoscaler owns the other counts."""
    for variant in desired.variants:
        live = endpoint.variant(variant.name)
        if live is not None and variant.scaling is None:
            yield variant, live.desired_count


def _count(kind: StepKind, desired: Desired, variant: DesiredVariant) -> Step:
    change = commands.update_instance_count(desired.endpoint_name, variant.name, variant.instance_count)
    return Step(kind, (change,))


def _tags(desired: Desired, endpoint: ObservedEndpoint, managed_tag_keys: Iterable[str]) -> Iterator[Command]:
    stale = (set(managed_tag_keys) & endpoint.tags.keys()) - desired.all_tags.keys()
    if stale:
        # First, since a full set of tags has no room for others.
        yield commands.delete_tags(endpoint.arn, stale)
    missing = {key: value for key, value in desired.all_tags.items() if endpoint.tags.get(key) != value}
    if missing:
        yield commands.add_tags(endpoint.arn, missing)
