"""The closed lists of condition types and reasons.

The types follow kstatus: Ready is always present, Reconciling and Stalled only while they are true. Ready and
Reconciling state whether AWS matches what is intended now. The progress of an experiment and the availability
of metrics do not change them. The docstrings of the members are the descriptions in docs/resource.md.

Source: https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
"""

from enum import StrEnum


class ConditionType(StrEnum):
    """Condition types."""

    READY = "Ready"
    """AWS matches the spec. Always present after the first reconcile."""

    RECONCILING = "Reconciling"
    """The operator is changing AWS, is waiting for AWS, or is retrying a transient failure. Present only when
    true.
    """

    STALLED = "Stalled"
    """AWS does not match the spec, and the cause may need a person. The reason states whether the operator
    retries with backoff or waits for a change. Present only when true.
    """

    ENDPOINT_IN_SERVICE = "EndpointInService"
    """The endpoint serves requests. The condition stays true during an update, because the previous fleet
    keeps serving.
    """

    WEIGHTS_APPLIED = "WeightsApplied"
    """The desired and the current weight of every variant in AWS are the intended ones."""

    AUTOSCALING_APPLIED = "AutoscalingApplied"
    """The scalable targets in AWS match the spec, with their scaling policies, alarms, scheduled actions and
    suspensions. Present only if a variant has autoscaling. With the reason ForeignScaling, they match it, and
    AWS also has others, which the message names.
    """

    METRICS_AVAILABLE = "MetricsAvailable"
    """CloudWatch returned metrics for the latest window."""

    DECIDED = "Decided"
    """The run of the strategy has ended. While it goes on, the condition is false, and reason and message say
    what it waits for. Present only under a strategy other than Manual.
    """

    SPEC_CONVERGED = "SpecConverged"
    """The weights that serve need no change of the spec to stay. After a promotion the condition is false
    until the patch in status.traffic.patch is committed. Present only under a strategy other than Manual.
    """

    RUN_HELD = "RunHeld"
    """A person holds the run: its weights stay, and a rollback still happens. Present only when true."""


