"""Gathers the input of a reconcile: the desired state, what AWS holds, and the plan that follows."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.context import ReconcileContext
from sagemaker_ab.planning import deployment as deployments
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired import Desired, desired
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.plan import plan
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.status import Gathered, deployment_of
from sagemaker_ab.planning.steps import Plan
from sagemaker_ab.planning.variant_metrics import Monitored, MonitoredVariant


def gather(context: ReconcileContext, spec: EndpointSpec, clients: AwsClients, account: str) -> Gathered:
    """Read AWS and plan. Raises AwsError, and UnknownImage."""
    wanted = desired(spec, owner=context.owner, region=clients.region)
    observed = context.services.observer.observe(clients, wanted.endpoint_name, wanted)
    record = _deployment(context, wanted, observed)
    if observed.endpoint is not None and wanted.owner.owns(observed.endpoint.tags):
        _monitor(context, clients, wanted, spec.monitoring.interval_seconds)
    endpoint = context.status.endpoint
    tag_keys = (endpoint.tag_keys if endpoint else None) or ()
    decided = plan(wanted, observed, deployment=record, managed_tag_keys=tag_keys)
    if decided.actionable:
        _update_memory(context, observed, decided)
    return Gathered(
        account=account,
        region=clients.region,
        strategy=spec.traffic.strategy,
        desired=wanted,
        observed=observed,
        plan=decided,
        deployment=record,
        problem=context.memory.problem_of(decided.steps),
        awaiting_consistency=context.memory.awaiting_earlier_generation(context.generation, observed.now),
        reconcile_requested_at=context.reconcile_requested_at,
        metrics=context.services.metrics.newest(context.key),
    )


def _deployment(context: ReconcileContext, wanted: Desired, observed: Observed) -> Deployment | None:
    """Bring the record of the deployment up to date; a reconcile request clears a failed one."""
    record = deployments.follow(deployment_of(context.status), wanted, observed)
    if context.reconcile_requested_at and record and record.state is DeploymentState.FAILED:
        return None
    return record


def _update_memory(context: ReconcileContext, observed: Observed, decided: Plan) -> None:
    """Back off from what AWS accepted and rolled back, and forget what is no longer pending."""
    context.memory.keep_only(decided.steps)
    reason = observed.endpoint.failure_reason if observed.endpoint else None
    message = f"AWS accepted the change and rolled it back: {reason or 'it gave no reason'}"
    for step in context.memory.take_rolled_back(decided.steps, observed.now):
        context.back_off(step.identity, Problem(Reason.CHANGE_ROLLED_BACK, message))


def _monitor(context: ReconcileContext, clients: AwsClients, wanted: Desired, interval_seconds: int) -> None:
    variants = tuple(MonitoredVariant(v.name, v.instance_type) for v in wanted.variants)
    monitored = Monitored(wanted.endpoint_name, variants, interval_seconds)
    context.services.metrics.watch(context.key, clients, monitored)
