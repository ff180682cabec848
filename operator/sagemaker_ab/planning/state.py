"""The closed list of states that an endpoint can be in, as seen from one resource."""

from enum import StrEnum

from sagemaker_ab.planning.deployment import Deployment, DeploymentState
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import EndpointStatus, Observed


class EndpointState(StrEnum):
    """The state that a reconcile finds; exactly one of these."""

    ABSENT = "Absent"
    """No endpoint of this name."""
    FOREIGN = "Foreign"
    """An endpoint of this name that does not carry our owner tags."""
    CREATING = "Creating"
    BUSY = "Busy"
    """AWS is changing it, requested by us, the autoscaler, AWS itself or another client."""
    DELETING = "Deleting"
    FAILED = "Failed"
    """Only deletion is legal."""
    OUT_OF_SERVICE = "OutOfService"
    """A state that only AWS can end."""
    UNPROVEN = "Unproven"
    """An update was requested and no read has shown its result yet."""
    ROLLED_BACK = "RolledBack"
    """The desired deployment has failed; the previous one serves."""
    CONFIG_DELETED = "ConfigDeleted"
    """In service, but the endpoint config in use does not exist; AWS refuses updates of such an endpoint."""
    OUTDATED = "Outdated"
    """In service, built from another config than the desired one."""
    CURRENT = "Current"
    """In service on the desired deployment; weights, counts, scaling and tags may still differ."""


def determine(desired: Desired, observed: Observed, deployment: Deployment | None) -> EndpointState:
    """Return the state; `deployment` is the record that `follow` brought up to date."""
    endpoint = observed.endpoint
    if endpoint is None:
        return EndpointState.ABSENT
    if not desired.owner.owns(endpoint.tags):
        return EndpointState.FOREIGN
    match endpoint.status:
        case EndpointStatus.CREATING:
            return EndpointState.CREATING
        case EndpointStatus.DELETING:
            return EndpointState.DELETING
        case EndpointStatus.FAILED:
            return EndpointState.FAILED
        case EndpointStatus.OUT_OF_SERVICE:
            return EndpointState.OUT_OF_SERVICE
        case EndpointStatus.IN_SERVICE | EndpointStatus.UPDATE_ROLLBACK_FAILED:
            return _in_service(desired, observed, deployment)
        case _:
            return EndpointState.BUSY


def _in_service(desired: Desired, observed: Observed, deployment: Deployment | None) -> EndpointState:
    if deployment is not None and deployment.unproven(observed.read_at):
        return EndpointState.UNPROVEN
    if observed.config_deleted:
        return EndpointState.CONFIG_DELETED
    if observed.deploys(desired):
        return EndpointState.CURRENT
    if deployment is None or not deployment.is_for(desired):
        return EndpointState.OUTDATED
    match deployment.state:
        case DeploymentState.FAILED if not deployment.failed_for(desired):
            return EndpointState.OUTDATED
        case DeploymentState.FAILED if deployment.retry_due(observed.read_at, serving=True):
            return EndpointState.OUTDATED
        case DeploymentState.FAILED:
            return EndpointState.ROLLED_BACK
        case DeploymentState.REQUESTED | DeploymentState.REFUSED:
            return EndpointState.OUTDATED
        case _:
            return EndpointState.UNPROVEN
