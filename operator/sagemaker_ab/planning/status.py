"""The resource's status, computed whole from what a reconcile has gathered."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from sagemaker_ab.api.conditions import ConditionType, Reason
from sagemaker_ab.api.scaling_status import ScalingActivity, ScalingStatus
from sagemaker_ab.api.status import (
    EndpointStatus,
    Instances,
    Metrics,
    Status,
    VariantStatus,
)
from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.planning import conditions
from sagemaker_ab.planning.conditions import ConditionDraft
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed, ObservedEndpoint, ObservedVariant
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.records import (
    record_config_content,
    record_deployment,
    record_instance_counts,
    record_released,
)
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.runs.report import run_conditions, run_summary
from sagemaker_ab.planning.scaling_activities import last_activities
from sagemaker_ab.planning.scaling_records import record_scaling
from sagemaker_ab.planning.schedule_status import action_in_effect, next_action
from sagemaker_ab.planning.steps import Plan
from sagemaker_ab.planning.variant_metrics import Reading


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one reconcile knows when it writes status.

    `awaiting_consistency`: AWS may not show yet what an earlier generation asked for.
    `reconcile_requested_at` is the reconcile request that this reconcile honors, None if there is none.
    """

    account: str
    region: str
    traffic: TrafficStatus
    desired: Desired
    observed: Observed
    plan: Plan
    remembered: Remembered = field(default_factory=Remembered)
    problem: Problem | None = None
    awaiting_consistency: bool = False
    reconcile_requested_at: str | None = None
    metrics: Reading = field(default_factory=Reading)
    scaling_activities: Mapping[str, ScalingActivity] = field(default_factory=dict)

    @property
    def owns_endpoint(self) -> bool:
        endpoint = self.observed.endpoint
        return endpoint is not None and self.desired.owner.owns(endpoint.tags)


def report(before: Status, generation: int, found: Gathered, *, now: datetime) -> Status:
    """Return the status of a resource whose AWS objects were read.

    `before` is the status that the reconcile read, `generation` that of the spec. `now` is the local time,
    with which conditions are dated.
    """
    theirs = found.observed.endpoint is not None and not found.owns_endpoint
    found = replace(found, observed=_ours(found))
    metrics = _metrics(before.metrics, found.metrics.metrics)
    drafts = chain(
        conditions.draft_conditions(
            found.desired,
            found.observed,
            found.plan,
            found.problem,
            remembered=found.remembered,
            awaiting_consistency=found.awaiting_consistency,
        ),
        [_metrics_available(metrics, found.metrics.problem)],
        run_conditions(found.traffic),
    )
    pinned = before.account is not None or bool(found.plan.steps) or found.observed.endpoint is not None
    return Status(
        observed_generation=generation,
        summary=_summary(found.observed, found.traffic),
        account=before.account or (found.account if pinned else None),
        region=before.region or (found.region if pinned else None),
        last_handled_reconcile_at=found.reconcile_requested_at or before.last_handled_reconcile_at,
        endpoint=_records(before.endpoint) if theirs else _endpoint(before.endpoint, found, now),
        deployment=record_deployment(found.remembered.deployment),
        variants=_variants(found),
        last_instance_counts=record_instance_counts(before, found.desired, found.observed),
        released_scaling=record_released(before, found.remembered.released),
        scaling=_scaling(before, found),
        metrics=metrics,
        traffic=found.traffic,
        conditions=conditions.merge(drafts, before.conditions or (), generation=generation, now=now),
    )


def _ours(found: Gathered) -> Observed:
    """Leave out an endpoint that is not ours: its state is not this resource's status."""
    endpoint = found.observed.endpoint
    if endpoint is None or found.desired.owner.owns(endpoint.tags):
        return found.observed
    return Observed(now=found.observed.now)


def report_problem(before: Status, generation: int, problem: Problem, *, now: datetime) -> Status:
    """Return the status of a resource whose reconcile ended early; what was known of AWS stays."""
    previous = before.conditions or ()
    summary = conditions.merge(conditions.summary(problem, None), previous, generation=generation, now=now)
    kept = [condition for condition in previous if condition.type not in _SUMMARY]
    return before.model_copy(update={"observed_generation": generation, "conditions": [*summary, *kept]})


def report_run(
    before: Status, generation: int, traffic: TrafficStatus, observed: Observed, *, now: datetime
) -> Status:
    """Return the status of a resource of which only the endpoint and the run could be followed."""
    drafts = run_conditions(traffic)
    found = conditions.merge(drafts, before.conditions or (), generation=generation, now=now)
    kept = [condition for condition in before.conditions or () if condition.type not in _OF_RUN]
    live = {variant.name: variant for variant in observed.endpoint.variants} if observed.endpoint else {}
    variants = [
        each.model_copy(
            update={
                "desired_weight": _decimal(live[each.name].desired_weight),
                "current_weight": _decimal(live[each.name].current_weight),
            }
        )
        if each.name in live
        else each
        for each in before.variants or ()
    ]
    return before.model_copy(
        update={
            "summary": _summary(observed, traffic),
            "variants": variants or None,
            "traffic": traffic,
            "conditions": [*kept, *found],
        }
    )


