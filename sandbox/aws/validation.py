"""Requests against their input shapes, with AWS's words.

AWS checks more than its clients do: names, patterns, enums and upper bounds leave boto3 unchecked.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import ListShape, MapShape, Shape, StructureShape

    from sandbox.aws.errors import AwsError
    from sandbox.aws.ledger import Ledger

_IDEOGRAPHS, _IDEOGRAPHS_END = 0x20000, 0x3FFFD
"""Two planes of nothing but letters; what lies above them nobody sends."""

Problem = tuple[str, str, dict[str, object]]
"""The place, the row that words the constraint, and the fields of its text."""

_SIZED = frozenset({"string", "list", "map", "blob"})
_NUMBERS = frozenset({"integer", "long", "float", "double"})


@functools.cache
def _categories() -> dict[str, str]:
    """Return the characters of each Unicode category, by its first letter, as ranges of a class."""
    ranges: dict[str, list[list[int]]] = {"L": [[_IDEOGRAPHS, _IDEOGRAPHS_END]]}
    for point in range(_IDEOGRAPHS):
        found = ranges.setdefault(unicodedata.category(chr(point))[0], [])
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return {
        name: "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in found) for name, found in ranges.items()
    }


@functools.cache
def pattern(java: str) -> re.Pattern[str]:
    """Return a pattern of a service model, which is Java's, for Python."""

    def category(found: re.Match[str]) -> str:
        ready = {"ASCII": "\\x00-\\x7f", "Print": "\\x20-\\x7e"}
        return ready.get(found[1]) or _categories()[found[1][0]]

    python = re.sub(r"\\p\{(\w+)\}(?=[^\[]*\])", category, java)
    python = re.sub(r"\\p\{(\w+)\}", lambda found: f"[{category(found)}]", python)
    python = python.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010ffff").replace(r"\z", r"\Z")
    return re.compile(python, re.ASCII)


def _size_problems(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    limits = shape.metadata
    if shape.type_name in _SIZED:
        size, low, high = len(value), "aws.validation.min-length", "aws.validation.max-length"
    else:
        size, low, high = value, "aws.validation.min-value", "aws.validation.max-value"
    if "min" in limits and size < limits["min"]:
        yield path, low, {"limit": limits["min"]}
    if "max" in limits and size > limits["max"]:
        yield path, high, {"limit": limits["max"]}


def _text_problems(shape: Shape, value: str, path: str) -> Iterator[Problem]:
    choices, java = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if choices and value not in choices:
        yield path, "aws.validation.enum", {"choices": ", ".join(choices)}
    if java and not pattern(java).fullmatch(value):
        yield path, "aws.validation.pattern", {"pattern": java}


def problems(shape: Shape, value: Any, path: str = "") -> Iterator[tuple[Any, Problem]]:
    """Yield each broken constraint with the value that breaks it."""
    kind = shape.type_name
    if kind == "structure":
        yield from _structure_problems(cast("StructureShape", shape), value, path)
        return
    if kind in _SIZED or kind in _NUMBERS:
        yield from ((value, problem) for problem in _size_problems(shape, value, path))
    if kind == "string":
        yield from ((value, problem) for problem in _text_problems(shape, value, path))
    elif kind == "list":
        member = cast("ListShape", shape).member
        for number, item in enumerate(value, start=1):
            yield from problems(member, item, f"{path}.{number}.member")
    elif kind == "map":
        entries = cast("MapShape", shape)
        for key, item in value.items():
            yield from problems(entries.key, key, f"{path}.key")
            yield from problems(entries.value, item, f"{path}.{key}.member")


def _structure_problems(
    shape: StructureShape, value: Mapping[str, Any], path: str
) -> Iterator[tuple[Any, Problem]]:
    for name, member in shape.members.items():
        place = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        if name in value:
            yield from problems(member, value[name], place)
        elif name in shape.required_members:
            yield None, (place, "aws.validation.required", {})


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def refusal(ledger: Ledger, shape: Shape, params: Mapping[str, Any]) -> AwsError | None:
    """Return what AWS answers to a request that breaks its input shape, or None for one that does not."""
    found = [
        ledger.text(
            "aws.validation.problem",
            value="null" if value is None else f"'{value}'",
            place=place,
            constraint=ledger.text(row, **fields),
        )
        for value, (place, row, fields) in problems(shape, params)
    ]
    if not found:
        return None
    plural = "s" if len(found) > 1 else ""
    return ledger.refuse("aws.validation", count=len(found), plural=plural, problems="; ".join(found))
