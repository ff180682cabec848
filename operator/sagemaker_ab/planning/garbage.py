"""Garbage collection: models, endpoint configs and alarms of ours that nothing refers to any more.

S4: nothing is deleted that the endpoint of that name uses or is updating to, no matter who owns it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.alarms import declared_alarms, policy_alarms, released_alarms
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed, ObservedConfig
from sagemaker_ab.planning.released import Released
from sagemaker_ab.planning.steps import Step, StepKind

_MOST_ALARMS: Final = 100
"""How many alarms DeleteAlarms takes."""
READ_VALID_SECONDS: Final = 50.0
"""How long after its beginning, on AWS's clock, a read of the endpoint supports a deletion.

The rule allows 60 s; AWS's clock is known to a few seconds, and the request takes a moment to arrive.
"""


@dataclass(frozen=True, slots=True)
class OwnedObjects:
    """Names of models, endpoint configs and alarms: those that are ours, or those to be kept.

    Models and configs are ours by their tags, alarms by their names.
    """

    models: frozenset[str] = frozenset()
    configs: frozenset[str] = frozenset()
    alarms: frozenset[str] = frozenset()

    def __or__(self, other: "OwnedObjects") -> "OwnedObjects":
        return OwnedObjects(
            self.models | other.models, self.configs | other.configs, self.alarms | other.alarms
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing of a region's models and configs has found.

    `models` are the names of all models that may belong to the endpoint, no matter who owns them. If
    `alarms_unread`, the role does not allow reading alarms, and `owned` has none.
    `model_tags` holds the tags of those that we own, by their ARN.
    """

    owned: OwnedObjects
    models: frozenset[str] = frozenset()
    alarms_unread: bool = False
    model_tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def plan_garbage_collection(owned: OwnedObjects, *, keep: OwnedObjects, read_at: float) -> Step | None:
    """Return the step that deletes what is owned and not kept, None if there is nothing to delete.

    `read_at` is when the read began from which `keep` follows. Configs go first, since they
    refer to models.
    """
    alarms = sorted(owned.alarms - keep.alarms)
    deletions = (
        *(
            commands.delete_alarms(alarms[first : first + _MOST_ALARMS])
            for first in range(0, len(alarms), _MOST_ALARMS)
        ),
        *(commands.delete_endpoint_config(name) for name in sorted(owned.configs - keep.configs)),
        *(commands.delete_model(name) for name in sorted(owned.models - keep.models)),
    )
    if not deletions:
        return None
    return Step(StepKind.COLLECT_GARBAGE, deletions, valid_until=read_at + READ_VALID_SECONDS)


def plan_image_pins(desired: Desired, listing: Listing) -> Step | None:
    """Return the step that tags models in use with the pin of their images, where they carry none.

    A model that an earlier version of the operator created has no pin.
    """
    pins = {model.name.lower(): model.tags for model in desired.models if model.tags}
    tagging = []
    for arn, tags in sorted(listing.model_tags.items()):
        pin = pins.get(arn.rpartition("/")[2].lower(), {})
        if pin and not pin.keys() <= tags.keys():
            tagging.append(commands.tag_model(arn, pin))
    return Step(StepKind.TAG, tuple(tagging)) if tagging else None


def alarms_in_use(desired: Desired, observed: Observed, released: Mapping[str, Released]) -> OwnedObjects:
    """Return the alarms of scaling policies that exist, and of those that are released for an update."""
    return OwnedObjects(alarms=policy_alarms(desired, observed) | released_alarms(desired, released))


def in_use(observed: Observed) -> OwnedObjects:
    """Return what the endpoint uses and what it is being updated to."""
    endpoint = observed.endpoint
    names = {endpoint.config_name, endpoint.pending_config_name} if endpoint else set()
    return OwnedObjects(
        models=frozenset(model for config in _configs(observed) for model in config.models),
        configs=frozenset(name for name in names if name),
    )


def named_by(desired: Desired) -> OwnedObjects:
    """Return what the desired state consists of."""
    return OwnedObjects(
        models=frozenset(model.name for model in desired.models),
        configs=frozenset({desired.config_name}),
        alarms=declared_alarms(desired),
    )


def models_in_use_unknown(observed: Observed) -> bool:
    """Return whether the endpoint uses a config that cannot be read, so that its models are not known."""
    return not in_use(observed).configs <= {config.name for config in _configs(observed)}


def _configs(observed: Observed) -> Iterator[ObservedConfig]:
    for config in (observed.config_in_use, observed.pending_config):
        if config is not None:
            yield config
