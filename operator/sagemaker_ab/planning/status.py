"""What to tell: the resource's status, computed whole from what a pass has found."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain

from sagemaker_ab.api.conditions import ConditionType, Reason
from sagemaker_ab.api.status import (
    DeploymentStatus,
    EndpointStatus,
    Instances,
    Metrics,
    Status,
    TrafficStatus,
    VariantStatus,
)
from sagemaker_ab.planning import conditions
from sagemaker_ab.planning.conditions import Verdict
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed, ObservedEndpoint, ObservedVariant
from sagemaker_ab.planning.plan import Plan
from sagemaker_ab.planning.problem import Trouble
from sagemaker_ab.planning.variant_metrics import Reading


@dataclass(frozen=True, slots=True)
class Findings:
    """What one pass knows at the moment it writes status.

    `unsettled`: AWS may still be about to show what an earlier wish asked of it.
    `reconcile_requested_at` is the request that this pass heeds, None when there is none.
    """

    account: str
    region: str
    strategy: str
    desired: Desired
    observed: Observed
    plan: Plan
    deployment: Deployment | None = None
    trouble: Trouble | None = None
    unsettled: bool = False
    reconcile_requested_at: str | None = None
    metrics: Reading = field(default_factory=Reading)


def report(before: Status, generation: int, found: Findings, *, now: datetime) -> Status:
    """Say how the resource is.

    `before` is the status that the pass read, `generation` that of the spec, and `now` the local time, which
    dates the conditions for people.
    """
    found = replace(found, observed=_ours(found))
    metrics = _metrics(before.metrics, found.metrics.metrics)
    verdicts = chain(
        conditions.verdicts(
            found.desired, found.observed, found.plan, found.trouble, unsettled=found.unsettled
        ),
        [_metrics_available(metrics, found.metrics.trouble)],
    )
    pinned = before.account is not None or bool(found.plan.phases) or found.observed.endpoint is not None
    return Status(
        observed_generation=generation,
        summary=_shares(found.observed),
        account=before.account or (found.account if pinned else None),
        region=before.region or (found.region if pinned else None),
        last_handled_reconcile_at=found.reconcile_requested_at or before.last_handled_reconcile_at,
        endpoint=_endpoint(before.endpoint, found, now),
        deployment=_deployment(found.deployment),
        variants=_variants(found),
        metrics=metrics,
        traffic=TrafficStatus(strategy=found.strategy),
        conditions=conditions.merge(verdicts, before.conditions or (), generation=generation, now=now),
    )


def _ours(found: Findings) -> Observed:
    """Leave out an endpoint that is somebody else's: how it is, is not this resource's status."""
    endpoint = found.observed.endpoint
    if endpoint is None or found.desired.owner.owns(endpoint.tags):
        return found.observed
    return Observed(now=found.observed.now)


def report_trouble(before: Status, generation: int, trouble: Trouble, *, now: datetime) -> Status:
    """Say what keeps a pass from more; what was known of AWS stays as it was."""
    previous = before.conditions or ()
    summary = conditions.merge(conditions.summary(trouble, None), previous, generation=generation, now=now)
    kept = [condition for condition in previous if condition.type not in _SUMMARISING]
    return before.model_copy(update={"observed_generation": generation, "conditions": [*summary, *kept]})


_SUMMARISING = {ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED}


def deployment_of(status: Status) -> Deployment | None:
    """Read back the record that a former pass left in status."""
    record = status.deployment
    if record is None:
        return None
    modified = record.last_modified_time
    return Deployment(
        fingerprint=record.fingerprint,
        config_name=record.config_name,
        attempts=record.attempts,
        state=DeploymentState(record.state),
        since=record.since.timestamp(),
        last_modified=modified.timestamp() if modified else None,
        message=record.message or "",
    )


def _deployment(record: Deployment | None) -> DeploymentStatus | None:
    if record is None:
        return None
    modified = record.last_modified
    return DeploymentStatus(
        fingerprint=record.fingerprint,
        config_name=record.config_name,
        attempts=record.attempts,
        state=record.state.value,
        since=_moment(record.since),
        last_modified_time=_moment(modified) if modified is not None else None,
        message=record.message or None,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _metrics(before: Metrics | None, found: Metrics | None) -> Metrics | None:
    """A new window is told only with a new number: a timestamp alone is not worth everybody's watch event."""
    if found is None or found.variants == (before.variants if before else []):
        return before
    return found


def _metrics_available(metrics: Metrics | None, trouble: Trouble | None) -> Verdict:
    """Say whether the last window has numbers; those of an earlier one are no answer."""
    kind = ConditionType.METRICS_AVAILABLE
    if trouble is not None:
        return Verdict(kind, status=False, reason=trouble.reason, message=trouble.message)
    if metrics is not None and metrics.variants:
        message = "CloudWatch gave numbers for the last window"
        return Verdict(kind, status=True, reason=Reason.AVAILABLE, message=message)
    return Verdict(kind, status=False, reason=Reason.NO_DATA, message="CloudWatch gave no numbers yet")


def _endpoint(before: EndpointStatus | None, found: Findings, now: datetime) -> EndpointStatus | None:
    endpoint = found.observed.endpoint
    if endpoint is None:
        return None
    same = before is not None and before.status == endpoint.status and before.since is not None
    return EndpointStatus(
        arn=endpoint.arn,
        status=endpoint.status.value,
        config_name=endpoint.config_name,
        pending_config_name=endpoint.pending_config_name,
        failure_reason=endpoint.failure_reason,
        since=before.since if before and same else now,
        tag_keys=_tag_keys(before, endpoint, found.desired) or None,
    )


def _tag_keys(before: EndpointStatus | None, endpoint: ObservedEndpoint, desired: Desired) -> list[str]:
    """Remember which tags are ours until they are seen gone."""
    remembered = set(before.tag_keys or ()) if before else set[str]()
    return sorted(desired.tags.keys() | (remembered & endpoint.tags.keys()))


def _variants(found: Findings) -> list[VariantStatus] | None:
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


def _decimal(weight: float) -> str:
    return f"{weight:.6f}".rstrip("0").rstrip(".")


def _shares(observed: Observed) -> str | None:
    """Join the variants' shares of the traffic, for `kubectl get`, which prints only one value a column."""
    variants = observed.endpoint.variants if observed.endpoint else ()
    total = sum(variant.current_weight for variant in variants)
    if not total:
        return None
    return " ".join(f"{v.name}={_decimal(round(100 * v.current_weight / total, 1))}%" for v in variants)
