"""Documents, as JSON and CBOR carry them: nested values decoded and encoded as their shapes say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from botocore.model import Shape

from sandbox.aws.protocols.wire import mismatch

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, StructureShape

Scalar = Callable[[Shape, Any], Any]
"""How a format carries a value that is no structure, list or map."""


def _name(shape: Shape, default: str) -> str:
    return str(shape.serialization.get("name", default))


def decode(shape: Shape, value: Any, scalar: Scalar) -> Any:
    """Return a value of the wire as its shape says. Unknown members are ignored, as AWS does.

    Raises MalformedRequestError.
    """
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            raise mismatch(shape, value)
        members = cast("StructureShape", shape).members
        return {
            name: decode(member, value[_name(member, name)], scalar)
            for name, member in members.items()
            if value.get(_name(member, name)) is not None
        }
    if shape.type_name == "list":
        if not isinstance(value, list):
            raise mismatch(shape, value)
        member = cast("ListShape", shape).member
        return [decode(member, item, scalar) for item in value]
    if shape.type_name == "map":
        if not isinstance(value, dict):
            raise mismatch(shape, value)
        member = cast("MapShape", shape).value
        return {key: decode(member, item, scalar) for key, item in value.items() if item is not None}
    return scalar(shape, value)


def encode(shape: Shape, value: Any, scalar: Scalar) -> Any:
    """Return a value of the engine as the wire carries it; it has been checked against its shape."""
    kind = shape.type_name
    if kind == "structure":
        members = cast("StructureShape", shape).members
        return {
            _name(members[name], name): encode(members[name], member, scalar)
            for name, member in value.items()
        }
    if kind == "list":
        member = cast("ListShape", shape).member
        return [encode(member, item, scalar) for item in value]
    if kind == "map":
        member = cast("MapShape", shape).value
        return {key: encode(member, item, scalar) for key, item in value.items()}
    return scalar(shape, value)
