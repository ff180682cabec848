"""JSON bodies, both ways, as the json and rest-json protocols carry them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, cast

from sandbox.aws.protocols.wire import MalformedRequestError, from_json, mismatch

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape


def parse(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise MalformedRequestError("") from None


def decode(shape: Shape, value: Any) -> Any:
    """Return a JSON value as its shape says. Unknown members are ignored, as AWS does."""
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            raise mismatch(shape, value)
        members = cast("StructureShape", shape).members
        return {
            name: decode(member, value[member.serialization.get("name", name)])
            for name, member in members.items()
            if value.get(member.serialization.get("name", name)) is not None
        }
    if shape.type_name == "list":
        if not isinstance(value, list):
            raise mismatch(shape, value)
        member = cast("ListShape", shape).member
        return [decode(member, item) for item in value]
    if shape.type_name == "map":
        if not isinstance(value, dict):
            raise mismatch(shape, value)
        member = cast("MapShape", shape).value
        return {key: decode(member, item) for key, item in value.items() if item is not None}
    return from_json(shape, value)


def encode(shape: Shape, value: Any) -> Any:
    """Return a value of the engine as JSON carries it; it has been checked against its shape."""
    kind = shape.type_name
    if kind == "structure":
        members = cast("StructureShape", shape).members
        return {
            members[name].serialization.get("name", name): encode(members[name], member)
            for name, member in value.items()
        }
    if kind == "list":
        member = cast("ListShape", shape).member
        return [encode(member, item) for item in value]
    if kind == "map":
        member = cast("MapShape", shape).value
        return {key: encode(member, item) for key, item in value.items()}
    if kind == "blob":
        return base64.b64encode(value).decode()
    return round(value, 3) if kind == "timestamp" else value


def dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
