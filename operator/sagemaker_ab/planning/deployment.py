"""The record of a deployment: what was requested, and the proof that it succeeded or failed.

AWS ends a failed update with the endpoint InService on its old config, sometimes without a reason. A read may
be seconds old; a rollback then looks like an update that has not begun. A failure is therefore believed on
proof only. A deployment that failed is not retried until the spec asks for another one, except after causes
that are transient.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from sagemaker_ab.planning.consistency import SETTLING_SECONDS
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import EndpointStatus, Observed

_SILENCE_SECONDS = 300.0
"""An accepted update that no read has shown for this long was rolled back silently (a guess)."""

_MOST_ATTEMPTS_WHILE_SERVING = 4
_FIRST_GAP_SECONDS = 300.0
_LONGEST_GAP_SECONDS = 3600.0

_INTERNAL_CAUSES = (
    # The ACK SageMaker controller retries this cause alone (its endpoint hooks.go).
    "Request to service failed",
)
_CAPACITY_CAUSES = (
    # As DescribeEndpoint's FailureReason words them.
    "Unable to provision requested ML compute capacity",
    "InsufficientInstanceCapacity",
    "CapacityError",
    "ResourceLimitExceeded",
    "account-level service limit",
)


class DeploymentState(StrEnum):
    """How far a deployment is known to be."""

    REQUESTED = "Requested"
    """About to be requested from AWS; whether the call arrived is not known."""
    REFUSED = "Refused"
    """AWS refused the last request. The next one is sent without another record, so it may have arrived."""
    ACCEPTED = "Accepted"
    """AWS accepted the call."""
    IN_PROGRESS = "InProgress"
    """A read showed the endpoint creating or updating to this config."""
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A record that is kept in the resource's status until the deployment has succeeded.

    `content_fingerprint` identifies what the fleet consists of, `fingerprint` its size as well. Times are
    seconds since the epoch on AWS's clock: `since` is when the record entered its state. The rest describes
    the endpoint before the request, for an update: its LastModifiedTime, config and FailureReason.
    """

    fingerprint: str
    content_fingerprint: str
    config_name: str
    attempts: int
    state: DeploymentState
    since: float
    last_modified: float | None = None
    previous_config: str | None = None
    previous_failure: str | None = None
    message: str = ""

    def is_for(self, desired: Desired) -> bool:
        """Return whether the record is about the desired content, whatever the size of the fleet.

        A record from a version that did not write it is compared with the size.
        """
        if not self.content_fingerprint:
            return self.fingerprint == desired.fingerprint
        return self.content_fingerprint == desired.content_fingerprint

    @property
    def transient(self) -> bool:
        """Whether the deployment failed for a cause that passes without a change of its content."""
        return self.lacked_capacity or any(cause in self.message for cause in _INTERNAL_CAUSES)

    @property
    def lacked_capacity(self) -> bool:
        return any(cause in self.message for cause in _CAPACITY_CAUSES)

    def failed_for(self, desired: Desired) -> bool:
        """Return whether this is a failure that the desired deployment would repeat.

        Another size is another attempt only after a failure for lack of capacity or quota.
        """
        if self.state is not DeploymentState.FAILED or not self.is_for(desired):
            return False
        return not self.lacked_capacity or self.fingerprint == desired.fingerprint

    def retry_due(self, now: float, *, serving: bool) -> bool:
        """Return whether a failure with a transient cause may be retried now, with doubling gaps.

        While an earlier fleet serves, the attempts are limited, since each builds a fleet. While nothing
        serves, there is no limit.
        """
        if not self.transient or (serving and self.attempts >= _MOST_ATTEMPTS_WHILE_SERVING):
            return False
        gap: float = _FIRST_GAP_SECONDS * 2 ** min(self.attempts - 1, 10)
        return now - self.since >= min(gap, _LONGEST_GAP_SECONDS)

    def unproven(self, now: float) -> bool:
        """Return whether the record is too young for a read to prove anything about it."""
        settled = self.state in {DeploymentState.FAILED, DeploymentState.REFUSED}
        return not settled and now - self.since < SETTLING_SECONDS

    def enter(self, state: DeploymentState, now: float, message: str = "") -> "Deployment":
        """Return the record in another state, or the same one if it is in that state already."""
        if state is self.state:
            return self
        return replace(self, state=state, since=now, message=message)


def request(desired: Desired, observed: Observed, previous: Deployment | None) -> Deployment:
    """Return the record of a deployment that is about to be requested."""
    endpoint = observed.endpoint
    again = previous is not None and previous.is_for(desired)
    return Deployment(
        fingerprint=desired.fingerprint,
        content_fingerprint=desired.content_fingerprint,
        config_name=desired.config_name,
        attempts=previous.attempts + 1 if previous and again else 1,
        state=DeploymentState.REQUESTED,
        since=observed.now,
        last_modified=endpoint.last_modified if endpoint else None,
        previous_config=endpoint.config_name if endpoint else None,
        previous_failure=endpoint.failure_reason if endpoint else None,
    )


def follow(deployment: Deployment | None, desired: Desired, observed: Observed) -> Deployment | None:
    """Bring the record up to date with what was read; None once there is nothing to remember."""
    if deployment is None or observed.endpoint is None:
        return deployment
    endpoint = observed.endpoint
    match endpoint.status:
        case EndpointStatus.CREATING | EndpointStatus.UPDATING:
            deploying = endpoint.pending_config_name or endpoint.config_name
            if deploying == deployment.config_name:
                return deployment.enter(DeploymentState.IN_PROGRESS, observed.read_at)
        case EndpointStatus.FAILED:
            if endpoint.config_name in {deployment.config_name, None}:
                return _failed(deployment, observed)
        case EndpointStatus.IN_SERVICE | EndpointStatus.UPDATE_ROLLBACK_FAILED:
            return _in_service(deployment, desired, observed)
    return deployment


def _in_service(deployment: Deployment, desired: Desired, observed: Observed) -> Deployment | None:
    config = observed.endpoint.config_name if observed.endpoint else None
    if config == deployment.config_name:
        return None
    if deployment.unproven(observed.read_at):
        return deployment
    if observed.deploys(desired):
        return None
    if deployment.previous_config is not None and config != deployment.previous_config:
        # Neither the deployed config nor the one before: somebody else deployed it later. That is drift.
        return None
    return _failed(deployment, observed) if _proven_failed(deployment, observed) else deployment


def _proven_failed(deployment: Deployment, observed: Observed) -> bool:
    endpoint = observed.endpoint
    if endpoint is None:
        return False
    moved = deployment.last_modified is not None and endpoint.last_modified > deployment.last_modified
    reason = endpoint.failure_reason
    new_reason = bool(reason) and reason != deployment.previous_failure
    match deployment.state:
        case DeploymentState.IN_PROGRESS:
            return True
        case DeploymentState.ACCEPTED:
            silent = observed.read_at - deployment.since >= _SILENCE_SECONDS
            return moved or new_reason or silent
        case DeploymentState.REQUESTED | DeploymentState.REFUSED:
            # The time alone may be that of a scaling activity.
            return moved and new_reason
        case DeploymentState.FAILED:
            return True


def _failed(deployment: Deployment, observed: Observed) -> Deployment:
    reason = observed.endpoint.failure_reason if observed.endpoint else None
    message = reason or "AWS rolled the endpoint back and gave no reason"
    return deployment.enter(DeploymentState.FAILED, observed.read_at, message)
