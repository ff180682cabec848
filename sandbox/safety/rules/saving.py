"""Whether a status holds what a release takes off, in whatever form the operator saves it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.safety.aws_state import Raw, Target

_REPORTED = frozenset({"conditions", "metrics", "variants", "summary"})
"""Parts of a status that report to people, and save nothing."""


def is_saved(target: Target, status: Raw) -> bool:
    """Tell whether a status holds all that a target consists of, in whatever form.

    What it says about the variant has to hold the bounds, and of each policy and scheduled action the name
    and every value.
    """
    wanted = {*_leaves([target.minimum, target.maximum])}
    for name, content in (*target.policies.items(), *target.scheduled.items()):
        wanted |= {name, *_leaves(content)}
    if any(target.suspended.values()):
        wanted.add("true")
    kept = {key: value for key, value in status.items() if key not in _REPORTED}
    return any(wanted <= set(_values(found)) for found in _about(kept, target.variant))


def mentions(status: Raw, variant: str, word: str) -> bool:
    """Tell whether a status, in whatever form, says a word about a variant.

    What is released does not count: it is saved as it was read, no matter who made it.
    """
    kept = {key: value for key, value in status.items() if key not in _REPORTED | {"releasedScaling"}}
    return any(word in _values(found) for found in _about(kept, variant))


def _about(value: Any, variant: str) -> Iterator[Any]:
    """Yield the objects within a value that name a variant themselves, and what is under its name."""
    parts: Iterable[Any] = value if isinstance(value, list) else ()
    if isinstance(value, Mapping):
        parts = value.values()
        if variant in value:
            yield value[variant]
        if variant in parts:
            yield value
    for part in parts:
        yield from _about(part, variant)


def _values(value: Any) -> Iterator[str]:
    """Yield the texts of all keys and leaves within a value; a leaf that is JSON is read as well."""
    if isinstance(value, Mapping):
        yield from map(str, value)
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    if parts is not None:
        for part in parts:
            yield from _values(part)
        return
    yield from _leaves(value)
    if isinstance(value, str):
        try:
            parsed = json.loads(value)
        except ValueError:
            return
        if not isinstance(parsed, str):
            yield from _values(parsed)


def _leaves(value: Any) -> Iterator[str]:
    """Yield the texts of the leaves within a value, without empty ones; equal numbers have equal texts."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    if parts is not None:
        for part in parts:
            yield from _leaves(part)
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, (int, float)):
        yield f"{float(value):g}"
    elif value:
        yield str(value)
        yield from _time(value)


def _time(value: Any) -> Iterator[str]:
    """Yield a time that is written out as the number that AWS has of it."""
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return
    yield f"{parsed.timestamp():g}"