_OF_RUN = {ConditionType.DECIDED, ConditionType.SPEC_CONVERGED, ConditionType.RUN_HELD}
_SUMMARY = {ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED}


def _metrics(before: Metrics | None, found: Metrics | None) -> Metrics | None:
    """Keep the old window until a number changes: a new timestamp alone would notify every watch."""
    if found is None or found.variants == (before.variants if before else []):
        return before
    return found


def _metrics_available(metrics: Metrics | None, problem: Problem | None) -> ConditionDraft:
    """Report whether the last window has numbers; an earlier window does not count."""
    kind = ConditionType.METRICS_AVAILABLE
    if problem is not None:
        return ConditionDraft(kind, status=False, reason=problem.reason, message=problem.message)
    if metrics is not None and metrics.variants:
        message = "CloudWatch returned metrics for the last window"
        return ConditionDraft(kind, status=True, reason=Reason.AVAILABLE, message=message)
    return ConditionDraft(
        kind, status=False, reason=Reason.NO_DATA, message="CloudWatch has not returned any metrics yet"
    )


def _endpoint(before: EndpointStatus | None, found: Gathered, now: datetime) -> EndpointStatus | None:
    endpoint = found.observed.endpoint
    if endpoint is None:
        return None
    same = before is not None and before.status == endpoint.status and before.since is not None
    return EndpointStatus(
        arn=endpoint.arn,
        status=endpoint.status.value,
        config_name=endpoint.config_name,
        config_content=record_config_content(before, found.observed, found.desired.endpoint_name),
        pending_config_name=endpoint.pending_config_name,
        failure_reason=endpoint.failure_reason,
        since=before.since if before and same else now,
        tag_keys=_tag_keys(before, endpoint, found.desired) or None,
    )


def _records(before: EndpointStatus | None) -> EndpointStatus | None:
    """Keep what AWS cannot show again of an endpoint whose owner tags are missing: they may be restored."""
    if before is None or before.config_name is None:
        return None
    return EndpointStatus(
        config_name=before.config_name, config_content=before.config_content, tag_keys=before.tag_keys
    )


def _tag_keys(before: EndpointStatus | None, endpoint: ObservedEndpoint, desired: Desired) -> list[str]:
    """Remember which tags are ours until a read shows that they are gone."""
    remembered = set(before.tag_keys or ()) if before else set[str]()
    return sorted(desired.tags.keys() | (remembered & endpoint.tags.keys()))


def _variants(found: Gathered) -> list[VariantStatus] | None:
    endpoint = found.observed.endpoint
    if endpoint is None:
        return None
    return [_variant(variant, found.observed) for variant in endpoint.variants] or None


def _variant(variant: ObservedVariant, observed: Observed) -> VariantStatus:
    target = observed.targets.get(variant.name)
    config = observed.config_in_use
    return VariantStatus(
        name=variant.name,
        model_name=config.model_name(variant.name) if config else None,
        image_digest=variant.image_digest,
        desired_weight=_decimal(variant.desired_weight),
        current_weight=_decimal(variant.current_weight),
        instances=Instances(
            current=variant.current_count,
            desired=variant.desired_count,
            min=target.min_capacity if target else None,
            max=target.max_capacity if target else None,
        ),
    )


def _scaling(before: Status, found: Gathered) -> list[ScalingStatus] | None:
    """Return the records of autoscaling, with scheduled actions in effect and next, and last activities."""
    observed, records = found.observed, found.remembered.scaling
    activities = {**last_activities(before.scaling or ()), **found.scaling_activities}
    scalings = {variant.name: variant.scaling for variant in found.desired.variants}
    shown = []
    for name, record in sorted(records.items()):
        status, scaling = record_scaling(name, record), scalings.get(name)
        status = status.model_copy(update={"last_activity": activities.get(name)})
        if scaling is not None:
            target = observed.targets.get(name)
            status = status.model_copy(
                update={
                    "in_effect": action_in_effect(scaling, record, target, observed.now),
                    "next": next_action(scaling, target, observed.now),
                    "scale_in_suspended_for": scaling.kept_by or None,
                }
            )
        shown.append(status)
    return shown or None


def _decimal(weight: float) -> str:
    return f"{weight:.6f}".rstrip("0").rstrip(".")


def _summary(observed: Observed, traffic: TrafficStatus) -> str | None:
    return " ".join(filter(None, [_shares(observed), run_summary(traffic)])) or None


def _shares(observed: Observed) -> str | None:
    """Join the variants' shares of the traffic, for `kubectl get`, which prints only one value a column."""
    variants = observed.endpoint.variants if observed.endpoint else ()
    total = sum(variant.current_weight for variant in variants)
    if not total:
        return None
    return " ".join(f"{v.name}={_decimal(round(100 * v.current_weight / total, 1))}%" for v in variants)
