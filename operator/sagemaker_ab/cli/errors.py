"""The errors that commands report in one line, and their messages."""

from sagemaker_ab.aws.failures import AwsError, Failure, FailureKind
from sagemaker_ab.aws.sessions import NoRegion
from sagemaker_ab.cli.current_run import NoRun
from sagemaker_ab.cli.json_lines import InvalidInput
from sagemaker_ab.cli.reader import CrdNotInstalled, ResourceNotFound
from sagemaker_ab.cli.snapshot import UnreadableResource
from sagemaker_ab.kube.client import KubernetesError, NoCluster

EXPECTED = (
    AwsError,
    InvalidInput,
    KubernetesError,
    NoRegion,
    NoRun,
    ResourceNotFound,
    CrdNotInstalled,
    UnreadableResource,
)

_YOUR_CREDENTIALS = (
    "this command uses your AWS credentials, not the operator's; check them and their permissions"
)
_NO_SUCH_ENDPOINT = ("Could not find endpoint", "Endpoint ")


def message_for(error: Exception) -> str:
    """Return what happened, in the words of AWS or the API server, and what the user can do."""
    match error:
        case AwsError(failure=failure):
            words = f"AWS: {failure.message.rstrip('.')} ({failure.code})"
            return "; ".join(filter(None, (words, _next_step(failure))))
        case NoRegion():
            return "no AWS region: neither the resource nor your environment names one; set AWS_REGION"
        case NoCluster():
            return f"no cluster to connect to: {error}; check --kubeconfig and --context"
        case KubernetesError():
            return f"the API server: {error}; check --context and your permissions in the cluster"
    return str(error)


def _next_step(failure: Failure) -> str | None:
    if failure.kind in {FailureKind.DENIED, FailureKind.NO_CREDENTIALS}:
        return _YOUR_CREDENTIALS
    if failure.kind in {FailureKind.TRANSIENT, FailureKind.LOST}:
        return "try again"
    if failure.message.startswith(_NO_SUCH_ENDPOINT):
        return "run the command get to see the state of the endpoint"
    return None
