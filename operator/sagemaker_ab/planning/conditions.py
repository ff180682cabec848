"""The conditions of a resource: the one place that decides Ready, Reconciling and Stalled.

Ready and Reconciling report whether AWS matches the intended state, Stalled that it will not without help.
They follow kstatus, so `kubectl wait`, `helm --wait` and Flux understand them; Argo CD needs a health script:
https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sagemaker_ab.api.conditions import ConditionType, Reason
from sagemaker_ab.api.status import Condition
from sagemaker_ab.planning.alarms import alarms_problem
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.foreign_scaling import describe_foreign
from sagemaker_ab.planning.observed import EndpointStatus, Observed
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.scaling import scaling_steps
from sagemaker_ab.planning.state import EndpointState
from sagemaker_ab.planning.steps import Plan

_MESSAGE_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class ConditionDraft:
    """One condition without its generation and its transition time. Its reason is from a closed list."""

    type: ConditionType
    status: bool
    reason: str
    message: str


def draft_conditions(  # noqa: PLR0913 - all that a reconcile knows
    desired: Desired,
    observed: Observed,
    plan: Plan,
    problem: Problem | None,
    *,
    remembered: Remembered,
    awaiting_consistency: bool = False,
) -> Iterator[ConditionDraft]:
    """Yield the conditions of a resource whose endpoint was read, except for metrics.

    `awaiting_consistency`: the read may be older than the newest write.
    """
    progress = _progress(desired, observed, plan)
    if progress is None and awaiting_consistency:
        progress = Reason.PENDING, "Waiting for AWS to show the result of an earlier change"
    problem = plan.problem or problem or alarms_problem(desired, observed) or _blocked(plan)
    yield from summary(_with_held(problem, plan), progress)
    yield _in_service(observed)
    yield _weights_applied(desired, observed)
    if any(variant.scaling for variant in desired.variants):
        yield _autoscaling_applied(desired, observed, remembered)


def summary(problem: Problem | None, progress: tuple[Reason, str] | None) -> Iterator[ConditionDraft]:
    """Yield Ready, and Reconciling or Stalled when they are true."""
    if problem is not None:
        kind = ConditionType.STALLED if problem.stalled else ConditionType.RECONCILING
        yield ConditionDraft(
            ConditionType.READY, status=False, reason=problem.reason, message=problem.message
        )
        yield ConditionDraft(kind, status=True, reason=problem.reason, message=problem.message)
    elif progress is not None:
        reason, message = progress
        yield ConditionDraft(ConditionType.READY, status=False, reason=reason, message=message)
        yield ConditionDraft(ConditionType.RECONCILING, status=True, reason=reason, message=message)
    else:
        message = "The endpoint is in service as the spec asks"
        yield ConditionDraft(ConditionType.READY, status=True, reason=Reason.IN_SERVICE, message=message)


def merge(
    drafts: Iterable[ConditionDraft], previous: Iterable[Condition], *, generation: int, now: datetime
) -> list[Condition]:
    """Complete the drafts with generation and transition time, which moves only when the status changes."""
    before = {condition.type: condition for condition in previous}
    merged = []
    for draft in drafts:
        status: Literal["True", "False"] = "True" if draft.status else "False"
        last = before.get(draft.type)
        merged.append(
            Condition(
                type=draft.type,
                status=status,
                reason=draft.reason,
                message=draft.message[:_MESSAGE_LENGTH],
                last_transition_time=last.last_transition_time if last and last.status == status else now,
                observed_generation=generation,
            )
        )
    return merged


def _progress(desired: Desired, observed: Observed, plan: Plan) -> tuple[Reason, str] | None:
    """Describe what is in progress; None when AWS matches the intended state."""
    endpoint = observed.endpoint
    match plan.state:
        case EndpointState.CREATING:
            return Reason.CREATING, "AWS is creating the endpoint"
        case EndpointState.DELETING:
            return Reason.DELETING, "AWS is deleting the endpoint"
        case EndpointState.UNPROVEN:
            return Reason.PENDING, "Waiting for AWS to show the result of the update"
        case EndpointState.BUSY if endpoint and not endpoint.status.serving:
            message = "AWS reports the endpoint in a status that this version does not know"
            return Reason.ENDPOINT_FAILED, message
        case EndpointState.BUSY if endpoint and (plan.steps or not _arrived(desired, observed)):
            rolling_back = endpoint.status is EndpointStatus.ROLLING_BACK
            reason = Reason.ROLLING_BACK if rolling_back else Reason.UPDATING
            return reason, f"AWS reports the endpoint {endpoint.status}"
        case EndpointState.CURRENT if not plan.steps and not _arrived(desired, observed):
            return Reason.UPDATING, "Waiting for AWS to apply weights and instance counts"
    if not plan.steps:
        return None
    free = next((step for step in plan.steps if not step.held), None)
    return Reason.PROGRESSING, " ".join(
        filter(None, [f"Next: {free.description}." if free else "", _held(plan)])
    )


def _with_held(problem: Problem | None, plan: Plan) -> Problem | None:
    """Add to a problem what waits meanwhile, and the ways out where a quota holds up a change of traffic."""
    if problem is None or not plan.held:
        return problem
    ways_out = ""
    if problem.reason is Reason.QUOTA_EXCEEDED:
        ways_out = (
            "Ask for a smaller count, or lower another variant first in a change of its own where one quota"
            " serves both."
        )
    message = " ".join(filter(None, [f"{problem.message.rstrip('.')}.", _held(plan), ways_out]))
    return replace(problem, message=message)


def _blocked(plan: Plan) -> Problem | None:
    """Say which steps wait for a person, None if there are none or if others go on."""
    if not plan.blocked:
        return None
    message = " ".join(f"Waiting to {step.description}: {step.blocked}." for step in plan.blocked)
    return Problem(Reason.FOREIGN_SCALING, message)


def _held(plan: Plan) -> str:
    """Say which steps wait, and for what: for the state of AWS (S1, S2), or for a run."""
    return " ".join(f"Waiting to {step.description}: {step.held}." for step in plan.held)


def _arrived(desired: Desired, observed: Observed) -> bool:
    """Return whether deployment, weights and our instance counts are in effect, not only requested."""
    endpoint = observed.endpoint
    if endpoint is None or endpoint.pending_config_name or not observed.deploys(desired):
        return False
    counts = {v.name: v.instance_count for v in desired.variants if v.scaling is None}
    live = {v.name: v.current_count for v in endpoint.variants if v.name in counts}
    return _weights_applied(desired, observed).status and live == counts


def _in_service(observed: Observed) -> ConditionDraft:
    endpoint = observed.endpoint
    kind = ConditionType.ENDPOINT_IN_SERVICE
    if endpoint is None:
        message = "This resource has no endpoint in AWS"
        return ConditionDraft(kind, status=False, reason=Reason.ENDPOINT_MISSING, message=message)
    if endpoint.status.serving:
        message = "The endpoint answers requests"
        return ConditionDraft(kind, status=True, reason=Reason.IN_SERVICE, message=message)
    reason = _STATUS_REASONS.get(endpoint.status, Reason.ENDPOINT_FAILED)
    return ConditionDraft(
        kind, status=False, reason=reason, message=f"AWS reports the endpoint {endpoint.status}"
    )


_STATUS_REASONS = {
    EndpointStatus.CREATING: Reason.CREATING,
    EndpointStatus.DELETING: Reason.DELETING,
}


def _weights_applied(desired: Desired, observed: Observed) -> ConditionDraft:
    variants = observed.endpoint.variants if observed.endpoint else ()
    current = {variant.name: variant.current_weight for variant in variants}
    requested = {variant.name: variant.desired_weight for variant in variants}
    kind = ConditionType.WEIGHTS_APPLIED
    if current == desired.weights and requested == desired.weights:
        whose = f"run {desired.traffic.run}" if desired.traffic.run else "the spec"
        message = f"Traffic is split as {whose} asks"
        return ConditionDraft(kind, status=True, reason=Reason.APPLIED, message=message)
    message = "The weights in AWS are not yet the intended ones"
    return ConditionDraft(kind, status=False, reason=Reason.PENDING, message=message)


def _autoscaling_applied(desired: Desired, observed: Observed, remembered: Remembered) -> ConditionDraft:
    kind = ConditionType.AUTOSCALING_APPLIED
    endpoint = observed.endpoint
    complete = endpoint is not None and all(
        variant.name in observed.targets for variant in desired.variants if variant.scaling
    )
    pending = [] if endpoint is None else list(scaling_steps(desired, observed, endpoint, remembered))
    unread = alarms_problem(desired, observed)
    if unread is not None:
        return ConditionDraft(kind, status=False, reason=unread.reason, message=unread.message)
    if not complete or pending:
        message = ". ".join(
            ["Autoscaling is not yet as the spec asks", *_lacking_policies(desired, observed)]
        )
        return ConditionDraft(kind, status=False, reason=Reason.PENDING, message=message)
    foreign = "; ".join(describe_foreign(desired, observed, remembered.scaling))
    if foreign:
        message = f"AWS has what the spec does not have, and the operator leaves it alone. {foreign}"
        return ConditionDraft(kind, status=False, reason=Reason.FOREIGN_SCALING, message=message)
    message = "; ".join(["Autoscaling is as the spec asks", *_suspended_by_run(desired)])
    return ConditionDraft(kind, status=True, reason=Reason.APPLIED, message=message)


def _suspended_by_run(desired: Desired) -> Iterator[str]:
    for variant in desired.variants:
        if variant.scaling is not None and variant.scaling.kept_by:
            yield f"run {variant.scaling.kept_by} keeps scale-in of {variant.name} suspended until it ends"


def _lacking_policies(desired: Desired, observed: Observed) -> Iterator[str]:
    """Say which declared policies registered variants serve without."""
    for variant in desired.variants:
        target = observed.targets.get(variant.name)
        if target is None or variant.scaling is None:
            continue
        names = [each.name for each in variant.scaling.policies if each.name not in target.policies]
        if names:
            yield f"{variant.name} has no scaling policy {', '.join(names)}"
