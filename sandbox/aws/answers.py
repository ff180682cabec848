"""Answers of the engine against their output shapes: one check a shape, made when it is first needed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, Shape, StructureShape

Check = Callable[[Any, str], None]
"""Raises WrongAnswerError for a value that its shape does not allow; the text is the value's place."""

_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "boolean": bool,
    "blob": bytes,
    "structure": dict,
    "list": list,
    "map": dict,
}


class WrongAnswerError(Exception):
    """An answer of the engine that its output shape does not allow: a bug of the simulation."""


class NewerValue(str):
    """A value of an enum that AWS introduced after the service models here were published."""

    __slots__ = ()

    @property
    def value(self) -> NewerValue:
        return self


def check_answer(shape: Shape | None, value: Any) -> None:
    """Raise WrongAnswerError for a member that is unknown, missing or of another type."""
    if shape is not None:
        _check_of(shape)(value, "")
    elif value:
        raise WrongAnswerError(f"an operation without output answered {value}")


@functools.cache
def _check_of(shape: Shape) -> Check:
    """Return the check of a shape; those within it are looked up as values come, for shapes may recur."""
    kind, types = shape.type_name, _PYTHON_TYPES[shape.type_name]
    within = _CHECKS_WITHIN[kind](shape) if kind in _CHECKS_WITHIN else None

    def check(value: Any, place: str) -> None:
        if not isinstance(value, types) or (value.__class__ is bool and kind != "boolean"):
            raise WrongAnswerError(f"{place or 'the answer'} is {value!r}, not a {kind}")
        if within is not None:
            within(value, place)

    return check


def _structure(shape: Shape) -> Check:
    members = cast("StructureShape", shape).members
    known, required = members.keys(), frozenset(cast("StructureShape", shape).required_members)

    def check(value: Any, place: str) -> None:
        if not required <= value.keys() <= known:
            unknown, missing = sorted(value.keys() - known), sorted(required - value.keys())
            raise WrongAnswerError(f"{place or shape.name}: unknown {unknown}, missing {missing}")
        for name, member in value.items():
            _check_of(members[name])(member, f"{place}.{name}")

    return check


def _list(shape: Shape) -> Check:
    def check(value: Any, place: str) -> None:
        check_item = _check_of(cast("ListShape", shape).member)
        for number, item in enumerate(value):
            check_item(item, f"{place}[{number}]")

    return check


def _map(shape: Shape) -> Check:
    def check(value: Any, place: str) -> None:
        check_item = _check_of(cast("MapShape", shape).value)
        for key, item in value.items():
            check_item(item, f"{place}[{key}]")

    return check


def _string(shape: Shape) -> Check | None:
    if "enum" not in shape.metadata:
        return None
    choices = frozenset(shape.metadata["enum"])

    def check(value: Any, place: str) -> None:
        if value not in choices and not isinstance(value, NewerValue):
            raise WrongAnswerError(f"{place} is {value!r}, which its enum does not have")

    return check


_CHECKS_WITHIN: dict[str, Callable[[Shape], Check | None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
}
"""What is to be checked of a value beyond its type."""
