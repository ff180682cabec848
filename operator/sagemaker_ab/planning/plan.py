"""What to do next: `plan(desired, observed, …) → Plan`.

A plan is an ordered list of phases, of which one pass executes the first. Every phase is safe to run alone
and to run again, and the next pass reads the truth anew, so the process may die between any two calls.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning import commands, scaling
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.observed import Leftovers, Observed
from sagemaker_ab.planning.ownership import describe_owner
from sagemaker_ab.planning.problem import Trouble
from sagemaker_ab.planning.state import EndpointState, determine


class PhaseKind(StrEnum):
    """The phases in AWS's own order."""

    CREATE_MODELS = "CreateModels"
    CREATE_ENDPOINT_CONFIG = "CreateEndpointConfig"
    RELEASE_SCALING = "ReleaseScaling"
    """Deregister scalable targets that AWS would refuse the update, or the deletion, for."""
    CREATE_ENDPOINT = "CreateEndpoint"
    UPDATE_ENDPOINT = "UpdateEndpoint"
    APPLY_SCALING = "ApplyScaling"
    SCALE_OUT = "ScaleOut"
    SHIFT_WEIGHTS = "ShiftWeights"
    SCALE_IN = "ScaleIn"
    TAG = "Tag"
    CLEAN_UP = "CleanUp"
    DELETE_ENDPOINT = "DeleteEndpoint"

    @property
    def deploys(self) -> bool:
        return self in {PhaseKind.CREATE_ENDPOINT, PhaseKind.UPDATE_ENDPOINT}

    @property
    def may_go_back(self) -> bool:
        """AWS takes these at once and may still fail to bring them about (RollingBack)."""
        return self in {PhaseKind.SCALE_OUT, PhaseKind.SHIFT_WEIGHTS, PhaseKind.SCALE_IN}


