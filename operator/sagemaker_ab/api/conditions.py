"""The closed tables of condition types and reasons.

The types follow kstatus (sigs.k8s.io/cli-utils, pkg/kstatus): Ready always, Reconciling and Stalled only when
true. Ready and Reconciling say whether AWS matches what is intended now, never how far an experiment is or
whether metrics came.
"""

from enum import StrEnum


class ConditionType(StrEnum):
    """Types of conditions."""

    READY = "Ready"
    """AWS is as the spec intends. Always present."""

    RECONCILING = "Reconciling"
    """The operator is at work on it, or waits for AWS. Present only when true."""

    STALLED = "Stalled"
    """It waits for a person, or retries slowly until AWS's side is mended. Present only when true."""

    ENDPOINT_IN_SERVICE = "EndpointInService"
    """The endpoint is InService on the config that was asked for."""

    WEIGHTS_APPLIED = "WeightsApplied"
    """Every variant's current weight is the intended one."""

    AUTOSCALING_APPLIED = "AutoscalingApplied"
    """Scalable targets and policies are as intended."""

    METRICS_AVAILABLE = "MetricsAvailable"
    """CloudWatch gave numbers for the last window."""


class Reason(StrEnum):
    """Reasons of conditions."""

    IN_SERVICE = "InService"
    """The endpoint is in service as asked for."""

    APPLIED = "Applied"
    """It is in AWS as the spec asks."""

    AVAILABLE = "Available"
    """The numbers are there."""

    PENDING = "Pending"
    """Not there yet; nothing is wrong."""

    CREATING = "Creating"
    """AWS is creating the endpoint."""

    UPDATING = "Updating"
    """AWS is updating the endpoint."""

    ROLLING_BACK = "RollingBack"
    """AWS is going back to the config before."""

    DELETING = "Deleting"
    """AWS is deleting the endpoint, or what belongs to it."""

    PROGRESSING = "Progressing"
    """The operator has written to AWS and goes on."""

    RETRYING = "Retrying"
    """An AWS call failed for a passing reason and is tried again soon."""

    NO_DATA = "NoData"
    """CloudWatch has no numbers for the window."""

    INVALID_SPEC = "InvalidSpec"
    """The spec breaks a rule of this resource; it waits for another spec."""

    NO_REGION = "NoRegion"
    """Neither the spec nor the operator's environment names an AWS region."""

    NO_CREDENTIALS = "NoCredentials"
    """The operator has no AWS credentials, or they have run out; tried again soon, then slowly."""

    UNKNOWN_IMAGE = "UnknownImage"
    """No image is known for this framework, region and instance family; it waits for another spec."""

    NOT_OWNED = "NotOwned"
    """An AWS object of that name does not carry this resource's owner tags and is left alone."""

    LOCATION_CHANGED = "LocationChanged"
    """The operator's account or region is not the one pinned in status."""

    REFUSED = "Refused"
    """AWS refused a call; it is tried again slowly, and at once on a new spec or a reconcile request."""

    ACCESS_DENIED = "AccessDenied"
    """AWS refused a call for want of permission; it is tried again slowly."""

    QUOTA_EXCEEDED = "QuotaExceeded"
    """AWS refused a call because of a quota; it is tried again slowly."""

    DEPLOYMENT_FAILED = "DeploymentFailed"
    """The asked config did not come into service; the one before serves on."""

    CHANGE_ROLLED_BACK = "ChangeRolledBack"
    """AWS took a change of weights or instance counts, and went back; it is tried again slowly."""

    ENDPOINT_FAILED = "EndpointFailed"
    """The endpoint is Failed in AWS, where only deletion is legal."""

    ENDPOINT_MISSING = "EndpointMissing"
    """There is no endpoint yet."""

    INTERNAL_ERROR = "InternalError"
    """A pass ended in a bug of the operator's, told in its log; it is tried again."""
