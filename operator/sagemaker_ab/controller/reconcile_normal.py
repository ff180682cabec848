"""Reconciles a resource that is not being deleted: gather, report, apply one step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.resource import InvalidSpec, parse_spec
from sagemaker_ab.api.status import Status
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients, NoRegion
from sagemaker_ab.controller.apply import Outcome, Refused, apply
from sagemaker_ab.controller.context import ReconcileContext
from sagemaker_ab.controller.garbage import garbage_step, retry_garbage_collection_later
from sagemaker_ab.controller.gather import gather, release_recorded
from sagemaker_ab.controller.runs import before_sent
from sagemaker_ab.planning import deployment as deployments
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired_scaling import schedule_errors
from sagemaker_ab.planning.garbage import named_by
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.status import Gathered, report
from sagemaker_ab.planning.steps import Step, StepKind

FollowRun = Callable[[ReconcileContext, Problem], float]
"""Follows the run alone and reports the problem; returns the seconds until the next reconcile."""


def reconcile_normal(context: ReconcileContext, follow_run: FollowRun) -> float:
    """Bring AWS one step nearer to the spec; return the seconds until the next reconcile.

    `follow_run` is called if the spec is invalid or AWS cannot be read.
    """
    context.honor_request()
    try:
        return _reconcile(context)
    except InvalidSpec as error:
        return follow_run(context, Problem(Reason.INVALID_SPEC, str(error)))
    except NoRegion as error:
        context.report_problem(Problem(Reason.NO_REGION, str(error)))
    except AwsError as error:
        return _failed_read(context, error, follow_run)
    return context.until_resync()


def _failed_read(context: ReconcileContext, error: AwsError, follow_run: FollowRun) -> float:
    """Report that AWS could not be read; follow the run all the same, unless the next read may succeed."""
    if not context.follows_run:
        return context.report_failed_read(error)
    problem, repeated, requeue_after = context.failed_read(error)
    if not (problem.stalled or repeated):
        return requeue_after
    return min(requeue_after, follow_run(context, problem))


def _reconcile(context: ReconcileContext) -> float:
    spec = parse_spec(context.resource["spec"])
    if errors := schedule_errors(spec):
        raise InvalidSpec(errors)
    clients = context.services.aws.clients(context.location.region or spec.region)
    account = context.services.aws.account(clients)
    moved = context.location.problem(account=account, region=spec.region)
    if moved is not None:
        context.report_problem(moved)
        return context.until_resync()
    gathered = gather(context, spec, clients, account)
    context.record_successful_read()
    if gathered.plan.steps or gathered.owns_endpoint:
        context.pin(account, clients.region)
    step = gathered.plan.next_step(context.in_backoff)
    if step is not None:
        return _advance(context, clients, gathered, step)
    context.write_status(_report(context, gathered))
    if gathered.plan.state in {EndpointState.CURRENT, EndpointState.ROLLED_BACK}:
        known = context.memory.missing_models
        garbage = garbage_step(context, clients, gathered)
        if (context.memory.missing_models - known) & named_by(gathered.desired).models:
            return 0.0
        if garbage is not None:
            return _collect_garbage(context, clients, gathered, garbage)
    return _requeue_after(context, gathered)


def _collect_garbage(context: ReconcileContext, clients: AwsClients, gathered: Gathered, step: Step) -> float:
    """Delete garbage. A failure does not affect what the spec asks for: it is an event, not a condition."""
    outcome = apply(context, clients, step)
    if isinstance(outcome, Refused):
        context.record_event("Warning", outcome.problem.reason, outcome.problem.message)
        retry_garbage_collection_later(context, gathered)
        return context.services.settings.poll_seconds
    context.memory.list_again()
    if outcome is not Outcome.ACCEPTED:
        return context.services.settings.poll_seconds
    context.memory.garbage_failures = 0
    return 0.0


def _requeue_after(context: ReconcileContext, gathered: Gathered) -> float:
    settings = context.services.settings
    if not gathered.plan.actionable or context.memory.awaiting_consistency(gathered.observed.now):
        return settings.poll_seconds
    now = context.services.local_clock()
    retries = [max(settings.poll_seconds, at - now) for at in context.memory.retry_times]
    return min([context.until_resync(), *retries])


def _advance(context: ReconcileContext, clients: AwsClients, gathered: Gathered, step: Step) -> float:
    """Report a step before it is sent, so that status has what must survive if the process dies meanwhile."""
    if step.kind is StepKind.UPDATE_ENDPOINT:
        gathered = release_recorded(gathered)
    gathered = before_sent(context.memory, gathered, step)
    requested = _requested(context, gathered, step)
    context.write_status(_report(context, requested))
    if step.overrides:
        context.record_event("Warning", "WeightsForced", f"Weights are sent at once, {step.overrides}")
    outcome = apply(context, clients, step)
    if isinstance(outcome, Refused):
        return _refused(context, requested, step, outcome)
    if step.kind.deploys and outcome is not Outcome.UNKNOWN:
        context.write_status(_report(context, _answered(gathered, outcome)))
    if outcome is not Outcome.ACCEPTED:
        return context.services.settings.poll_seconds
    if step.kind.may_roll_back:
        context.memory.record_accepted(step)
    return 0.0


def _requested(context: ReconcileContext, gathered: Gathered, step: Step) -> Gathered:
    """Record a deployment before it is requested; the record of a refused one serves for its retries too."""
    record = gathered.remembered.deployment
    if record and record.is_for(gathered.desired) and record.state is DeploymentState.REFUSED:
        return gathered
    if not step.kind.deploys or not context.memory.unsent(step.commands, gathered.observed.now):
        return gathered
    return _with_deployment(gathered, _request(gathered))


def _answered(gathered: Gathered, outcome: Outcome) -> Gathered:
    """Record that AWS accepted a deployment; if it was busy, nothing was requested."""
    if outcome is Outcome.BUSY:
        return gathered
    record = _request(gathered).enter(DeploymentState.ACCEPTED, gathered.observed.now)
    return _with_deployment(gathered, record)


def _request(gathered: Gathered) -> Deployment:
    return deployments.request(gathered.desired, gathered.observed, gathered.remembered.deployment)


def _with_deployment(gathered: Gathered, record: Deployment) -> Gathered:
    return replace(gathered, remembered=replace(gathered.remembered, deployment=record))


def _refused(context: ReconcileContext, gathered: Gathered, step: Step, refused: Refused) -> float:
    """Report a refusal and back off; go on at once if another step can be sent."""
    returns = step.kind is StepKind.SHIFT_WEIGHTS and bool(gathered.desired.traffic.overrides_capacity)
    gap = context.back_off(refused.command.subject, refused.problem, urgent=returns)
    record = gathered.remembered.deployment
    if step.kind.deploys and record is not None:
        record = record.enter(DeploymentState.REFUSED, gathered.observed.now)
        gathered = _with_deployment(gathered, record)
    reported = context.memory.problem_of(gathered.plan.steps)
    context.write_status(_report(context, replace(gathered, problem=reported)))
    # What was released for an update that AWS refused is restored at once.
    more = gathered.remembered.released or gathered.plan.next_step(context.in_backoff)
    return 0.0 if more else min(gap, context.until_resync())


def _report(context: ReconcileContext, gathered: Gathered) -> Status:
    return report(context.status, context.generation, gathered, now=datetime.now(UTC))
