"""Garbage collection: models and endpoint configs of ours that nothing refers to any more."""

from dataclasses import dataclass

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.steps import Step, StepKind


@dataclass(frozen=True, slots=True)
class OwnedObjects:
    """The names of the models and endpoint configs that carry our owner's tags."""

    models: frozenset[str] = frozenset()
    configs: frozenset[str] = frozenset()


def plan_garbage_collection(owned: OwnedObjects, *, keep: OwnedObjects) -> Step | None:
    """Return the step that deletes what is owned and not kept, None if there is nothing to delete.

    Configs go first, since they refer to models.
    """
    deletions = (
        *(commands.delete_endpoint_config(name) for name in sorted(owned.configs - keep.configs)),
        *(commands.delete_model(name) for name in sorted(owned.models - keep.models)),
    )
    return Step(StepKind.COLLECT_GARBAGE, deletions) if deletions else None


def in_use(observed: Observed, desired: Desired) -> OwnedObjects:
    """Return what a converged endpoint uses, and what the desired state names.

    The config in use is the last good one. It stays although its initial weights may no longer be the
    intended ones.
    """
    named = OwnedObjects(
        models=frozenset(model.name for model in desired.models), configs=frozenset({desired.config_name})
    )
    config = observed.config_in_use
    if config is None:
        return named
    serving = (config.model_name(variant.name) for variant in desired.variants)
    return OwnedObjects(
        models=named.models | {name for name in serving if name is not None},
        configs=named.configs | {config.name},
    )
