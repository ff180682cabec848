"""A SageMakerABEndpoint as the commands read it from the API server."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from sagemaker_ab.api.resource import InvalidSpec, parse_spec
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.api.status import Status


class UnreadableResource(Exception):
    """The stored object is not of the shape that this version of the command knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSnapshot:
    namespace: str
    name: str
    generation: int
    created: datetime | None
    deleted: datetime | None
    spec: EndpointSpec
    status: Status

    @property
    def region(self) -> str | None:
        """The region pinned in status, else the one asked for, else None: the caller's default."""
        return self.status.region or self.spec.region

    @property
    def variants(self) -> tuple[str, ...]:
        """Every variant that spec or status knows, in the order of the spec."""
        asked = (variant.name for variant in self.spec.variants)
        seen = (variant.name for variant in self.status.variants or [])
        return tuple(dict.fromkeys((*asked, *seen)))


def parse_resource(raw: Mapping[str, Any]) -> ResourceSnapshot:
    """Raises UnreadableResource, with the fields at fault."""
    metadata = raw["metadata"]
    try:
        return ResourceSnapshot(
            namespace=metadata["namespace"],
            name=metadata["name"],
            generation=metadata.get("generation", 0),
            created=_moment(metadata.get("creationTimestamp")),
            deleted=_moment(metadata.get("deletionTimestamp")),
            spec=parse_spec(raw["spec"]),
            status=Status.model_validate(raw.get("status") or {}),
        )
    except (InvalidSpec, ValidationError) as error:
        raise UnreadableResource(
            f"{metadata['namespace']}/{metadata['name']} is not of the form that this version reads: {error}"
        ) from error


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
