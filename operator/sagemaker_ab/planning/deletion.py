"""How a resource goes: nothing of ours is left in AWS when its finalizer is."""

from dataclasses import dataclass

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.observed import Leftovers, Observed
from sagemaker_ab.planning.ownership import Owner
from sagemaker_ab.planning.plan import Phase, PhaseKind


@dataclass(frozen=True, slots=True)
class Removal:
    """The next steps of a deletion; without any it waits, unless it is `done` and the finalizer may go.

    `wants_leftovers` asks for a listing, to plan again with it.
    """

    phases: tuple[Phase, ...] = ()
    wants_leftovers: bool = False
    done: bool = False


def plan_deletion(
    endpoint_name: str, owner: Owner, observed: Observed, *, leftovers: Leftovers | None = None
) -> Removal:
    """Decide the next step of a deletion: scaling, endpoint, configs and models, and at last the finalizer.

    AWS refuses to delete a busy endpoint, so a deletion waits for whatever goes on. Configs and models go
    after the endpoint, since a fleet that loses them breaks.
    """
    endpoint = observed.endpoint
    if endpoint is None or not owner.owns(endpoint.tags):
        return _remains(leftovers)
    if endpoint.status.busy:
        return Removal()
    deletion = Phase(PhaseKind.DELETE_ENDPOINT, (commands.delete_endpoint(endpoint_name),))
    if not observed.targets:
        return Removal((deletion,))
    releases = tuple(
        commands.deregister_scalable_target(endpoint_name, variant) for variant in sorted(observed.targets)
    )
    return Removal((Phase(PhaseKind.RELEASE_SCALING, releases), deletion))


def _remains(leftovers: Leftovers | None) -> Removal:
    if leftovers is None:
        return Removal(wants_leftovers=True)
    deletions = (
        *(commands.delete_endpoint_config(name) for name in sorted(leftovers.configs)),
        *(commands.delete_model(name) for name in sorted(leftovers.models)),
    )
    if not deletions:
        return Removal(done=True)
    return Removal((Phase(PhaseKind.CLEAN_UP, deletions),))
