"""CBOR bodies, both ways, as the protocol rpc-v2-cbor carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.protocols import cbor, document
from sandbox.aws.protocols.wire import MalformedRequestError, from_json, mismatch, to_milliseconds

if TYPE_CHECKING:
    from botocore.model import Shape


def parse(body: bytes) -> Any:
    try:
        return cbor.loads(body) if body else {}
    except cbor.CborError:
        raise MalformedRequestError("") from None


def decode(shape: Shape, value: Any) -> Any:
    return document.decode(shape, value, _from_wire)


def _from_wire(shape: Shape, value: Any) -> Any:
    if shape.type_name == "timestamp":
        if not isinstance(value, cbor.Moment):
            raise mismatch(shape, value)
        return from_json(shape, value.seconds)
    if shape.type_name == "blob":
        if not isinstance(value, bytes):
            raise mismatch(shape, value)
        return value
    return from_json(shape, value)


def encode(shape: Shape, value: Any) -> Any:
    return document.encoder(shape, _to_wire)(value)


def _to_wire(shape: Shape) -> document.Encode:
    return _SCALARS.get(shape.type_name, document.as_is)


def _moment(value: float) -> cbor.Moment:
    return cbor.Moment(to_milliseconds(value))


_SCALARS: dict[str, document.Encode] = {"timestamp": _moment, "float": float, "double": float}
