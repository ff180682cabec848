"""Answers of the query protocol: XML.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from xml.sax.saxutils import escape

from sandbox.aws.protocols.wire import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import ListShape, MapShape, Shape, StructureShape

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, content: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{content}</{name}>"


def text(value: str) -> str:
    """Return text as XML may hold it; characters that XML cannot hold are replaced."""
    return escape(_FORBIDDEN.sub("\ufffd", value))


def encode(shape: Shape, name: str, value: Any) -> str:
    """Return a value of the engine as an element, or as several of one name for a flattened list or map."""
    if shape.type_name == "structure":
        return element(name, members(cast("StructureShape", shape), value))
    if shape.type_name == "list":
        return _list(cast("ListShape", shape), name, value)
    if shape.type_name == "map":
        return _map(cast("MapShape", shape), name, value)
    return element(name, text(to_text(shape, value)))


def members(shape: StructureShape, value: dict[str, Any]) -> str:
    def parts() -> Iterator[str]:
        for key, item in value.items():
            member = shape.members[key]
            yield encode(member, _name(member, key), item)

    return "".join(parts())


def _name(shape: Shape, default: str) -> str:
    return str(shape.serialization.get("name", default))


def _list(shape: ListShape, name: str, value: list[Any]) -> str:
    if shape.serialization.get("flattened"):
        inner = _name(shape.member, name)
        return "".join(encode(shape.member, inner, item) for item in value)
    inner = _name(shape.member, "member")
    return element(name, "".join(encode(shape.member, inner, item) for item in value))


def _map(shape: MapShape, name: str, value: dict[str, Any]) -> str:
    flat = bool(shape.serialization.get("flattened"))

    def entry(key: str, item: Any) -> str:
        pair = encode(shape.key, _name(shape.key, "key"), key)
        pair += encode(shape.value, _name(shape.value, "value"), item)
        return element(name if flat else "entry", pair)

    entries = "".join(entry(key, item) for key, item in value.items())
    return entries if flat else element(name, entries)
