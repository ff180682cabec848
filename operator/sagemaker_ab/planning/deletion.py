"""How a resource goes: nothing of ours is left in AWS when its finalizer is."""

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.observed import Leftovers, Observed
from sagemaker_ab.planning.ownership import Owner
from sagemaker_ab.planning.plan import Phase, PhaseKind, Plan
from sagemaker_ab.planning.state import EndpointState


def plan_deletion(
    endpoint_name: str, owner: Owner, observed: Observed, *, leftovers: Leftovers | None = None
) -> Plan:
    """Decide the next step of a deletion: scaling, endpoint, configs and models, and at last the finalizer.

    AWS refuses to delete a busy endpoint, so a deletion waits for whatever goes on. Configs and models go
    after the endpoint, since a fleet that loses them breaks.
    """
    endpoint = observed.endpoint
    if endpoint is None:
        return _remains(EndpointState.ABSENT, leftovers)
    if not owner.owns(endpoint.tags):
        return _remains(EndpointState.FOREIGN, leftovers)
    if endpoint.status.busy:
        return Plan(EndpointState.BUSY, actionable=False)
    deletion = Phase(PhaseKind.DELETE_ENDPOINT, (commands.delete_endpoint(endpoint_name),))
    if not observed.targets:
        return Plan(EndpointState.CURRENT, (deletion,))
    releases = tuple(
        commands.deregister_scalable_target(endpoint_name, variant) for variant in sorted(observed.targets)
    )
    return Plan(EndpointState.CURRENT, (Phase(PhaseKind.RELEASE_SCALING, releases), deletion))


def _remains(state: EndpointState, leftovers: Leftovers | None) -> Plan:
    if leftovers is None:
        return Plan(state, wants_leftovers=True)
    deletions = (
        *(commands.delete_endpoint_config(name) for name in sorted(leftovers.configs)),
        *(commands.delete_model(name) for name in sorted(leftovers.models)),
    )
    if not deletions:
        return Plan(state, done=True)
    return Plan(state, (Phase(PhaseKind.CLEAN_UP, deletions),))
