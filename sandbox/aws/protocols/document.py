"""Documents, as JSON and CBOR carry them: nested values decoded and encoded as their shapes say."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from botocore.model import Shape

from sandbox.aws.protocols.wire import mismatch

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, StructureShape

Scalar = Callable[[Shape, Any], Any]
"""How a format reads a value that is no structure, list or map."""

Encode = Callable[[Any], Any]
ScalarEncoder = Callable[[Shape], Encode]
"""How a format writes the values of a shape that is no structure, list or map."""


@functools.cache
def _names(shape: StructureShape) -> dict[str, str]:
    """Return the names of a structure's members on the wire by those in the engine."""
    return {name: str(member.serialization.get("name", name)) for name, member in shape.members.items()}


def decode(shape: Shape, value: Any, scalar: Scalar) -> Any:
    """Return a value of the wire as its shape says. Unknown members are ignored, as AWS does.

    Raises MalformedRequestError.
    """
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            raise mismatch(shape, value)
        structure = cast("StructureShape", shape)
        return {
            name: decode(structure.members[name], value[wire], scalar)
            for name, wire in _names(structure).items()
            if value.get(wire) is not None
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


@functools.cache
def encoder(shape: Shape, scalar: ScalarEncoder) -> Encode:
    """Return what turns values of the engine that a shape allows into what the wire carries.

    The encoders of the shapes within are looked up as values come, for shapes may recur.
    """
    if shape.type_name == "structure":
        return _structure_encoder(cast("StructureShape", shape), scalar)
    if shape.type_name == "list":
        return _list_encoder(cast("ListShape", shape), scalar)
    if shape.type_name == "map":
        return _map_encoder(cast("MapShape", shape), scalar)
    return scalar(shape)


def _structure_encoder(shape: StructureShape, scalar: ScalarEncoder) -> Encode:
    names, members = _names(shape), shape.members

    def encode(value: dict[str, Any]) -> dict[str, Any]:
        return {names[name]: encoder(members[name], scalar)(member) for name, member in value.items()}

    return encode


def _list_encoder(shape: ListShape, scalar: ScalarEncoder) -> Encode:
    def encode(value: list[Any]) -> list[Any]:
        encode_item = encoder(shape.member, scalar)
        return [encode_item(item) for item in value]

    return encode


def _map_encoder(shape: MapShape, scalar: ScalarEncoder) -> Encode:
    def encode(value: dict[str, Any]) -> dict[str, Any]:
        encode_item = encoder(shape.value, scalar)
        return {key: encode_item(item) for key, item in value.items()}

    return encode


def as_is(value: Any) -> Any:
    """Encode a scalar that the wire carries as the engine does."""
    return value
