"""The steps that change the fleet that serves: scaling, instance counts, weights, tags."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sagemaker_ab.api.resource import FORCE_WEIGHTS
from sagemaker_ab.planning import commands
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.known_config import known_config, runs_as_desired
from sagemaker_ab.planning.observed import Observed, ObservedConfig, ObservedEndpoint
from sagemaker_ab.planning.ownership import RUN_TAG
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.runs.identity import names_other_run
from sagemaker_ab.planning.scaling import scaling_steps
from sagemaker_ab.planning.shares import (
    above_intended_share,
    describe_shortage,
    kept_by_run,
    live_weights,
    short_of_instances,
)
from sagemaker_ab.planning.steps import Step, StepKind


def adjustments(desired: Desired, observed: Observed, remembered: Remembered) -> tuple[Step, ...]:
    """Return the steps in the order in which every variant keeps enough instances for its traffic.

    Counts go up before the weights move, and down after that (S1, S2). The counts and bounds of a variant
    that still runs on another instance type than desired wait for its deployment.
    """
    if observed.endpoint is None:
        return ()
    return tuple(_adjustments(desired, observed, observed.endpoint, remembered))


def _adjustments(
    desired: Desired, observed: Observed, endpoint: ObservedEndpoint, remembered: Remembered
) -> Iterator[Step]:
    yield from scaling_steps(desired, observed, endpoint, remembered)
    counts = list(_counts(desired, endpoint, known_config(desired, observed, remembered)))
    growing = [
        _count(StepKind.SCALE_OUT, desired, variant)
        for variant, live in counts
        if variant.instance_count > live
    ]
    yield from growing
    tags = tuple(_tags(desired, endpoint, remembered.managed_tag_keys))
    tagging = Step(StepKind.TAG, tags) if tags else None
    untagged = tagging is not None and _begins_run(desired, endpoint)
    yield from _weights(desired, endpoint, growing, untagged=untagged, force=remembered.force_weights)
    for variant, live in counts:
        if variant.instance_count < live:
            held = above_intended_share(desired, endpoint, variant.name) or kept_by_run(desired, variant.name)
            yield _count(StepKind.SCALE_IN, desired, variant, held=held)
    if tagging:
        yield tagging


def _begins_run(desired: Desired, endpoint: ObservedEndpoint) -> bool:
    """Return whether the endpoint does not remember the run yet, whose weights must not go out before."""
    run_tag = desired.traffic.run_tag
    return bool(run_tag) and names_other_run(endpoint.tags.get(RUN_TAG, ""), run_tag)


def _weights(
    desired: Desired,
    endpoint: ObservedEndpoint,
    growing: Iterable[Step],
    *,
    untagged: bool,
    force: bool,
) -> Iterator[Step]:
    """Yield the change of weights; urgent if it goes out at once or if it ends a variant's traffic.

    Unless it goes out at once, it waits for `growing` if instances are missing, and until the endpoint names
    the run, so that the run is not repeated if status is lost.
    """
    changes = weight_changes(desired, endpoint)
    if not changes:
        return
    before = live_weights(endpoint)
    instances = {variant.name: variant.current_count for variant in endpoint.variants}
    shortage = describe_shortage(short_of_instances(desired, before, {**before, **changes}, instances))
    shift = commands.update_weights(desired.endpoint_name, changes)
    step = Step(StepKind.SHIFT_WEIGHTS, (shift,), single_flight=desired.traffic.single_flight)
    at_once = desired.traffic.overrides_capacity or (
        f"as the annotation {FORCE_WEIGHTS} asks" if force else ""
    )
    if at_once:
        yield replace(step, overrides=f"{at_once}: {shortage}" if shortage else "", urgent=True)
        return
    evacuates = any(weight == 0 < before[name] for name, weight in changes.items())
    waits_for = frozenset(each.identity for each in growing) if shortage else frozenset[str]()
    holders = [shortage] if shortage else []
    if untagged:
        holders.append(f"the tag {RUN_TAG} of the endpoint does not name the run yet")
    yield replace(step, waits_for=waits_for, held="; ".join(holders), urgent=evacuates)


def weight_changes(desired: Desired, endpoint: ObservedEndpoint) -> Mapping[str, float]:
    """Return the intended weights of all variants that serve, if any of them differs from the live one.

    If a variant serves that the spec no longer has, the spec does not define its share. Then only the weights
    that the spec sets to zero are returned. Nothing is returned if all weights would become zero.
    """
    live = {variant.name: variant.desired_weight for variant in endpoint.variants}
    intended = {name: weight for name, weight in desired.weights.items() if name in live}
    if live.keys() - intended.keys():
        intended = {name: 0 for name, weight in intended.items() if weight == 0 and live[name] != 0}
    if all(live[name] == weight for name, weight in intended.items()):
        return {}
    return intended if sum({**live, **intended}.values()) > 0 else {}


def _counts(
    desired: Desired, endpoint: ObservedEndpoint, config: ObservedConfig | None
) -> Iterator[tuple[DesiredVariant, int]]:
    """Pair each variant without autoscaling with its live count; the autoscaler owns the other counts."""
    for variant in desired.variants:
        live = endpoint.variant(variant.name)
        if live is not None and variant.scaling is None and runs_as_desired(config, variant):
            yield variant, live.desired_count


def _count(kind: StepKind, desired: Desired, variant: DesiredVariant, *, held: str = "") -> Step:
    change = commands.update_instance_count(desired.endpoint_name, variant.name, variant.instance_count)
    return Step(kind, (change,), held=held)


def _tags(
    desired: Desired, endpoint: ObservedEndpoint, managed_tag_keys: frozenset[str]
) -> Iterator[Command]:
    stale = (managed_tag_keys & endpoint.tags.keys()) - desired.all_tags.keys()
    if stale:
        # Before new tags, because AWS limits the number of tags.
        yield commands.delete_tags(endpoint.arn, stale)
    wanted = desired.endpoint_tags
    missing = {key: value for key, value in wanted.items() if endpoint.tags.get(key) != value}
    if missing:
        yield commands.add_tags(endpoint.arn, missing)
