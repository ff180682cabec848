"""Takes a deleted resource's objects out of AWS, and its finalizer off once they are gone."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients, NoRegion
from sagemaker_ab.controller import apply as act
from sagemaker_ab.controller.context import Case
from sagemaker_ab.controller.gather import elsewhere
from sagemaker_ab.controller.reconcile_normal import unread
from sagemaker_ab.planning.consistency import STALENESS_SECONDS
from sagemaker_ab.planning.deletion import plan_deletion
from sagemaker_ab.planning.observed import Leftovers, Observed
from sagemaker_ab.planning.plan import Phase
from sagemaker_ab.planning.problem import Trouble

_PLACE = "account and region"


def remove(case: Case) -> float | None:
    """Take one step of a deletion; return the seconds until the next, None when the resource is free to go.

    The spec is read leniently: one that breaks the rules must not keep its resource from going.
    """
    case.services.metrics.forget(case.key)
    if case.resource["spec"].get("deletionPolicy") == "Retain":
        _let_go(case)
        return None
    try:
        return _remove(case)
    except NoRegion as error:
        wait = _misplaced(case, Trouble(Reason.NO_REGION, str(error)))
    except AwsError as error:
        wait = unread(case, error)
    # Account and region are pinned in status before the first write: nothing was ever written to AWS.
    if case.status.account is None and any(s.trouble.stalled for s in case.memory.setbacks.values()):
        _let_go(case)
        return None
    return wait


def _let_go(case: Case) -> None:
    case.services.kube.remove_finalizer(case.resource)


def _misplaced(case: Case, trouble: Trouble) -> float:
    case.tell_trouble(trouble)
    return case.set_back(_PLACE, trouble)


def _remove(case: Case) -> float | None:
    services = case.services
    region = case.resource["spec"].get("region")
    clients = services.aws.clients(case.status.region or region)
    moved = elsewhere(case, services.aws.account(clients), region)
    if moved is not None:
        return _misplaced(case, moved)
    endpoint_name = case.resource["spec"]["endpointName"]
    observed = services.observer.observe(clients, endpoint_name, None)
    decided = plan_deletion(endpoint_name, case.owner, observed)
    if decided.wants_leftovers:
        leftovers = _leftovers(case, clients, endpoint_name, observed)
        if leftovers is None:
            return _wait(case, "Waiting for AWS's listings to show all that belongs to the endpoint")
        decided = plan_deletion(endpoint_name, case.owner, observed, leftovers=leftovers)
    if decided.done:
        _let_go(case)
        return None
    if not decided.phases:
        return _wait(case, "Waiting for AWS to finish what it is doing with the endpoint")
    return _send(case, clients, decided.phases[0])


def _send(case: Case, clients: AwsClients, phase: Phase) -> float:
    settings = case.services.settings
    standing = case.memory.standing_trouble([phase])
    if standing is not None and case.quiet(phase):
        case.tell_trouble(standing)
        return settings.poll_seconds
    next_step = "Next: " + "; ".join(command.says for command in phase.commands)
    case.tell_trouble(standing or Trouble(Reason.DELETING, next_step, stalled=False))
    outcome = act.send(case, clients, phase)
    if isinstance(outcome, Trouble):
        case.tell_trouble(outcome)
        return case.set_back(phase.identity, outcome)
    return 0.0 if outcome is act.Reply.ACCEPTED else settings.poll_seconds


def _leftovers(case: Case, clients: AwsClients, endpoint_name: str, observed: Observed) -> Leftovers | None:
    """List what is left, unless a listing may still miss what was created just before."""
    if case.memory.deleting_since is None:
        case.memory.deleting_since = observed.now
    due = case.memory.deleting_since + STALENESS_SECONDS
    if observed.now < due:
        return None
    return case.services.inventory.leftovers(clients, case.owner, endpoint_name, not_before=due)


def _wait(case: Case, message: str) -> float:
    case.tell_trouble(Trouble(Reason.DELETING, message, stalled=False))
    return case.services.settings.poll_seconds
