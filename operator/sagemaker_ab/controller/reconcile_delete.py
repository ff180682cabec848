"""Reconciles a deleted resource: removes its objects from AWS, then releases its finalizer."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.resource import ACCOUNT, REGION, InvalidSpec, parse_spec
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients, NoRegion
from sagemaker_ab.controller.apply import Outcome, Refused, apply
from sagemaker_ab.controller.context import ReconcileContext
from sagemaker_ab.controller.garbage import list_for_deletion
from sagemaker_ab.planning.alarms import ALARMS_UNREAD, alarms_handed_over
from sagemaker_ab.planning.deletion import plan_deletion
from sagemaker_ab.planning.desired_scaling import alarm_prefix_of
from sagemaker_ab.planning.garbage import OwnedObjects, in_use, plan_garbage_collection
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.steps import Step

_LOCATION = "account and region"
_UNKNOWN_ACCOUNT = (
    f"the AWS account of the endpoint is not known: neither the annotation {ACCOUNT} nor the status has it."
    f" Set the annotations {ACCOUNT} and {REGION}, or set spec.deletionPolicy to Retain"
)


def reconcile_delete(context: ReconcileContext) -> float | None:
    """Take one step of a deletion; return the seconds until the next, None once the finalizer is released.

    The spec is not validated: a spec that breaks a rule must not block its deletion.
    """
    context.services.forget(context.key)
    context.honor_request()
    if context.resource["spec"].get("deletionPolicy") == "Retain":
        _report_unrestored(context)
        _release_finalizer(context)
        return None
    if context.location.account is None:
        return _unreachable(context, Problem(Reason.LOCATION_CHANGED, _UNKNOWN_ACCOUNT))
    try:
        return _reconcile(context)
    except NoRegion as error:
        return _unreachable(context, Problem(Reason.NO_REGION, str(error)))
    except AwsError as error:
        return context.report_failed_read(error)


def _reconcile(context: ReconcileContext) -> float | None:
    services = context.services
    region = context.resource["spec"].get("region")
    clients = services.aws.clients(context.location.region or region)
    account = services.aws.account(clients)
    moved = context.location.problem(account=account, region=region)
    if moved is not None:
        return _unreachable(context, moved)
    endpoint_name = context.resource["spec"]["endpointName"]
    observed = services.observer.observe(clients, endpoint_name, deleting=True)
    # Somebody may have taken the annotations off, and the status may be lost before the deletion is over.
    context.pin(account, clients.region)
    decided = plan_deletion(endpoint_name, context.owner, observed)
    if decided.problem is not None:
        context.report_problem(decided.problem)
        return context.until_resync()
    if decided.endpoint_gone:
        return _collect_garbage(context, clients, endpoint_name, observed, decided.handed_over)
    if decided.step is None:
        return _wait(context, "Waiting for AWS to finish the current operation on the endpoint")
    return _apply(context, clients, decided.step)


def _collect_garbage(
    context: ReconcileContext, clients: AwsClients, endpoint_name: str, observed: Observed, handed_over: str
) -> float | None:
    """Delete what no endpoint of that name uses, then release the finalizer."""
    listing = list_for_deletion(context, clients, endpoint_name, observed)
    if listing is None:
        return _wait(context, "Waiting until AWS's listings show all objects of the endpoint")
    if listing.alarms_unread and _may_have_alarms(context):
        return _unreachable(context, Problem(Reason.ACCESS_DENIED, ALARMS_UNREAD))
    keep = in_use(observed)
    if handed_over:
        prefix = alarm_prefix_of(endpoint_name, context.owner.fingerprint)
        keep |= OwnedObjects(alarms=alarms_handed_over(prefix, observed))
    step = plan_garbage_collection(listing.owned, keep=keep, read_at=observed.read_at)
    if step is not None:
        return _apply(context, clients, step)
    if handed_over:
        message = f"Endpoint {endpoint_name} is {handed_over}: it stays in AWS with all that it uses"
        context.record_event("Warning", "HandedOver", message)
    _release_finalizer(context)
    return None


def _may_have_alarms(context: ReconcileContext) -> bool:
    """Return whether the spec declares alarms; a role that cannot read alarms has created no others."""
    try:
        spec = parse_spec(context.resource["spec"])
    except InvalidSpec:
        return True
    scalings = [variant.autoscaling for variant in spec.variants if variant.autoscaling]
    return any(policy.step_scaling for scaling in scalings for policy in scaling.policies)


def _apply(context: ReconcileContext, clients: AwsClients, step: Step) -> float:
    poll_seconds = context.services.settings.poll_seconds
    known = context.memory.problem_of([step])
    if known is not None and context.in_backoff(step):
        context.report_problem(known)
        return poll_seconds
    context.report_problem(known or Problem(Reason.DELETING, f"Next: {step.description}", stalled=False))
    outcome = apply(context, clients, step)
    if isinstance(outcome, Refused):
        context.report_problem(outcome.problem)
        return min(context.back_off(outcome.command.subject, outcome.problem), context.until_resync())
    if outcome is Outcome.BUSY:
        return context.until_resync()
    return 0.0 if outcome is Outcome.ACCEPTED else poll_seconds


def _wait(context: ReconcileContext, message: str) -> float:
    context.report_problem(Problem(Reason.DELETING, message, stalled=False))
    return context.services.settings.poll_seconds


def _unreachable(context: ReconcileContext, problem: Problem) -> float:
    context.report_problem(problem)
    return min(context.back_off(_LOCATION, problem), context.until_resync())


def _report_unrestored(context: ReconcileContext) -> None:
    """Hand what is deregistered for an update to the user: nobody restores it after the resource is gone."""
    for target in context.status.released_scaling or ():
        message = f"Autoscaling of {target.name} is deregistered for an update and stays so: {target.content}"
        context.record_event("Warning", "NotRestored", message)


def _release_finalizer(context: ReconcileContext) -> None:
    context.services.kube.remove_finalizer(context.resource)
