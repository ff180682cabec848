"""Values of scalar shapes, between the wire and the engine: epoch seconds, bytes, numbers, strings."""

from __future__ import annotations

import base64
import binascii
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.model import Shape


class MalformedRequestError(Exception):
    """A request that cannot be decoded; its text is what AWS's deserializers would say."""


_JSON_NAMES = {
    type(None): "NULL_VALUE",
    bool: "TRUE_VALUE",
    int: "NUMBER_VALUE",
    float: "DECIMAL_VALUE",
    str: "STRING_VALUE",
    list: "START_ARRAY",
    dict: "START_OBJECT",
}
_AWS_NAMES = {
    "string": "String",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "boolean": "Boolean",
    "timestamp": "Timestamp",
    "blob": "Blob",
}
_INTEGRAL = frozenset({"integer", "long"})
_REAL = frozenset({"float", "double"})


def mismatch(shape: Shape, value: Any) -> MalformedRequestError:
    wanted = _AWS_NAMES.get(shape.type_name, shape.type_name.capitalize())
    return MalformedRequestError(f"{_JSON_NAMES.get(type(value), 'VALUE')} can not be converted to {wanted}")


def from_json(shape: Shape, value: Any) -> Any:
    """Decode a scalar of a JSON body; raises MalformedRequestError when its type is wrong."""
    kind = shape.type_name
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in {"string", "boolean"}:
        right = isinstance(value, str if kind == "string" else bool)
    elif kind == "blob":
        return _bytes(shape, value)
    elif kind == "timestamp" and isinstance(value, str):
        return seconds(value)
    elif kind in _INTEGRAL:
        right = number and float(value).is_integer()
        value = int(value) if right else value
    else:
        right = number and math.isfinite(value)
        value = float(value) if right else value
    if not right:
        raise mismatch(shape, value)
    return value


def _bytes(shape: Shape, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise mismatch(shape, value) from None


def from_text(shape: Shape, text: str) -> Any:
    """Decode a scalar that came as text: in a form, a header or a URI."""
    kind = shape.type_name
    try:
        if kind in _INTEGRAL:
            return int(text)
        if kind in _REAL:
            return float(text)
    except ValueError:
        raise mismatch(shape, text) from None
    if kind == "boolean":
        if text.lower() not in {"true", "false"}:
            raise mismatch(shape, text)
        return text.lower() == "true"
    if kind == "timestamp":
        return seconds(text)
    return _bytes(shape, text) if kind == "blob" else text


def seconds(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 or a numeric timestamp."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedRequestError(f"Unable to parse timestamp {text[:64]}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def to_milliseconds(epoch: float) -> float:
    """Return a timestamp as answers carry it: AWS keeps no more than milliseconds."""
    return round(epoch, 3)


def iso(epoch: float) -> str:
    """Return a timestamp as XML answers carry it, to the millisecond."""
    moment = datetime.fromtimestamp(to_milliseconds(epoch), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def to_text(shape: Shape, value: Any) -> str:
    """Encode a scalar for XML or a header."""
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        return iso(value)
    return base64.b64encode(value).decode() if kind == "blob" else str(value)
