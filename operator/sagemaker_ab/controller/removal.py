"""Takes a deleted resource's objects out of AWS, and its finalizer off once they are gone."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients, NoRegion
from sagemaker_ab.controller import act
from sagemaker_ab.controller.case import Case
from sagemaker_ab.controller.upkeep import elsewhere, setback
from sagemaker_ab.planning.deletion import plan_deletion
from sagemaker_ab.planning.observed import Leftovers, Observed
from sagemaker_ab.planning.plan import Plan
from sagemaker_ab.planning.trouble import Trouble

_LISTING_DELAY_SECONDS = 10.0
"""A listing may be some seconds behind: what was created just before is in one begun this much later."""


def remove(case: Case) -> float | None:
    """Take one step of a deletion; return the seconds until the next, None when the resource is free to go.

    The spec is read leniently: one that breaks the rules must not keep its resource from going.
    """
    if case.resource["spec"].get("deletionPolicy") == "Retain":
        case.services.kube.remove_finalizer(case.resource)
        return None
    try:
        return _remove(case)
    except NoRegion as error:
        trouble = Trouble(Reason.INVALID_SPEC, str(error))
    except AwsError as error:
        trouble = act.failed_read(case, error.failure)
    if case.status.account is None and trouble.stalled:
        # Nothing was ever written to AWS: account and region are pinned in status before the first write.
        case.services.kube.remove_finalizer(case.resource)
        return None
    return setback(case, None, trouble)


def _remove(case: Case) -> float | None:
    services = case.services
    region = case.resource["spec"].get("region")
    clients = services.aws.clients(case.status.region or region)
    moved = elsewhere(case, services.aws.account(clients), region)
    if moved is not None:
        return setback(case, None, moved)
    endpoint_name = case.resource["spec"]["endpointName"]
    observed = services.observer.observe(clients, endpoint_name, None)
    decided = plan_deletion(endpoint_name, case.owner, observed)
    if decided.wants_leftovers:
        leftovers = _leftovers(case, clients, endpoint_name, observed)
        if leftovers is None:
            return _wait(case, "Waiting for AWS's listings to show all that belongs to the endpoint")
        decided = plan_deletion(endpoint_name, case.owner, observed, leftovers=leftovers)
    if decided.done:
        services.kube.remove_finalizer(case.resource)
        return None
    return _step(case, clients, decided)


def _step(case: Case, clients: AwsClients, decided: Plan) -> float:
    if not decided.phases:
        return _wait(case, "Waiting for AWS to finish what it is doing with the endpoint")
    phase = decided.phases[0]
    _tell(case, "Next: " + "; ".join(command.says for command in phase.commands))
    outcome = act.send(case, clients, phase)
    if isinstance(outcome, Trouble):
        return setback(case, phase, outcome)
    return 0.0 if outcome is act.Reply.ACCEPTED else case.services.settings.poll_seconds


def _leftovers(case: Case, clients: AwsClients, endpoint_name: str, observed: Observed) -> Leftovers | None:
    """List what is left, unless a listing may still miss what was created just before."""
    if case.memory.deleting_since is None:
        case.memory.deleting_since = observed.now
    due = case.memory.deleting_since + _LISTING_DELAY_SECONDS
    if observed.now < due:
        return None
    return case.services.inventory.leftovers(clients, case.owner, endpoint_name, not_before=due)


def _wait(case: Case, message: str) -> float:
    _tell(case, message)
    return case.services.settings.poll_seconds


def _tell(case: Case, message: str) -> None:
    case.tell_trouble(Trouble(Reason.DELETING, message, stalled=False))