@dataclass(frozen=True, slots=True)
class Phase:
    """Writes that belong together and may be sent one after the other within a pass."""

    kind: PhaseKind
    commands: tuple[Command, ...]

    @property
    def identity(self) -> str:
        """Equal for equal phases."""
        return " ".join(command.identity for command in self.commands)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pass has decided.

    `phases` may be sent only when `actionable`; otherwise they say what waits. `trouble` keeps AWS from being
    as intended until the spec changes or a person asks. `wants_leftovers` asks for a listing, to plan again
    with it. Phases follow upon each other, unless they are `independent`; `meanwhile` can be done for the
    fleet in use while AWS refuses `phases`.
    """

    state: EndpointState
    phases: tuple[Phase, ...] = ()
    actionable: bool = True
    trouble: Trouble | None = None
    wants_leftovers: bool = False
    independent: bool = False
    meanwhile: tuple[Phase, ...] = ()

    @property
    def pending(self) -> tuple[Phase, ...]:
        """All that is still to be done, one way or the other."""
        return (*self.phases, *self.meanwhile)

    def sendable(self, quiet: Callable[[Phase], bool]) -> tuple[Phase, ...]:
        """Return what may be sent now, in order: a `quiet` phase is left alone, and what rests upon it."""
        if not self.actionable:
            return ()
        stuck = not self.independent and any(quiet(phase) for phase in self.phases)
        return tuple(phase for phase in (self.meanwhile if stuck else self.phases) if not quiet(phase))


def plan(
    desired: Desired,
    observed: Observed,
    *,
    deployment: Deployment | None = None,
    leftovers: Leftovers | None = None,
    managed_tag_keys: Iterable[str] = (),
) -> Plan:
    """Decide what brings AWS nearer to what is desired.

    `deployment` is the record that `follow` brought up to date, `managed_tag_keys` the tag keys that we
    have set on the endpoint before, so that one that leaves the spec leaves AWS, and nobody else's does.
    """
    state = determine(desired, observed, deployment)
    match state:
        case EndpointState.ABSENT | EndpointState.OUTDATED:
            settings = tuple(_settings(desired, observed, managed_tag_keys))
            return replace(_deploy(state, desired, observed), meanwhile=settings)
        case EndpointState.FAILED:
            return _failed(desired, observed, deployment)
        case EndpointState.FOREIGN:
            return Plan(state, trouble=_foreign(desired, observed))
        case EndpointState.OUT_OF_SERVICE:
            message = f"AWS reports endpoint {desired.endpoint_name} out of service"
            return Plan(state, trouble=Trouble(Reason.ENDPOINT_FAILED, message))
        case EndpointState.CREATING | EndpointState.DELETING | EndpointState.UNPROVEN:
            return Plan(state, actionable=False)
        case EndpointState.BUSY:
            return Plan(state, _busy(desired, observed, managed_tag_keys), actionable=False)
        case EndpointState.ROLLED_BACK:
            settings = tuple(_settings(desired, observed, managed_tag_keys))
            return Plan(state, settings, trouble=_deployment_failed(deployment), independent=True)
        case EndpointState.CURRENT:
            return _current(desired, observed, leftovers, managed_tag_keys)


def _deploy(state: EndpointState, desired: Desired, observed: Observed) -> Plan:
    existing = {f"model {name}": tags for name, tags in observed.owners_of_models.items()}
    if observed.owner_of_config is not None:
        existing[f"endpoint config {desired.config_name}"] = observed.owner_of_config
    for what, tags in existing.items():
        if not desired.owner.owns(tags):
            return Plan(state, trouble=_left_alone(what, tags))
    fleet = [_create(desired)] if state is EndpointState.ABSENT else _update(desired, observed)
    return Plan(state, (*_groundwork(desired, observed), *fleet))


def _groundwork(desired: Desired, observed: Observed) -> Iterator[Phase]:
    """What an endpoint is built from: models first, then the config that names them."""
    missing = [model for model in desired.models if model.name not in observed.owners_of_models]
    if missing:
        creations = tuple(commands.create_model(model, desired.all_tags) for model in missing)
        yield Phase(PhaseKind.CREATE_MODELS, creations)
    if observed.owner_of_config is None:
        yield Phase(PhaseKind.CREATE_ENDPOINT_CONFIG, (commands.create_endpoint_config(desired),))


def _create(desired: Desired) -> Phase:
    return Phase(PhaseKind.CREATE_ENDPOINT, (commands.create_endpoint(desired),))


def _update(desired: Desired, observed: Observed) -> Iterator[Phase]:
    # A config deleted underneath its endpoint comes back under its name: no update to the one in use.
    if observed.endpoint and observed.endpoint.config_name == desired.config_name:
        return
    releases = tuple(scaling.in_the_way(desired, observed))
    if releases:
        yield Phase(PhaseKind.RELEASE_SCALING, releases)
    yield Phase(PhaseKind.UPDATE_ENDPOINT, (commands.update_endpoint(desired),))


def _failed(desired: Desired, observed: Observed, deployment: Deployment | None) -> Plan:
    """A failed endpoint can only be deleted; another attempt needs a reason to end otherwise."""
    hopeless = (
        deployment is not None
        and deployment.state is DeploymentState.FAILED
        and deployment.fingerprint == desired.fingerprint
        and not deployment.retry_due(observed.now)
    )
    if hopeless:
        return Plan(EndpointState.FAILED, trouble=_deployment_failed(deployment))
    deletion = Phase(PhaseKind.DELETE_ENDPOINT, (commands.delete_endpoint(desired.endpoint_name),))
    return Plan(EndpointState.FAILED, (deletion,))


def _deployment_failed(deployment: Deployment | None) -> Trouble:
    return Trouble(Reason.DEPLOYMENT_FAILED, deployment.message if deployment else "")


def _foreign(desired: Desired, observed: Observed) -> Trouble:
    return _left_alone(
        f"endpoint {desired.endpoint_name}", observed.endpoint.tags if observed.endpoint else {}
    )


def _left_alone(what: str, tags: Mapping[str, str]) -> Trouble:
    return Trouble(Reason.NOT_OWNED, f"{what} exists and is {describe_owner(tags)}: it is left alone")


def _busy(desired: Desired, observed: Observed, managed_tag_keys: Iterable[str]) -> tuple[Phase, ...]:
    """While AWS is busy nothing can be done; what will remain to be done tells whether this is our business.

    The autoscaler makes an endpoint busy all the time, and that alone leaves the resource ready.
    """
    endpoint = observed.endpoint
    if endpoint is None or endpoint.pending_config_name or not observed.deploys(desired):
        return ()
    return tuple(_settings(desired, observed, managed_tag_keys))


def _current(
    desired: Desired, observed: Observed, leftovers: Leftovers | None, managed_tag_keys: Iterable[str]
) -> Plan:
    phases = tuple(_settings(desired, observed, managed_tag_keys))
    if phases:
        return Plan(EndpointState.CURRENT, phases, independent=True)
    if leftovers is None:
        return Plan(EndpointState.CURRENT, wants_leftovers=True)
    return Plan(EndpointState.CURRENT, tuple(_clean_up(desired, observed, leftovers)))


def _settings(desired: Desired, observed: Observed, managed_tag_keys: Iterable[str]) -> Iterator[Phase]:
    """What can be changed on the fleet that is there, in the order that keeps traffic on enough instances."""
    endpoint = observed.endpoint
    if endpoint is None:
        return
    scaled = tuple(scaling.differences(desired, observed))
    if scaled:
        yield Phase(PhaseKind.APPLY_SCALING, scaled)
    counts = [
        (variant, live) for variant, live in _counts(desired, observed) if variant.instance_count != live
    ]
    growing = [variant for variant, live in counts if variant.instance_count > live]
    shrinking = [variant for variant, live in counts if variant.instance_count < live]
    yield from (_count(PhaseKind.SCALE_OUT, desired, variant) for variant in growing)
    live_weights = {variant.name: variant.desired_weight for variant in endpoint.variants}
    if live_weights.keys() == desired.weights.keys() and live_weights != desired.weights:
        shift = commands.update_weights(desired.endpoint_name, desired.weights)
        yield Phase(PhaseKind.SHIFT_WEIGHTS, (shift,))
    yield from (_count(PhaseKind.SCALE_IN, desired, variant) for variant in shrinking)
    tags = tuple(_tags(desired, observed, managed_tag_keys))
    if tags:
        yield Phase(PhaseKind.TAG, tags)


def _counts(desired: Desired, observed: Observed) -> Iterator[tuple[DesiredVariant, int]]:
    """Pair the variants whose count is ours with the live one; the autoscaler owns the others'."""
    for variant in desired.variants:
        live = observed.endpoint.variant(variant.name) if observed.endpoint else None
        if live is not None and variant.scaling is None:
            yield variant, live.desired_count


