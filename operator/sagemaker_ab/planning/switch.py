"""What serves when an update of the endpoint switches to its new fleet, and what the update waits for."""

from collections.abc import Iterator
from dataclasses import replace

from sagemaker_ab.planning.adjustments import weight_changes
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed, ObservedEndpoint
from sagemaker_ab.planning.shares import Weights, kept_by_run


def with_retained_weights(desired: Desired, observed: Observed) -> Desired:
    """Return the desired state in which an update keeps the live weights if the new config has others.

    A strategy moves weights without another config, so an update in the middle of a run must not reset them.
    If the set of variants changes, the live weights are not comparable with the initial ones of a new
    variant: the update takes all weights from the config, and the intended ones follow.
    """
    endpoint = observed.endpoint
    moved = desired.weights != desired.initial_weights
    comparable = endpoint is not None and all(endpoint.variant(v.name) for v in desired.variants)
    return replace(desired, retains_weights=moved and comparable)


def weights_at_switch(desired: Desired, endpoint: ObservedEndpoint) -> Weights:
    """Return the weights of the desired variants at the moment at which the new fleet takes over."""
    if not desired.retains_weights:
        return desired.initial_weights
    names = {variant.name for variant in desired.variants}
    return {variant.name: variant.desired_weight for variant in endpoint.variants if variant.name in names}


def update_held(desired: Desired, observed: Observed) -> str:
    """Return why an update must not be sent yet, empty if it may be."""
    endpoint = observed.endpoint
    if endpoint is None:
        return ""
    held = [desired.traffic.holds_update] if desired.traffic.holds_update else []
    return "; ".join([*held, *_serving(desired, observed, endpoint), *_cut(desired, endpoint)])


def _cut(desired: Desired, endpoint: ObservedEndpoint) -> Iterator[str]:
    """Yield the variants whose instances a run keeps and the update would reduce."""
    for variant in desired.variants:
        live = endpoint.variant(variant.name)
        reduces = live is not None and variant.instance_count < live.desired_count
        if reduces and not desired.retains_counts and (held := kept_by_run(desired, variant.name)):
            yield held


def _serving(desired: Desired, observed: Observed, endpoint: ObservedEndpoint) -> Iterator[str]:
    """Yield the variants to drain that have traffic while the update changes their content.

    A variant whose traffic nothing else can take is not waited for: the update moves it at its switch.
    """
    changes = weight_changes(desired, endpoint)
    for name in sorted(desired.traffic.drained_first):
        live = endpoint.variant(name)
        if live is None or not changes_content(desired, observed, name):
            continue
        to_stop = changes.get(name) == 0 < live.desired_weight
        stopping = live.desired_weight == 0 < live.current_weight
        if to_stop or stopping:
            yield f"{name} must have no traffic before its model or instance type changes"


def changes_content(desired: Desired, observed: Observed, name: str) -> bool:
    """Return whether an update changes the model or the instance type of a variant, as far as is known."""
    config = observed.config_in_use
    if config is None:
        return True
    return any(
        (variant.model_name, variant.instance_type) != (config.model_name(name), config.instance_type(name))
        for variant in desired.variants
        if variant.name == name
    )
