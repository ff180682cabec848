"""What to do next: `plan(desired, observed, …) → Plan`.

One reconcile sends one step of a plan. Every step is safe to send alone and to send again, and the next
reconcile reads the truth anew, so the process may die between any two calls.
"""

from collections.abc import Iterable, Mapping

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning import commands
from sagemaker_ab.planning.adjustments import adjustments
from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.ownership import describe_owner
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.rollout import rollout
from sagemaker_ab.planning.state import EndpointState, determine
from sagemaker_ab.planning.steps import Plan, Step, StepKind


def plan(
    desired: Desired,
    observed: Observed,
    *,
    deployment: Deployment | None = None,
    managed_tag_keys: Iterable[str] = (),
) -> Plan:
    """Decide what brings AWS nearer to the desired state.

    `deployment` is the record that `follow` brought up to date. `managed_tag_keys` are the tag keys that the
    operator has set on the endpoint before: of the tags that are not desired, only these are removed.
    """
    state = determine(desired, observed, deployment)
    match state:
        case EndpointState.ABSENT | EndpointState.OUTDATED:
            return _outdated(state, desired, observed, managed_tag_keys)
        case EndpointState.FAILED:
            return _failed(desired, observed, deployment)
        case EndpointState.FOREIGN:
            return Plan(state, problem=_foreign(desired, observed))
        case EndpointState.OUT_OF_SERVICE:
            message = f"AWS reports endpoint {desired.endpoint_name} out of service"
            return Plan(state, problem=Problem(Reason.ENDPOINT_FAILED, message))
        case EndpointState.CREATING | EndpointState.DELETING | EndpointState.UNPROVEN:
            return Plan(state, actionable=False)
        case EndpointState.BUSY:
            return Plan(state, adjustments=_busy(desired, observed, managed_tag_keys), actionable=False)
        case EndpointState.ROLLED_BACK:
            pending = adjustments(desired, observed, managed_tag_keys)
            return Plan(state, adjustments=pending, problem=_deployment_failed(deployment))
        case EndpointState.CURRENT:
            return Plan(state, adjustments=adjustments(desired, observed, managed_tag_keys))


def _outdated(
    state: EndpointState, desired: Desired, observed: Observed, managed_tag_keys: Iterable[str]
) -> Plan:
    pending = adjustments(desired, observed, managed_tag_keys)
    existing = {f"model {name}": tags for name, tags in observed.owners_of_models.items()}
    if observed.owner_of_config is not None:
        existing[f"endpoint config {desired.config_name}"] = observed.owner_of_config
    for what, tags in existing.items():
        if not desired.owner.owns(tags):
            return Plan(state, adjustments=pending, problem=_not_owned(what, tags))
    return Plan(state, rollout(desired, observed), pending)


def _failed(desired: Desired, observed: Observed, deployment: Deployment | None) -> Plan:
    """Delete a failed endpoint, unless another attempt would fail for the same cause."""
    hopeless = (
        deployment is not None
        and deployment.state is DeploymentState.FAILED
        and deployment.fingerprint == desired.fingerprint
        and not deployment.retry_due(observed.now)
    )
    if hopeless:
        return Plan(EndpointState.FAILED, problem=_deployment_failed(deployment))
    deletion = Step(StepKind.DELETE_ENDPOINT, (commands.delete_endpoint(desired.endpoint_name),))
    return Plan(EndpointState.FAILED, (deletion,))


def _deployment_failed(deployment: Deployment | None) -> Problem:
    return Problem(Reason.DEPLOYMENT_FAILED, deployment.message if deployment else "")


def _foreign(desired: Desired, observed: Observed) -> Problem:
    tags = observed.endpoint.tags if observed.endpoint else {}
    return _not_owned(f"endpoint {desired.endpoint_name}", tags)


def _not_owned(what: str, tags: Mapping[str, str]) -> Problem:
    message = f"{what} exists and is {describe_owner(tags)}; the operator does not change it"
    return Problem(Reason.NOT_OWNED, message)


def _busy(desired: Desired, observed: Observed, managed_tag_keys: Iterable[str]) -> tuple[Step, ...]:
    """Return the adjustments that will remain once AWS is no longer busy.

    Without any, the resource stays ready: the autoscaler makes an endpoint busy all the time.
    """
    endpoint = observed.endpoint
    if endpoint is None or endpoint.pending_config_name or not observed.deploys(desired):
        return ()
    return adjustments(desired, observed, managed_tag_keys)
