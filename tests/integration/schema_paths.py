"""Paths of values in a resource (spec.variants[0].name) and of nodes in its schema (spec.variants[].name)."""

import copy
import re
from collections.abc import Iterator
from typing import Any


def parts(path: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", path)]


def with_value(given: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of what is given with this one value in its place; None takes the field away."""
    changed = copy.deepcopy(given)
    *way, last = parts(path)
    node: Any = changed
    for part in way:
        node = node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return changed


def walk(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every node of a schema with its path, in which [] stands for an item and {} for a map's value."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from walk(child, f"{path}.{name}".removeprefix("."))
    if "items" in schema:
        yield from walk(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from walk(schema["additionalProperties"], f"{path}{{}}")


def schema_path(path: str) -> str:
    return re.sub(r"environment\.\w+", "environment{}", re.sub(r"\[\d+\]", "[]", path))


def places(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of every value in a resource, and its path in the schema."""
    yield schema_path(path), path
    if isinstance(value, dict):
        for name, child in value.items():
            yield from places(child, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from places(child, f"{path}[{index}]")
