"""What the commands need of the world outside: the API server, AWS, a clock."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sagemaker_ab.aws.sessions import AwsClients


class Kubernetes(Protocol):
    """Reads of SageMakerABEndpoints."""

    @property
    def default_namespace(self) -> str: ...

    def get(self, namespace: str, name: str) -> Mapping[str, Any]: ...

    def list(self, namespace: str | None) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Where the commands reach out; `monotonic` counts seconds, `pause` lets them pass."""

    connect: Callable[[str | None, str | None], Kubernetes]
    aws: Callable[[str | None], AwsClients]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
