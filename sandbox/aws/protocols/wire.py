"""Values of scalar shapes, between the wire and the engine: epoch seconds, bytes, numbers, strings."""

from __future__ import annotations

import base64
import binascii
import math
import re
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
_INTEGRAL = {"integer": 2**31, "long": 2**63}
"""The integers, and the size that they do not reach."""
_REAL = frozenset({"float", "double"})
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_FIRST_MOMENT, _END_OF_TIME = -62_135_596_800, 253_402_300_800
"""The years 1 to 9999, in epoch seconds: what a timestamp can say."""


def mismatch(shape: Shape, value: Any) -> MalformedRequestError:
    wanted = _AWS_NAMES.get(shape.type_name, shape.type_name.capitalize())
    return MalformedRequestError(f"{_JSON_NAMES.get(type(value), 'VALUE')} can not be converted to {wanted}")


def from_json(shape: Shape, value: Any) -> Any:
    """Decode a scalar of a JSON body; raises MalformedRequestError when its type is wrong."""
    kind = shape.type_name
    if kind in {"string", "boolean"}:
        if not isinstance(value, str if kind == "string" else bool):
            raise mismatch(shape, value)
        return value
    if kind == "blob":
        return _bytes(shape, value)
    if kind == "timestamp" and isinstance(value, str):
        return seconds(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise mismatch(shape, value)
    if kind in _INTEGRAL:
        return _integer(shape, value)
    return _moment(_real(shape, value)) if kind == "timestamp" else _real(shape, value)


def _integer(shape: Shape, value: float) -> int:
    end = _INTEGRAL[shape.type_name]
    if not -end <= value < end or value != int(value):
        raise mismatch(shape, value)
    return int(value)


def _real(shape: Shape, value: float) -> float:
    try:
        found = float(value)
    except OverflowError:
        raise mismatch(shape, value) from None
    if not math.isfinite(found):
        raise mismatch(shape, value)
    return found


def _moment(epoch: float) -> float:
    if not _FIRST_MOMENT <= epoch < _END_OF_TIME:
        raise MalformedRequestError(f"Unable to parse timestamp {epoch}")
    return epoch


def _bytes(shape: Shape, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise mismatch(shape, value) from None


def from_text(shape: Shape, text: str) -> Any:
    """Decode a scalar that came as text: in a form, a header or a URI."""
    kind = shape.type_name
    if kind in _INTEGRAL:
        if not _WHOLE.fullmatch(text):
            raise mismatch(shape, text)
        return _integer(shape, int(text))
    if kind in _REAL:
        if not _NUMBER.fullmatch(text):
            raise mismatch(shape, text)
        return _real(shape, float(text))
    if kind == "boolean":
        if text.lower() not in {"true", "false"}:
            raise mismatch(shape, text)
        return text.lower() == "true"
    if kind == "timestamp":
        return seconds(text)
    return _bytes(shape, text) if kind == "blob" else text


def seconds(text: str) -> float:
    """Return the epoch seconds of an ISO 8601 or a numeric timestamp."""
    if _NUMBER.fullmatch(text):
        return _moment(float(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedRequestError(f"Unable to parse timestamp {text[:64]}") from None
    return _moment((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


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
