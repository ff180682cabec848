"""The clients and the clock that commands use: Kubernetes, AWS, time."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import click

from sagemaker_ab.aws.clock import endpoint_time
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.kube.client import connect


class KubernetesClient(Protocol):
    """What commands need of SageMakerABEndpoints in the API server, from `kube.client.KubeClient`."""

    @property
    def default_namespace(self) -> str: ...

    def get(self, namespace: str, name: str) -> Mapping[str, Any]: ...

    def list(self, namespace: str | None) -> Sequence[Mapping[str, Any]]: ...

    def annotate(
        self, resource: Mapping[str, Any], annotations: Mapping[str, str], *, field_manager: str
    ) -> Mapping[str, Any]: ...


def _aws_clients(region: str | None) -> AwsClients:
    """Raises AwsError and NoRegion."""
    try:
        return AwsClients.for_region(region)
    except ValueError as error:  # botocore raises it for an AWS_ENDPOINT_URL that is not a URL
        raise click.ClickException(f"AWS: {error}; check AWS_ENDPOINT_URL") from error


def _aws_now() -> datetime:
    """Return the time of AWS, which is the local time unless AWS_ENDPOINT_URL leads somewhere else.

    A simulated AWS may have a clock of its own.
    """
    url = os.environ.get("AWS_ENDPOINT_URL")
    return (endpoint_time(url) if url else None) or datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """How commands reach Kubernetes and AWS; nothing connects before a command asks.

    `kubernetes` takes a kubeconfig and a context, `aws` a region; None stands for the user's default. `now`
    is for times of Kubernetes, `aws_now` for those of AWS, which all times of a run are. `monotonic` returns
    seconds and `sleep` takes seconds.
    """

    kubernetes: Callable[[str | None, str | None], KubernetesClient] = connect
    aws: Callable[[str | None], AwsClients] = _aws_clients
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    aws_now: Callable[[], datetime] = _aws_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
