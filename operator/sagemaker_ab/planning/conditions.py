"""The one place that says what Ready, Reconciling and Stalled are.

Ready and Reconciling tell whether AWS matches the intended state, Stalled that it will not without help;
they follow kstatus, so `kubectl wait`, `--wait` of Helm 4 and Flux understand them, and Argo CD by a script:
https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sagemaker_ab.api.conditions import ConditionType, Reason
from sagemaker_ab.api.status import Condition
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import EndpointStatus, Observed
from sagemaker_ab.planning.plan import PhaseKind, Plan
from sagemaker_ab.planning.problem import Trouble
from sagemaker_ab.planning.scaling import differences
from sagemaker_ab.planning.state import EndpointState

_MESSAGE_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition without its book-keeping."""

    type: ConditionType
    status: bool
    reason: Reason
    message: str


def verdicts(
    desired: Desired, observed: Observed, plan: Plan, trouble: Trouble | None, *, unsettled: bool = False
) -> Iterator[Verdict]:
    """Yield the conditions of a resource whose endpoint was read, metrics aside.

    `unsettled` says that the read may be older than what AWS was last asked for.
    """
    progress = _progress(desired, observed, plan)
    if progress is None and unsettled:
        progress = Reason.PENDING, "Waiting for AWS to show what became of an earlier change"
    yield from summary(plan.trouble or trouble, progress)
    yield _in_service(observed)
    yield _weights_applied(desired, observed)
    if any(variant.scaling for variant in desired.variants):
        yield _autoscaling_applied(desired, observed)


def summary(trouble: Trouble | None, progress: tuple[Reason, str] | None) -> Iterator[Verdict]:
    """Yield Ready, and Reconciling or Stalled when they are true."""
    if trouble is not None:
        kind = ConditionType.STALLED if trouble.stalled else ConditionType.RECONCILING
        yield Verdict(ConditionType.READY, status=False, reason=trouble.reason, message=trouble.message)
        yield Verdict(kind, status=True, reason=trouble.reason, message=trouble.message)
    elif progress is not None:
        reason, message = progress
        yield Verdict(ConditionType.READY, status=False, reason=reason, message=message)
        yield Verdict(ConditionType.RECONCILING, status=True, reason=reason, message=message)
    else:
        message = "The endpoint is in service as the spec asks"
        yield Verdict(ConditionType.READY, status=True, reason=Reason.IN_SERVICE, message=message)


def merge(
    verdicts: Iterable[Verdict], previous: Iterable[Condition], *, generation: int, now: datetime
) -> list[Condition]:
    """Give verdicts their generation and their time, which moves only when the status flips."""
    before = {condition.type: condition for condition in previous}
    merged = []
    for verdict in verdicts:
        status: Literal["True", "False"] = "True" if verdict.status else "False"
        last = before.get(verdict.type)
        merged.append(
            Condition(
                type=verdict.type,
                status=status,
                reason=verdict.reason,
                message=verdict.message[:_MESSAGE_LENGTH],
                last_transition_time=last.last_transition_time if last and last.status == status else now,
                observed_generation=generation,
            )
        )
    return merged


def _progress(desired: Desired, observed: Observed, plan: Plan) -> tuple[Reason, str] | None:
    """Say what is under way, None when AWS is as intended; clearing up is not worth a word."""
    endpoint = observed.endpoint
    match plan.state:
        case EndpointState.CREATING:
            return Reason.CREATING, "AWS is creating the endpoint"
        case EndpointState.DELETING:
            return Reason.DELETING, "AWS is deleting the endpoint"
        case EndpointState.UNPROVEN:
            return Reason.PENDING, "Waiting for AWS to show what became of the update"
        case EndpointState.BUSY if endpoint and (plan.phases or not _settled(desired, observed)):
            rolling_back = endpoint.status is EndpointStatus.ROLLING_BACK
            reason = Reason.ROLLING_BACK if rolling_back else Reason.UPDATING
            return reason, f"AWS reports the endpoint {endpoint.status}"
        case EndpointState.CURRENT if not plan.phases and not _settled(desired, observed):
            return Reason.UPDATING, "Waiting for AWS to apply weights and instance counts"
    phases = [phase for phase in plan.phases if phase.kind is not PhaseKind.CLEAN_UP]
    if not phases:
        return None
    return Reason.PROGRESSING, "Next: " + "; ".join(command.says for command in phases[0].commands)


def _settled(desired: Desired, observed: Observed) -> bool:
    """Tell whether deployment, weights and our instance counts have arrived, not only been asked for."""
    endpoint = observed.endpoint
    if endpoint is None or endpoint.pending_config_name or not observed.deploys(desired):
        return False
    counts = {v.name: v.instance_count for v in desired.variants if v.scaling is None}
    live = {v.name: v.current_count for v in endpoint.variants if v.name in counts}
    return _weights_applied(desired, observed).status and live == counts


def _in_service(observed: Observed) -> Verdict:
    endpoint = observed.endpoint
    kind = ConditionType.ENDPOINT_IN_SERVICE
    if endpoint is None:
        message = "This resource has no endpoint in AWS"
        return Verdict(kind, status=False, reason=Reason.ENDPOINT_MISSING, message=message)
    if endpoint.status.serving:
        message = "The endpoint answers requests"
        return Verdict(kind, status=True, reason=Reason.IN_SERVICE, message=message)
    reason = _STATUS_REASONS.get(endpoint.status, Reason.ENDPOINT_FAILED)
    return Verdict(kind, status=False, reason=reason, message=f"AWS reports the endpoint {endpoint.status}")


_STATUS_REASONS = {
    EndpointStatus.CREATING: Reason.CREATING,
    EndpointStatus.DELETING: Reason.DELETING,
}


def _weights_applied(desired: Desired, observed: Observed) -> Verdict:
    variants = observed.endpoint.variants if observed.endpoint else ()
    current = {variant.name: variant.current_weight for variant in variants}
    asked = {variant.name: variant.desired_weight for variant in variants}
    kind = ConditionType.WEIGHTS_APPLIED
    if current == desired.weights and asked == desired.weights:
        return Verdict(kind, status=True, reason=Reason.APPLIED, message="Traffic is split as the spec asks")
    message = "The weights in AWS are not yet the intended ones"
    return Verdict(kind, status=False, reason=Reason.PENDING, message=message)


def _autoscaling_applied(desired: Desired, observed: Observed) -> Verdict:
    kind = ConditionType.AUTOSCALING_APPLIED
    complete = observed.endpoint is not None and all(
        variant.name in observed.targets for variant in desired.variants if variant.scaling
    )
    if complete and not any(differences(desired, observed)):
        message = "Scalable targets and policies are as the spec asks"
        return Verdict(kind, status=True, reason=Reason.APPLIED, message=message)
    message = "Scalable targets and policies are not yet as the spec asks"
    return Verdict(kind, status=False, reason=Reason.PENDING, message=message)
