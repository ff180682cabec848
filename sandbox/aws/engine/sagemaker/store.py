"""What SageMaker remembers in one account and region."""

from __future__ import annotations

from sandbox.aws.engine.table import Table
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.aws.engine.records import Endpoint, EndpointConfig, Model
    from sandbox.aws.engine.core import Region

Tags = tuple[tuple[str, str], ...]


class SageMakerStore:
    """Endpoints are kept by their name in lower case, since AWS holds those that differ in case for one."""

    def __init__(self, region: Region) -> None:
        self.models: Table[Model] = Table(region.clock)
        self.configs: Table[EndpointConfig] = Table(region.clock)
        self.endpoints: Table[Endpoint] = Table(region.clock)
        self.tags: Table[Tags] = Table(region.clock)
        """By ARN."""

    def endpoint(self, name: str, at: float | None = None) -> Endpoint | None:
        return self.endpoints.get(name.lower(), at)
