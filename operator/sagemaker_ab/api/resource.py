"""The resource as a whole: its names in Kubernetes and how raw manifests become models."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from sagemaker_ab.api.fields import ApiModel
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.api.status import Status

GROUP: Final = "sagemaker-ab.dev"
VERSION: Final = "v1alpha1"
KIND: Final = "SageMakerABEndpoint"
PLURAL: Final = "sagemakerabendpoints"
SINGULAR: Final = "sagemakerabendpoint"
SHORT_NAME: Final = "smab"
CATEGORY: Final = "sagemaker"
API_VERSION: Final = "sagemaker-ab.dev/v1alpha1"
FINALIZER: Final = f"{GROUP}/endpoint"
RECONCILE_REQUESTED_AT: Final = f"{GROUP}/reconcile-requested-at"
FIELD_MANAGER: Final = "sagemaker-ab-operator"


class InvalidSpec(ValueError):
    """A manifest that breaks rules; each message names a field, what was given and what is allowed."""

    def __init__(self, messages: tuple[str, ...]) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


class Metadata(ApiModel):
    """The part of ObjectMeta that the project reads."""

    name: str
    namespace: str = "default"
    uid: str | None = None
    generation: int | None = None
    resource_version: str | None = None
    deletion_timestamp: str | None = None
    finalizers: list[str] = Field(default_factory=list)
    annotations: dict[str, str] = Field(default_factory=dict)


class SageMakerABEndpoint(ApiModel):
    """An A/B-tested SageMaker endpoint."""

    api_version: Literal["sagemaker-ab.dev/v1alpha1"] = API_VERSION
    kind: Literal["SageMakerABEndpoint"] = KIND
    metadata: Metadata
    spec: EndpointSpec
    status: Status = Status()


def parse_spec(raw: Mapping[str, Any]) -> EndpointSpec:
    """Read ``spec`` as the API server stores it; unknown fields are ignored.

    Raises InvalidSpec with one message for each rule broken.
    """
    try:
        return EndpointSpec.model_validate(raw)
    except ValidationError as error:
        raise InvalidSpec(tuple(_message(item, root="spec") for item in error.errors())) from error


def parse_resource_file(raw: Mapping[str, Any]) -> SageMakerABEndpoint:
    """Read a manifest from a file; unknown fields are errors.

    Raises InvalidSpec with one message for each rule broken.
    """
    try:
        return SageMakerABEndpoint.model_validate(raw)
    except ValidationError as error:
        raise InvalidSpec(tuple(_message(item, root="") for item in error.errors())) from error


def _message(error: Any, *, root: str) -> str:
    path = root
    for part in error["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return f"{path}: {error['msg']}, got {error['input']!r}"
