"""The steps that build a fleet: models, endpoint config, endpoint."""

from collections.abc import Iterator

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.adjustments import scale_outs
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed, ObservedConfig, ObservedEndpoint
from sagemaker_ab.planning.scaling import blocking_update
from sagemaker_ab.planning.shares import describe_shortage, live_weights, short_of_instances
from sagemaker_ab.planning.steps import Step, StepKind, in_sequence


def rollout(desired: Desired, observed: Observed) -> tuple[Step, ...]:
    """Return the steps that are missing for the desired deployment, each waiting for the one before it."""
    if observed.endpoint is None:
        fleet = Step(StepKind.CREATE_ENDPOINT, (commands.create_endpoint(desired),))
    else:
        fleet = _update(desired, observed, observed.endpoint)
    return in_sequence([*_prerequisites(desired, observed), fleet])


def recreation_of_config(desired: Desired, observed: Observed, config: ObservedConfig) -> tuple[Step, ...]:
    """Return the steps that create the config in use again, under its name, after it was deleted.

    AWS refuses to update an endpoint whose config does not exist.
    """
    missing = frozenset(model.name for model in desired.models if model.name in config.models)
    creation = commands.create_endpoint_config(config.name, config.content, desired.all_tags)
    return in_sequence(
        [
            *recreation_of_models(desired, missing - observed.owners_of_models.keys()),
            Step(StepKind.CREATE_ENDPOINT_CONFIG, (creation,)),
        ]
    )


def recreation_of_models(desired: Desired, missing: frozenset[str]) -> Iterator[Step]:
    """Yield the step that creates the desired models that are missing."""
    creations = tuple(
        commands.create_model(model, desired.all_tags) for model in desired.models if model.name in missing
    )
    if creations:
        yield Step(StepKind.CREATE_MODELS, creations)


def _prerequisites(desired: Desired, observed: Observed) -> Iterator[Step]:
    """Yield what an endpoint is built from: first the models, then the config that names them."""
    names = frozenset(model.name for model in desired.models)
    yield from recreation_of_models(desired, names - observed.owners_of_models.keys())
    if observed.owner_of_config is None:
        creation = commands.create_endpoint_config(
            desired.config_name, desired.config_content, desired.all_tags
        )
        yield Step(StepKind.CREATE_ENDPOINT_CONFIG, (creation,))


def _update(desired: Desired, observed: Observed, endpoint: ObservedEndpoint) -> Step:
    """Return the update, together with the release of the scalable targets that would make AWS refuse it.

    They are one step, so that no other write comes between the release and the update (S3). By rule S1, the
    update waits until a variant that it gives a larger share has enough instances.
    """
    releases = (
        commands.deregister_scalable_target(desired.endpoint_name, variant)
        for variant in sorted(blocking_update(desired, observed))
    )
    shortage, waits_for = _shortage_at_switch(desired, endpoint)
    return Step(
        StepKind.UPDATE_ENDPOINT,
        (*releases, commands.update_endpoint(desired)),
        waits_for=waits_for,
        held=shortage,
    )


def _shortage_at_switch(desired: Desired, endpoint: ObservedEndpoint) -> tuple[str, frozenset[str]]:
    """Return which variants would be short of instances when AWS switches to the new fleet.

    If a variant scales, all live counts are retained and the weights come from the config; otherwise both
    come from the config, and no variant is short.
    """
    if not desired.retains_counts:
        return "", frozenset()
    retained = {variant.name: variant.desired_count for variant in endpoint.variants}
    short = list(short_of_instances(desired, live_weights(endpoint), desired.weights, retained))
    growing = scale_outs(desired, endpoint)
    waits_for = frozenset(growing[v.name].identity for v, _ in short if v.name in growing)
    return describe_shortage(short), waits_for