class Reason(StrEnum):
    """Condition reasons. Events that report a condition have the same reason."""

    IN_SERVICE = "InService"
    """The endpoint is in service. On Ready, AWS also matches the spec."""

    APPLIED = "Applied"
    """AWS matches the spec in what the condition covers."""

    AVAILABLE = "Available"
    """CloudWatch returned metrics for the latest window."""

    PENDING = "Pending"
    """AWS does not show the intended state yet. No error occurred. The operator reads AWS again after the
    poll interval.
    """

    CREATING = "Creating"
    """AWS is creating the endpoint. The operator polls until AWS is done."""

    UPDATING = "Updating"
    """AWS is updating the endpoint. The operator polls until AWS is done."""

    ROLLING_BACK = "RollingBack"
    """AWS is rolling the endpoint back to its previous state. The operator polls until AWS is done."""

    DELETING = "Deleting"
    """The endpoint, or an AWS object that belongs to it, is being deleted. On a resource that is being
    deleted, the message states the next step, or what the deletion waits for.
    """

    PROGRESSING = "Progressing"
    """AWS does not match the spec. The operator sends the changes that the message lists next."""

    RETRYING = "Retrying"
    """An AWS call failed for a transient reason, such as throttling or an unreachable address. The operator
    retries with backoff. After ten failures in a row, Stalled is true instead of Reconciling.
    """

    NO_DATA = "NoData"
    """There are no metrics for the latest window: CloudWatch returned no datapoints, or the operator could
    not read it for several intervals. The operator reads CloudWatch again at the next interval.
    """

    INVALID_SPEC = "InvalidSpec"
    """The spec violates a validation rule. The operator changes nothing in AWS until the spec changes."""

    NO_REGION = "NoRegion"
    """Neither spec.region nor the operator's environment sets an AWS region. The operator calls no AWS API
    for this resource until one does.
    """

    NO_CREDENTIALS = "NoCredentials"
    """The operator has no AWS credentials, or they have expired. The operator retries with backoff. After ten
    failures in a row, Stalled is true instead of Reconciling.
    """

    UNKNOWN_IMAGE = "UnknownImage"
    """The operator knows no image for this framework, version, region and instance family. The operator
    deploys nothing until the spec changes; weights and counts of the variants that serve still follow it.
    """

    NOT_OWNED = "NotOwned"
    """An AWS object with the required name exists, but does not carry the owner tags of this resource. The
    operator does not change or delete it, and checks again at every resync. A deletion waits while the owner
    tags of the endpoint are missing or incomplete.
    """

    LOCATION_CHANGED = "LocationChanged"
    """The operator's AWS account, or spec.region, differs from the account or region recorded in status. The
    operator changes nothing in AWS until they match.
    """

    REFUSED = "Refused"
    """AWS refused a call. The operator retries with backoff, and immediately after a spec change or a
    reconcile request.
    """

    ACCESS_DENIED = "AccessDenied"
    """AWS refused a call because of missing permissions or invalid credentials. The operator retries with
    backoff, and immediately after a spec change or a reconcile request.
    """

    QUOTA_EXCEEDED = "QuotaExceeded"
    """AWS refused a call because of a service quota. The operator retries with backoff, and immediately after
    a spec change or a reconcile request.
    """

    DEPLOYMENT_FAILED = "DeploymentFailed"
    """The endpoint config that the spec asks for did not come into service. The previous one, if any, keeps
    serving. The operator retries capacity shortages and internal failures of AWS with backoff: up to three
    times while the previous config serves, without limit while nothing serves. Otherwise it waits for a
    reconcile request, or until the variants, their models or instance types change in the spec; after a
    capacity shortage, also until instance counts change.
    """

    ENDPOINT_CONFIG_MISSING = "EndpointConfigMissing"
    """The endpoint config in use was deleted, and its content is not known. AWS refuses updates of the
    endpoint. The operator changes weights, but neither counts nor autoscaling, since only the config shows
    the instance types. It waits for a person to restore the config.
    """

    FOREIGN_SCALING = "ForeignScaling"
    """AWS has scaling policies, scheduled actions or suspensions of a variant that the spec does not have.
    The operator leaves them alone, unless foreignScaling is Remove. If one of them keeps a policy of the spec
    from being put, Ready is false and Stalled is true until a person acts.
    """

    CHANGE_ROLLED_BACK = "ChangeRolledBack"
    """AWS accepted a change of weights, instance counts or autoscaling and then did not hold it. The operator
    retries with backoff, and immediately after a spec change or a reconcile request.
    """

    ENDPOINT_FAILED = "EndpointFailed"
    """The endpoint does not serve: AWS reports it as Failed, OutOfService or in a status that this version
    does not know. The operator deletes a Failed endpoint and creates it again, unless the deployment that the
    spec asks for is the one that failed (DeploymentFailed). In the other cases it waits for AWS.
    """

    ENDPOINT_MISSING = "EndpointMissing"
    """The endpoint does not exist in AWS. The Ready condition states what the operator does next."""

    INTERNAL_ERROR = "InternalError"
    """A reconcile ended in an unexpected error, which is a bug in the operator. Its log has the traceback.
    The operator retries after one minute.
    """


class RunReason(StrEnum):
    """Reasons of the conditions Decided, SpecConverged and RunHeld that no look at the evidence gives."""

    NOT_STARTED = "NotStarted"
    """The run has not started. It waits for the endpoint to be in service on the desired models."""

    HOLD_REQUESTED = "HoldRequested"
    """A person holds the run by the annotation sagemaker-ab.dev/hold."""

    PROMOTION_REQUESTED = "PromotionRequested"
    """A person ended the run by the annotation sagemaker-ab.dev/promote. The candidate gets all the traffic,
    unless the mode is Observe.
    """

    ABORT_REQUESTED = "AbortRequested"
    """A person ended the run by the annotation sagemaker-ab.dev/abort. The baseline gets all the traffic,
    unless the mode is Observe.
    """

    SUPERSEDED = "Superseded"
    """The policy or a variant changed, the endpoint was created again, or AWS's date was wrong when the run
    started. Another run follows.
    """

    EVIDENCE_LOST = "EvidenceLost"
    """The state of the run was lost, and its evidence cannot be read again. The weights stay. The annotation
    sagemaker-ab.dev/retry starts another run.
    """

    RESTORED = "Restored"
    """The state of the run was lost. A tag of the endpoint says how the run ended, and its weights stay."""

    CONVERGED = "Converged"
    """The weights that serve need no change of the spec."""

    PATCH_NOT_COMMITTED = "PatchNotCommitted"
    """The candidate was promoted, and the spec still describes the run. Commit status.traffic.patch."""
