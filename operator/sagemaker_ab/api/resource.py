"""The resource's identifiers, and parsing of manifests into models.

Identifiers are the group, version, kind, finalizer, annotations and the operator's field manager. Parsing
covers a ``spec`` from the API server and a whole manifest from a file.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from sagemaker_ab.api.fields import ApiModel
from sagemaker_ab.api.messages import messages_of
from sagemaker_ab.api.rule import broken_rules
from sagemaker_ab.api.rules import RULES
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.api.status import Status
from sagemaker_ab.api.traffic_status import COMMANDS

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
FORCE_WEIGHTS: Final = f"{GROUP}/force-weights"
ACCOUNT: Final = f"{GROUP}/account"
REGION: Final = f"{GROUP}/region"
RUN_COMMANDS: Final = {command: f"{GROUP}/{command}" for command in COMMANDS}
"""The annotations by which people steer a run, by the name of the command."""
ANNOTATIONS: Final = (RECONCILE_REQUESTED_AT, FORCE_WEIGHTS, ACCOUNT, REGION, *RUN_COMMANDS.values())
"""The annotations that a reconcile acts upon."""
FIELD_MANAGER: Final = "sagemaker-ab-operator"


class InvalidSpec(ValueError):
    """A manifest is invalid. Each message names the field, the given value and what is allowed."""

    def __init__(self, messages: tuple[str, ...]) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


class Metadata(ApiModel):
    """The fields of ObjectMeta that the operator and the CLI read."""

    name: Annotated[str, Field(max_length=63)]
    namespace: str = "default"
    uid: str | None = None
    generation: int | None = None
    resource_version: str | None = None
    deletion_timestamp: str | None = None
    finalizers: list[str] = Field(default_factory=list)
    annotations: dict[str, str] = Field(default_factory=dict)


class SageMakerABEndpoint(ApiModel):
    """A whole manifest: an A/B-tested, autoscaled SageMaker endpoint."""

    api_version: Literal["sagemaker-ab.dev/v1alpha1"] = API_VERSION
    kind: Literal["SageMakerABEndpoint"] = KIND
    metadata: Metadata
    spec: EndpointSpec
    status: Status = Status()


def parse_spec(raw: Mapping[str, Any]) -> EndpointSpec:
    """Parse a ``spec`` as the API server stores it. Unknown fields are ignored.

    Raises:
        InvalidSpec: a field is invalid, with a message for each; or, if all fields are valid, a rule across
            fields is violated, with a message for each.
    """
    spec = parse_fields(raw)
    _demand_rules(spec)
    return spec


def parse_fields(raw: Mapping[str, Any]) -> EndpointSpec:
    """Parse a ``spec`` like ``parse_spec``, but without the rules across fields. Raises InvalidSpec."""
    try:
        return EndpointSpec.model_validate(without_nulls(raw), by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidSpec(messages_of(error, path="spec")) from error


def parse_resource_file(raw: Mapping[str, Any]) -> SageMakerABEndpoint:
    """Parse a manifest from a file. Unknown fields are errors, except in ``metadata``; ``status`` is ignored.

    Raises:
        InvalidSpec: as ``parse_spec``.
    """
    written = {key: value for key, value in without_nulls(raw).items() if key != "status"}
    if isinstance(metadata := written.get("metadata"), Mapping):
        # The API server validates the other fields of ObjectMeta.
        ours = {field.alias for field in Metadata.model_fields.values()}
        written["metadata"] = {key: value for key, value in metadata.items() if key in ours}
    try:
        resource = SageMakerABEndpoint.model_validate(written, extra="forbid", by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidSpec(messages_of(error, path="")) from error
    _demand_rules(resource.spec)
    return resource


def without_nulls(value: Any) -> Any:
    """Return ``value`` without null members of maps: the API server drops them before it sets defaults."""
    if isinstance(value, Mapping):
        return {key: without_nulls(child) for key, child in value.items() if child is not None}
    if isinstance(value, list):
        return [without_nulls(child) for child in value]
    return value


def _demand_rules(spec: EndpointSpec) -> None:
    if messages := tuple(broken_rules(spec, rules=RULES, path="spec")):
        raise InvalidSpec(messages)
