"""Computes what to do next: `plan(desired, observed, remembered) → Plan`.

One reconcile sends one step of a plan. A step can be sent alone, and it can be sent again. The next reconcile
reads everything again. The process may therefore die between any two calls.
"""

from collections.abc import Mapping

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.planning import commands
from sagemaker_ab.planning.adjustments import adjustments
from sagemaker_ab.planning.deployment import Deployment
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.known_config import known_config
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.ownership import describe_owner
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.remembered import Remembered
from sagemaker_ab.planning.rollout import recreation_of_config, recreation_of_models, rollout
from sagemaker_ab.planning.state import EndpointState, determine
from sagemaker_ab.planning.steps import Plan, Step, StepKind


def plan(desired: Desired, observed: Observed, remembered: Remembered) -> Plan:
    """Return the steps that bring AWS to the desired state, or the problem that prevents it."""
    state = determine(desired, observed, remembered.deployment)
    pending = adjustments(desired, observed, remembered)
    match state:
        case EndpointState.ABSENT | EndpointState.OUTDATED:
            return _outdated(state, desired, observed, pending)
        case EndpointState.CONFIG_DELETED:
            return _config_deleted(desired, observed, remembered, pending)
        case EndpointState.FAILED:
            return _failed(desired, observed, remembered.deployment)
        case EndpointState.FOREIGN:
            return Plan(state, problem=_foreign(desired, observed))
        case EndpointState.OUT_OF_SERVICE:
            message = f"AWS reports endpoint {desired.endpoint_name} out of service"
            return Plan(state, problem=Problem(Reason.ENDPOINT_FAILED, message))
        case EndpointState.CREATING | EndpointState.DELETING | EndpointState.UNPROVEN:
            return Plan(state, actionable=False)
        case EndpointState.BUSY:
            # The remaining adjustments show what is pending. If there are none, the resource stays ready:
            # every scaling activity of the autoscaler makes the endpoint busy.
            remaining = pending if _serves_desired(desired, observed) else ()
            return Plan(state, adjustments=remaining, actionable=False)
        case EndpointState.ROLLED_BACK:
            missing = tuple(recreation_of_models(desired, remembered.missing_models))
            return Plan(state, missing, pending, problem=_deployment_failed(remembered.deployment))
        case EndpointState.CURRENT:
            missing = tuple(recreation_of_models(desired, remembered.missing_models))
            return Plan(state, missing, pending)


def _outdated(state: EndpointState, desired: Desired, observed: Observed, pending: tuple[Step, ...]) -> Plan:
    if desired.unresolved:
        problem = Problem(Reason.UNKNOWN_IMAGE, "; ".join(desired.unresolved))
        return Plan(state, adjustments=pending, problem=problem)
    existing = {f"model {name}": tags for name, tags in observed.owners_of_models.items()}
    if observed.owner_of_config is not None:
        existing[f"endpoint config {desired.config_name}"] = observed.owner_of_config
    for what, tags in existing.items():
        if not desired.owner.owns(tags):
            return Plan(state, adjustments=pending, problem=_not_owned(what, tags))
    return Plan(state, rollout(desired, observed), pending)


def _config_deleted(
    desired: Desired, observed: Observed, remembered: Remembered, pending: tuple[Step, ...]
) -> Plan:
    """Create the config in use again before anything is deployed.

    If its content is not known, a person must restore it.
    """
    name = observed.endpoint.config_name if observed.endpoint else None
    config = known_config(desired, observed, remembered)
    if config is not None:
        return Plan(EndpointState.CONFIG_DELETED, recreation_of_config(desired, observed, config), pending)
    message = (
        f"endpoint config {name}, which the endpoint uses, was deleted, and its content is not known: AWS"
        " refuses updates of the endpoint. Create an endpoint config of that name with the variants of the"
        " endpoint, or delete the endpoint: the operator then creates it again"
    )
    problem = Problem(Reason.ENDPOINT_CONFIG_MISSING, message)
    return Plan(EndpointState.CONFIG_DELETED, adjustments=pending, problem=problem)


def _failed(desired: Desired, observed: Observed, deployment: Deployment | None) -> Plan:
    """Delete a failed endpoint, unless another attempt would fail for the same cause."""
    hopeless = (
        deployment is not None
        and deployment.failed_for(desired)
        and not deployment.retry_due(observed.read_at, serving=False)
    )
    if hopeless:
        return Plan(EndpointState.FAILED, problem=_deployment_failed(deployment))
    if desired.unresolved:
        problem = Problem(Reason.UNKNOWN_IMAGE, "; ".join(desired.unresolved))
        return Plan(EndpointState.FAILED, problem=problem)
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


def _serves_desired(desired: Desired, observed: Observed) -> bool:
    endpoint = observed.endpoint
    return endpoint is not None and not endpoint.pending_config_name and observed.deploys(desired)
