"""What passes share: one connection to Kubernetes, one to AWS, and what is known of all resources."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sagemaker_ab.aws.garbage import Inventory
from sagemaker_ab.aws.observe import Observer
from sagemaker_ab.aws.sessions import AwsSession
from sagemaker_ab.controller.monitoring import MetricsBook
from sagemaker_ab.controller.settings import Settings
from sagemaker_ab.kube.client import KubeClient
from sagemaker_ab.kube.events import EventRecorder


@dataclass(frozen=True, slots=True)
class Services:
    """The edges that a pass works with."""

    kube: KubeClient
    aws: AwsSession
    observer: Observer
    inventory: Inventory
    events: EventRecorder
    metrics: MetricsBook
    settings: Settings
    cluster_id: str
    local_clock: Callable[[], float] = time.monotonic
    """Seconds, for polling and backing off only; what lasts in AWS is measured on its own clock."""