def _count(kind: PhaseKind, desired: Desired, variant: DesiredVariant) -> Phase:
    change = commands.update_instance_count(desired.endpoint_name, variant.name, variant.instance_count)
    return Phase(kind, (change,))


def _tags(desired: Desired, observed: Observed, managed_tag_keys: Iterable[str]) -> Iterator[Command]:
    endpoint = observed.endpoint
    if endpoint is None:
        return
    stale = (set(managed_tag_keys) & endpoint.tags.keys()) - desired.all_tags.keys()
    if stale:
        # First, for there may be no room beside them.
        yield commands.delete_tags(endpoint.arn, stale)
    missing = {key: value for key, value in desired.all_tags.items() if endpoint.tags.get(key) != value}
    if missing:
        yield commands.add_tags(endpoint.arn, missing)


def _clean_up(desired: Desired, observed: Observed, leftovers: Leftovers) -> Iterator[Phase]:
    """Remove configs and models that nothing refers to; what serves now is the last good one and stays."""
    config = observed.config_in_use
    used_models = {config.model_name(variant.name) for variant in desired.variants} if config else set()
    stale_configs = leftovers.configs - {config.name if config else None, desired.config_name}
    stale_models = leftovers.models - used_models - {model.name for model in desired.models}
    deletions = (
        *(commands.delete_endpoint_config(name) for name in sorted(stale_configs)),
        *(commands.delete_model(name) for name in sorted(stale_models)),
    )
    if deletions:
        yield Phase(PhaseKind.CLEAN_UP, deletions)
