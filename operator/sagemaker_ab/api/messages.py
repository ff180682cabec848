"""Validation errors of pydantic as messages in terms of the YAML manifest."""

import json
import re
from typing import Any, Final

from pydantic import ValidationError

_PHRASES: Final = {
    "missing": "is required",
    "extra_forbidden": "is given, but the field is unknown",
    "invalid_key": "is not a field name",
    "model_type": "should be a mapping",
    "dict_type": "should be a mapping",
}
_LONGEST: Final = 80
_PLAIN: Final = re.compile(r"[\w./-]{1,80}")


def messages_of(error: ValidationError, *, path: str) -> tuple[str, ...]:
    """Return one message per error: the path of the field, the given value and what is allowed.

    ``path`` is the path of the validated value, such as ``spec``; it is empty for a whole manifest.
    """
    return tuple(_message(item, path=path) for item in error.errors(include_url=False))


def _message(item: Any, *, path: str) -> str:
    # For an invalid key, the last element of loc is Python's repr of the key; the key itself is the input.
    no_key = item["type"] == "invalid_key"
    for part in item["loc"][: -1 if no_key else None]:
        path += f"[{part}]" if isinstance(part, int) else f".{key_shown(part)}"
    where = path.removeprefix(".")
    # pydantic's "Input should be …" and "String should match …" become "<value> should …".
    words = re.sub(r"^[A-Z]\w+ should", "should", item["msg"]).replace(" after validation", "")
    words = _PHRASES.get(item["type"], words)
    return f"{where}: {_given(item['input'])}{words}"


def _given(value: object) -> str:
    """Return a scalar and a space; return nothing for a list or a map, which would hide the message."""
    return "" if isinstance(value, list | dict) else f"{shown(value)} "


def shown(value: object) -> str:
    """Return a scalar as YAML on one line, without control characters, truncated to 80 characters."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    text = text if text.isprintable() else json.dumps(value, default=str)
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text


def key_shown(key: object) -> str:
    """Return a key as part of a path: bare if it is a plain word, otherwise quoted as ``shown`` does."""
    return key if isinstance(key, str) and _PLAIN.fullmatch(key) else shown(key)
