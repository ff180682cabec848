"""Gathers the input of a reconcile: the desired state, what AWS holds, and the plan that follows."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.resource import FORCE_WEIGHTS
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.aws.failures import AwsError, FailureKind
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.context import ReconcileContext
from sagemaker_ab.controller.errors import to_problem
from sagemaker_ab.controller.runs import RunFollower
from sagemaker_ab.planning import deployment as deployments
from sagemaker_ab.planning.alarms import ALARMS_UNREAD, alarms_problem, alarms_to_read
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired import Desired, desired
from sagemaker_ab.planning.image_pins import PinnedImages
from sagemaker_ab.planning.intended_bounds import with_intended_bounds
from sagemaker_ab.planning.intended_traffic import initial_traffic
from sagemaker_ab.planning.kept_capacity import with_kept_capacity
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.plan import plan
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.records import applied_config_of, deployment_of, instance_counts_of, released_of
from sagemaker_ab.planning.released import Released, still_released
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.scaling import blocking_update
from sagemaker_ab.planning.scaling_activities import last_activities
from sagemaker_ab.planning.scaling_records import ScalingRecord, follow_scaling, scaling_records_of
from sagemaker_ab.planning.start_counts import with_start_counts
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.status import Gathered
from sagemaker_ab.planning.steps import Plan, Step, StepKind
from sagemaker_ab.planning.switch import with_retained_weights
from sagemaker_ab.planning.variant_metrics import Monitored, MonitoredVariant

_LOG = logging.getLogger(__name__)


def gather(context: ReconcileContext, spec: EndpointSpec, clients: AwsClients, account: str) -> Gathered:
    """Read AWS and plan. Raises AwsError."""
    observer = context.services.observer
    observed = observer.observe(clients, spec.endpoint_name)
    context.memory.start(observed.now)
    context.memory.spec, context.memory.observed = spec, observed
    wanted = _desired(context, spec, clients, observed)
    wanted, traffic = _run(context).follow(spec, clients, wanted, observed)
    wanted = with_kept_capacity(wanted, observed)
    observed, alarms_failure = _with_alarms(context, clients, wanted, observed)
    released = still_released(released_of(context.status), wanted, observed)
    records = follow_scaling(
        _scaling_records(context),
        wanted,
        observed,
        {name: record.target for name, record in released.items()},
        settled=not context.memory.awaiting_consistency(observed.now),
    )
    wanted = with_intended_bounds(wanted, observed, records)
    wanted = with_retained_weights(wanted, observed)
    wanted = with_start_counts(wanted, observed, instance_counts_of(context.status))
    if _creates_prerequisites(wanted, observed):
        # Only now is the name of the desired config known: it contains the counts.
        observed = observer.observe_prerequisites(clients, observed, wanted)
    if observed.endpoint is not None and wanted.owner.owns(observed.endpoint.tags):
        _monitor(context, clients, wanted, spec.monitoring.interval_seconds)
    endpoint = context.status.endpoint
    remembered = Remembered(
        deployment=_deployment(context, wanted, observed),
        managed_tag_keys=frozenset((endpoint.tag_keys if endpoint else None) or ()),
        released=released,
        scaling=records,
        applied_config=applied_config_of(context.status),
        missing_models=context.memory.missing_models,
        force_weights=context.annotation(FORCE_WEIGHTS) == str(context.generation),
    )
    decided = plan(wanted, observed, remembered)
    if alarms_failure is not None and alarms_problem(wanted, observed) and _is_idle(context, decided):
        raise alarms_failure
    if decided.actionable:
        _update_memory(context, observed, decided)
    return Gathered(
        account=account,
        region=clients.region,
        traffic=traffic,
        desired=wanted,
        observed=observed,
        plan=decided,
        remembered=remembered,
        problem=context.memory.problem_of(decided.steps),
        awaiting_consistency=context.memory.awaiting_effect(context.generation, observed.now),
        reconcile_requested_at=context.reconcile_requested_at,
        metrics=context.services.metrics.newest(context.key),
        scaling_activities=context.services.scaling_activities.newest(context.key),
    )


def _run(context: ReconcileContext) -> RunFollower:
    return RunFollower(
        key=context.key,
        memory=context.memory,
        monitor=context.services.run_minutes,
        before=context.status.traffic,
        commands=context.run_commands,
    )


def _desired(
    context: ReconcileContext, spec: EndpointSpec, clients: AwsClients, observed: Observed
) -> Desired:
    """Resolve the spec. If it then differs from the fleet in use, prefer the images that the fleet pins."""
    traffic = initial_traffic(spec)
    wanted = desired(spec, owner=context.owner, region=clients.region, traffic=traffic)
    config, endpoint = observed.config_in_use, observed.endpoint
    ours = endpoint is not None and wanted.owner.owns(endpoint.tags)
    if ours and config is not None and not observed.deploys(wanted):
        pinned = _pinned_images(context, clients, config.models)
        if pinned:
            wanted = desired(spec, owner=context.owner, region=clients.region, traffic=traffic, pinned=pinned)
    return wanted


def _creates_prerequisites(wanted: Desired, observed: Observed) -> bool:
    """Return whether the plan may create models or a config: for a deployment, or for the config in use."""
    if observed.endpoint is not None and observed.endpoint.status.busy:
        return False
    return observed.config_deleted or not (wanted.unresolved or observed.deploys(wanted))


def _with_alarms(
    context: ReconcileContext, clients: AwsClients, wanted: Desired, observed: Observed
) -> tuple[Observed, AwsError | None]:
    """Read the alarms of scaling policies; return as well the failure if they cannot be read now.

    A role of an earlier version may not allow it, and CloudWatch may be down. Neither must stop what does not
    need alarms (S5).
    """
    names = alarms_to_read(wanted, observed, _scaling_records(context) or {})
    if not names:
        return observed, None
    try:
        observed = context.services.observer.observe_alarms(clients, observed, names)
    except AwsError as error:
        _log_unread_alarms(context, error)
        problem = Problem(Reason.ACCESS_DENIED, ALARMS_UNREAD)
        denied = error.failure.kind is FailureKind.DENIED
        if not denied:
            message = f"The alarms of step scaling policies cannot be read: {error.failure.message}"
            problem = to_problem(error.failure, message, failures=0)
        return replace(observed, alarms=None, alarms_problem=problem), None if denied else error
    if context.memory.unread_alarms:
        _LOG.info("%s: alarms can be read again", context.key)
        context.memory.unread_alarms = ""
    return observed, None


def _log_unread_alarms(context: ReconcileContext, error: AwsError) -> None:
    """Log each kind of failure once for each resource: it may last."""
    if context.memory.unread_alarms != error.failure.code:
        context.memory.unread_alarms = error.failure.code
        _LOG.warning("%s: alarms cannot be read: %s", context.key, error)


def _is_idle(context: ReconcileContext, decided: Plan) -> bool:
    """Return whether there is nothing to do and nothing to report but the result of complete reads."""
    return decided.state is EndpointState.CURRENT and decided.next_step(context.in_backoff) is None


def _scaling_records(context: ReconcileContext) -> Mapping[str, ScalingRecord] | None:
    """Read the records back from status; None if no endpoint is in it, so that they may be lost."""
    if context.status.endpoint is None and not context.status.scaling:
        return None
    return scaling_records_of(context.status.scaling or ())


def _pinned_images(context: ReconcileContext, clients: AwsClients, models: frozenset[str]) -> PinnedImages:
    """Return the pinned images of the models in use. Models are immutable, so each is read once."""
    known = context.memory.pinned_images
    for name in sorted(models - known.keys()):
        known[name] = context.services.observer.pinned_images(clients, name)
    return {pin: images for name in models for pin, images in known[name].items()}


def _deployment(context: ReconcileContext, wanted: Desired, observed: Observed) -> Deployment | None:
    """Bring the record of the deployment up to date. A reconcile request clears a failed record."""
    record = deployments.follow(deployment_of(context.status), wanted, observed)
    if context.reconcile_requested_at and record and record.state is DeploymentState.FAILED:
        return None
    return record


def release_recorded(gathered: Gathered) -> Gathered:
    """Record the scalable targets that the next update releases, before the update is sent.

    If a target has not been restored completely since an earlier release, the record of that release stays.
    """
    observed, earlier = gathered.observed, gathered.remembered.released
    released = dict(earlier)
    for name in blocking_update(gathered.desired, observed):
        target = earlier[name].target if name in earlier else observed.targets[name]
        released[name] = Released(target, since=observed.now)
    return replace(gathered, remembered=replace(gathered.remembered, released=released))


def _update_memory(context: ReconcileContext, observed: Observed, decided: Plan) -> None:
    """Back off from what AWS accepted and rolled back, and forget what is no longer pending.

    While reads may be stale, a step that is missing from the plan may be back in the next one. Its backoff
    must not be lost.
    """
    if not context.memory.awaiting_consistency(observed.now):
        context.memory.keep_only(decided.steps)
    for step in context.memory.take_rolled_back(decided.steps, observed.now):
        problem = Problem(Reason.CHANGE_ROLLED_BACK, _rolled_back(step, observed))
        context.back_off(step.commands[-1].subject, problem)


def _rolled_back(step: Step, observed: Observed) -> str:
    """Say what happened to a step; the endpoint's FailureReason is about its fleet, not about autoscaling."""
    if step.kind is StepKind.APPLY_SCALING:
        return f"AWS accepted to {step.description}, and holds something else"
    reason = observed.endpoint.failure_reason if observed.endpoint else None
    return f"AWS accepted the change and rolled it back: {reason or 'it gave no reason'}"


def _monitor(context: ReconcileContext, clients: AwsClients, wanted: Desired, interval_seconds: int) -> None:
    variants = tuple(MonitoredVariant(v.name, v.instance_type) for v in wanted.variants)
    monitored = Monitored(wanted.endpoint_name, variants, interval_seconds)
    context.services.metrics.watch(context.key, clients, monitored)
    last = last_activities(context.status.scaling or ())
    autoscaled = {v.name: last.get(v.name) for v in wanted.variants if v.scaling is not None}
    context.services.scaling_activities.watch(context.key, clients, wanted.endpoint_name, autoscaled)
