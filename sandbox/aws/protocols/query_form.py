"""Requests of the query protocol: forms whose keys spell out the structure.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from sandbox.aws.protocols.wire import MalformedRequestError, from_text, mismatch

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape

Tree = dict[str, Any]

MAX_DEPTH = 32


def parse(body: bytes) -> Tree:
    """Return the form as a tree: ``A.member.1.B=x`` becomes ``{A: {member: {1: {B: x}}}}``."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
    except (UnicodeDecodeError, ValueError):
        raise MalformedRequestError("") from None
    tree: Tree = {}
    for key, text in pairs:
        _plant(tree, key.split("."), text)
    return tree


def _plant(tree: Tree, path: list[str], text: str) -> None:
    if len(path) > MAX_DEPTH:
        raise MalformedRequestError("")
    for step in path[:-1]:
        below = tree.setdefault(step, {})
        if not isinstance(below, dict):
            tree[step] = below = {}
        tree = below
    tree[path[-1]] = text


def decode(shape: Shape, tree: Any) -> Any:
    """Return a branch of the tree as its shape says; members that the shape does not know are ignored."""
    if shape.type_name == "structure":
        return _structure(cast("StructureShape", shape), tree)
    if shape.type_name == "list":
        return _list(cast("ListShape", shape), tree)
    if shape.type_name == "map":
        return _map(cast("MapShape", shape), tree)
    if not isinstance(tree, str):
        raise mismatch(shape, tree)
    return from_text(shape, tree)


def _structure(shape: StructureShape, tree: Any) -> dict[str, Any]:
    if not isinstance(tree, dict):
        raise mismatch(shape, tree)
    return {
        name: decode(member, tree[member.serialization.get("name", name)])
        for name, member in shape.members.items()
        if member.serialization.get("name", name) in tree
    }


def _numbered(shape: Shape, tree: Any) -> list[Any]:
    if tree == "":
        return []
    if not isinstance(tree, dict) or not all(key.isascii() and key.isdigit() for key in tree):
        raise mismatch(shape, tree)
    return [tree[key] for key in sorted(tree, key=int)]


def _list(shape: ListShape, tree: Any) -> list[Any]:
    if isinstance(tree, dict) and not shape.serialization.get("flattened"):
        tree = tree.get(shape.member.serialization.get("name", "member"), "")
    return [decode(shape.member, item) for item in _numbered(shape, tree)]


def _map(shape: MapShape, tree: Any) -> dict[str, Any]:
    if isinstance(tree, dict) and not shape.serialization.get("flattened"):
        tree = tree.get("entry", "")
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    entries = _numbered(shape, tree)
    if not all(isinstance(entry, dict) and entry.keys() >= {key_name, value_name} for entry in entries):
        raise mismatch(shape, tree)
    return {entry[key_name]: decode(shape.value, entry[value_name]) for entry in entries}
