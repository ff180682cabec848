"""The steps that build a fleet: models, endpoint config, release of scaling, endpoint."""

from collections.abc import Iterator

from sagemaker_ab.planning import commands, scaling
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.steps import Step, StepKind, in_sequence


def rollout(desired: Desired, observed: Observed) -> tuple[Step, ...]:
    """Return what is missing of the desired deployment; each step waits for the one before it."""
    fleet = _creation(desired) if observed.endpoint is None else _update(desired, observed)
    return in_sequence([*_prerequisites(desired, observed), *fleet])


def _prerequisites(desired: Desired, observed: Observed) -> Iterator[Step]:
    """Yield what an endpoint is built from: first the models, then the config that names them."""
    missing = [model for model in desired.models if model.name not in observed.owners_of_models]
    if missing:
        creations = tuple(commands.create_model(model, desired.all_tags) for model in missing)
        yield Step(StepKind.CREATE_MODELS, creations)
    if observed.owner_of_config is None:
        yield Step(StepKind.CREATE_ENDPOINT_CONFIG, (commands.create_endpoint_config(desired),))


def _creation(desired: Desired) -> Iterator[Step]:
    yield Step(StepKind.CREATE_ENDPOINT, (commands.create_endpoint(desired),))


def _update(desired: Desired, observed: Observed) -> Iterator[Step]:
    # A config that was deleted while its endpoint uses it is created again under its name, without an update.
    if observed.endpoint and observed.endpoint.config_name == desired.config_name:
        return
    releases = tuple(scaling.blocking_update(desired, observed))
    if releases:
        yield Step(StepKind.RELEASE_SCALING, releases)
    yield Step(StepKind.UPDATE_ENDPOINT, (commands.update_endpoint(desired),))
