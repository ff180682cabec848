"""What may go wrong, said in one sentence with the next step."""

from sagemaker_ab.aws.calls import CallFailed
from sagemaker_ab.aws.failures import FailureKind
from sagemaker_ab.aws.sessions import NoRegion
from sagemaker_ab.cli.finder import NoSuchResource, NotInstalled
from sagemaker_ab.cli.json_lines import InvalidInput
from sagemaker_ab.cli.resource import UnreadableResource
from sagemaker_ab.kube.client import KubernetesError, NoCluster

PROBLEMS = (
    CallFailed,
    InvalidInput,
    KubernetesError,
    NoRegion,
    NoSuchResource,
    NotInstalled,
    UnreadableResource,
)

_AS_WHOM = "commands call AWS with your own credentials, not the operator's"
_NEXT_STEPS = {
    FailureKind.DENIED: _AS_WHOM,
    FailureKind.TRANSIENT: "try again",
    FailureKind.LOST: "try again",
}
_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError")


def explained(problem: Exception) -> str:
    match problem:
        case CallFailed(failure=failure):
            step = _AS_WHOM if failure.code in _CREDENTIALS else _NEXT_STEPS.get(failure.kind)
            step = step or "the command get shows the state of the endpoint"
            return f"AWS: {failure.message.rstrip('.')} ({failure.code}); {step}"
        case NoRegion():
            return "no AWS region: neither the resource nor your environment names one; set AWS_REGION"
        case NoCluster():
            return f"no cluster to ask: {problem}; see --kubeconfig and --context"
        case KubernetesError():
            return f"the API server: {problem}"
    return str(problem)
