"""The steps that build a fleet: models, endpoint config, endpoint."""

from collections.abc import Iterator

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.names import may_stem_from
from sagemaker_ab.planning.observed import Observed, ObservedConfig
from sagemaker_ab.planning.scaling import blocking_update
from sagemaker_ab.planning.steps import Step, StepKind, in_sequence
from sagemaker_ab.planning.switch import update_held


def rollout(desired: Desired, observed: Observed) -> tuple[Step, ...]:
    """Return the steps that are missing for the desired deployment, each waiting for the one before it."""
    if observed.endpoint is None:
        fleet = [Step(StepKind.CREATE_ENDPOINT, (commands.create_endpoint(desired),))]
    else:
        fleet = list(_update(desired, observed))
    return in_sequence([*_prerequisites(desired, observed), *fleet])


def recreation_of_config(desired: Desired, observed: Observed, config: ObservedConfig) -> tuple[Step, ...]:
    """Return the steps that create the config in use again, under its name, after it was deleted.

    AWS refuses to update an endpoint whose config does not exist. A config of another origin is created
    without our tags, as it was.
    """
    missing = frozenset(model.name for model in desired.models if model.name in config.models)
    tags = desired.all_tags if may_stem_from(config.name, desired.endpoint_name) else {}
    creation = commands.create_endpoint_config(config.name, config.content, tags)
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


def _update(desired: Desired, observed: Observed) -> Iterator[Step]:
    """Yield the update, together with the release of the scalable targets for which AWS refuses it.

    They are one step, so that nothing comes between the release and its update, and everything else is ready
    before (S3). The update can still wait: see `switch`. There is none to the config that is in use.
    """
    if observed.endpoint and observed.endpoint.config_name == desired.config_name:
        return
    releases = [
        commands.deregister_scalable_target(desired.endpoint_name, variant)
        for variant in sorted(blocking_update(desired, observed))
    ]
    yield Step(
        StepKind.UPDATE_ENDPOINT,
        (*releases, commands.update_endpoint(desired)),
        held=update_held(desired, observed),
        repeats_targets=bool(releases),
    )
