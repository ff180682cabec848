"""What becomes of a resource whose pass ended in an exception that nobody expected."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.context import Case
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.controller.monitoring import Key
from sagemaker_ab.controller.services import Services
from sagemaker_ab.planning.problem import Trouble


def tell_mishap(services: Services, key: Key, error: Exception) -> None:
    """Say on the resource that its pass ended in a bug, and where more is to be read.

    Raises KubernetesError when the resource cannot be read or written.
    """
    message = f"A bug of the operator's ended the pass ({type(error).__name__}): see the operator's log"
    case = Case(services, services.kube.get(*key), Memory())
    case.tell_trouble(Trouble(Reason.INTERNAL_ERROR, message))
