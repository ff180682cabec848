r"""Field types of the models: each validates a value in Python and emits the matching OpenAPI schema.

Sources: Kubernetes API conventions; Kubernetes documentation, "Extend the Kubernetes API with
CustomResourceDefinitions" (list types, int-or-string). Patterns use ASCII classes such as ``[0-9]``, because
``\d`` matches more in pydantic than in the API server.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    Strict,
)
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


def _join_description_lines(schema: dict[str, Any]) -> None:
    """Join the lines of each paragraph, because ``kubectl explain`` wraps text but keeps line breaks."""
    for node in (schema, *schema.get("properties", {}).values()):
        if "description" in node:
            node["description"] = re.sub(r"(?<!\n)\n(?!\n)", " ", node["description"])


class ApiModel(BaseModel):
    """Base class of every model: immutable, camelCase in YAML, without type coercion.

    Docstrings become the descriptions in the CRD. Unknown fields are ignored, so that the operator accepts
    resources of a newer CRD; code that reads files passes ``extra="forbid"``.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        json_schema_extra=_join_description_lines,
    )


@dataclass(frozen=True, slots=True)
class ListMap:
    """Marks a list as a map keyed by one field of its items (``x-kubernetes-list-type: map``).

    Keys must be unique. Server-side apply merges such a list item by item.
    """

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._unique, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}

    def _unique(self, items: Sequence[Any]) -> Sequence[Any]:
        keys = [getattr(item, self.key) for item in items]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise PydanticCustomError(
                "duplicate",
                "each {key} must be unique, but {twice} is repeated",
                {"key": self.key, "twice": ", ".join(twice)},
            )
        return items


VariantName = Annotated[str, Field(max_length=63, pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$")]
"""The name of a production variant. AWS field: ProductionVariant.VariantName."""

LIST_ATOMIC: Final[JsonDict] = {"x-kubernetes-list-type": "atomic"}
LIST_SET: Final[JsonDict] = {"x-kubernetes-list-type": "set"}


@dataclass(frozen=True, slots=True)
class CutTo:
    """Truncates a text from AWS to ``length`` characters, the schema's maxLength.

    Without it, the API server would reject the whole status because of one long text.
    """

    length: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._cut, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "maxLength": self.length}

    def _cut(self, text: str) -> str:
        return text[: self.length]


DECIMAL: Final = r"^[0-9]+(\.[0-9]+)?$"
SIGNED_DECIMAL: Final = r"^-?[0-9]+(\.[0-9]+)?$"
DECIMAL_LENGTH: Final = 19


@dataclass(frozen=True, slots=True)
class DecimalIntOrString:
    """An integer, or a decimal number in a string, because CRDs should not have floats.

    The bounds apply to integers only. Source: Kubernetes API conventions, "Primitive types".
    """

    minimum: int
    maximum: int
    pattern: str = DECIMAL

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del schema, handler
        return {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "maxLength": DECIMAL_LENGTH,
            "pattern": self.pattern,
        }

    def _check(self, value: object) -> int | str:
        if isinstance(value, str) and len(value) <= DECIMAL_LENGTH and re.fullmatch(self.pattern, value):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and self.minimum <= value <= self.maximum:
            return value
        raise PydanticCustomError(
            "int_or_decimal",
            "should be an integer from {minimum} to {maximum}, or a quoted decimal such as '70.5'",
            {"minimum": self.minimum, "maximum": self.maximum},
        )


def _rfc3339(moment: datetime) -> str:
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _written(moment: object) -> object:
    if not isinstance(moment, str | datetime):
        raise PydanticCustomError("timestamp", "should be a timestamp in RFC 3339 format")
    return moment


Timestamp = Annotated[
    AwareDatetime,
    Strict(False),
    BeforeValidator(_written),
    PlainSerializer(_rfc3339, return_type=str),
    Field(json_schema_extra={"type": "string", "format": "date-time"}),
]
"""A date and time with a time zone, serialized as RFC 3339 in UTC, with milliseconds if it has a fraction."""

TIME_TO_THE_SECOND: Final = (
    r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)


def _to_the_second(moment: object) -> object:
    if not isinstance(moment, str) or not re.fullmatch(TIME_TO_THE_SECOND, moment):
        raise PydanticCustomError(
            "time_to_the_second",
            "should be a time to the second with a time zone, such as 2027-01-31T06:00:00Z",
        )
    return moment


TimeToTheSecond = Annotated[
    AwareDatetime,
    Strict(False),
    BeforeValidator(_to_the_second),
    PlainSerializer(_rfc3339, return_type=str),
    Field(json_schema_extra={"type": "string", "format": "date-time", "pattern": TIME_TO_THE_SECOND}),
]
"""A timestamp in a spec. Its pattern excludes what Python and the API server would read differently."""
