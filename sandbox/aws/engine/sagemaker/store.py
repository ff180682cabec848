"""What SageMaker remembers in one account and region."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sandbox.aws.engine.table import Table

if TYPE_CHECKING:
    from sandbox.aws.clock import Scheduled
    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint, EndpointConfig, Model

Tags = tuple[tuple[str, str], ...]


class SageMakerStore:
    """Everything is kept by its name in lower case, since AWS holds names that differ in case for one."""

    def __init__(self, region: Region) -> None:
        self.models: Table[Model] = Table(region.clock)
        self.configs: Table[EndpointConfig] = Table(region.clock)
        self.endpoints: Table[Endpoint] = Table(region.clock)
        self.tags: Table[Tags] = Table(region.clock)
        """By ARN."""
        self.once_tagged: set[str] = set()
        """ARNs whose tags were all taken away."""
        self.instances: Counter[str] = Counter()
        """By type, those that endpoints run or launch; growing fleets at their desired size."""
        self.work: dict[str, Scheduled] = {}
        """What an endpoint is busy with, by its name in lower case."""

    def model(self, name: str, at: float | None = None) -> Model | None:
        return self.models.get(name.lower(), at)

    def config(self, name: str, at: float | None = None) -> EndpointConfig | None:
        return self.configs.get(name.lower(), at)

    def endpoint(self, name: str, at: float | None = None) -> Endpoint | None:
        return self.endpoints.get(name.lower(), at)

    def save(self, endpoint: Endpoint) -> None:
        self._count(self.endpoint(endpoint.name), endpoint)
        self.endpoints.put(endpoint.name.lower(), endpoint)

    def _count(self, before: Endpoint | None, after: Endpoint | None) -> None:
        if before is not None:
            self.instances.subtract(before.instances)
        if after is not None:
            self.instances.update(after.instances)

    def stop_work(self, name: str) -> None:
        """Forget what an endpoint is busy with: it never ends."""
        work = self.work.pop(name.lower(), None)
        if work is not None:
            work.cancel()

    def forget(self, endpoint: Endpoint) -> None:
        """Remove an endpoint with its tags and whatever it was busy with."""
        self.stop_work(endpoint.name)
        self._count(self.endpoint(endpoint.name), None)
        self.endpoints.drop(endpoint.name.lower())
        self.tags.drop(endpoint.arn)


def store_of(region: Region) -> SageMakerStore:
    return region.store(SageMakerStore)


def arn_of(region: Region, kind: str, name: str) -> str:
    """ARN of a ``model``, ``endpoint-config`` or ``endpoint``; AWS puts the name in lower case."""
    return region.arn("sagemaker", f"{kind}/{name.lower()}")
