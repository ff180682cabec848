"""JSON bodies, both ways, as the json and rest-json protocols carry them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from sandbox.aws.protocols import document
from sandbox.aws.protocols.wire import MalformedRequestError, from_json, to_milliseconds

if TYPE_CHECKING:
    from botocore.model import Shape


def parse(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise MalformedRequestError("") from None


def decode(shape: Shape, value: Any) -> Any:
    return document.decode(shape, value, from_json)


def encode(shape: Shape, value: Any) -> Any:
    return document.encoder(shape, _scalar)(value)


def _scalar(shape: Shape) -> document.Encode:
    return _SCALARS.get(shape.type_name, document.as_is)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


_SCALARS: dict[str, document.Encode] = {"blob": _base64, "timestamp": to_milliseconds}


def dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
