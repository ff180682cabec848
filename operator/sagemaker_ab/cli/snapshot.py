"""A SageMakerABEndpoint as read from the API server at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from sagemaker_ab.api.autoscaling import Autoscaling
from sagemaker_ab.api.resource import InvalidSpec, parse_spec
from sagemaker_ab.api.scaling_status import ScalingStatus
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.api.status import Status


class UnreadableResource(Exception):
    """The stored object does not match the CRD that this version of the command knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSnapshot:
    """The parts of the object that commands show or use."""

    namespace: str
    name: str
    generation: int
    created: datetime | None
    deleted: datetime | None
    spec: EndpointSpec
    status: Status

    @property
    def region(self) -> str | None:
        """The region pinned in status, else the one in spec, else None: the caller's default region."""
        return self.status.region or self.spec.region

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of all variants in spec and status, those of spec first."""
        in_spec = (variant.name for variant in self.spec.variants)
        in_status = (variant.name for variant in self.status.variants or [])
        return tuple(dict.fromkeys((*in_spec, *in_status)))

    def autoscaling(self, variant: str) -> Autoscaling | None:
        """Return the autoscaling of a variant in spec, None if it has none or is not there."""
        return next((each.autoscaling for each in self.spec.variants if each.name == variant), None)

    def scaling_status(self, variant: str) -> ScalingStatus | None:
        """Return what status knows of the scalable target of a variant, None if nothing."""
        return next((each for each in self.status.scaling or [] if each.name == variant), None)


def parse_resource(raw: Mapping[str, Any]) -> ResourceSnapshot:
    """Parse an object as the API server returns it. Raises UnreadableResource, which names the fields."""
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
            f"{metadata['namespace']}/{metadata['name']} does not match the CRD of this version: {error}; "
            "use the same version of command and operator"
        ) from error


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
