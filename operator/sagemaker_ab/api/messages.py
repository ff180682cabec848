"""What pydantic found wrong, in the words of the YAML that a person wrote."""

import json
import re
from typing import Any, Final

from pydantic import ValidationError

_PHRASES: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a field here",
    "invalid_key": "is not a field here",
    "model_type": "should be a mapping",
    "dict_type": "should be a mapping",
}
_LONGEST: Final = 80
_PLAIN: Final = re.compile(r"[\w./-]{1,80}")


def messages_of(error: ValidationError, *, path: str) -> tuple[str, ...]:
    """Return one message for each error: the field's path, what was given and what is allowed."""
    return tuple(_message(item, path=path) for item in error.errors(include_url=False))


def _message(item: Any, *, path: str) -> str:
    no_key = item["type"] == "invalid_key"  # it is the input, and its name in loc is Python's
    for part in item["loc"][: -1 if no_key else None]:
        path += f"[{part}]" if isinstance(part, int) else f".{key_shown(part)}"
    where = path.removeprefix(".")
    # "Input should be …" and "String should match …" read on from the value.
    words = re.sub(r"^[A-Z]\w+ should", "should", item["msg"]).replace(" after validation", "")
    words = _PHRASES.get(item["type"], words)
    return f"{where}: {_given(item['input'])}{words}"


def _given(value: object) -> str:
    """Return a scalar as YAML would have it, for a list or a map would bury the message."""
    return "" if isinstance(value, list | dict) else f"{shown(value)} "


def shown(value: object) -> str:
    """Return a scalar as YAML would have it, on one line, without control characters, and not too long."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    text = text if text.isprintable() else json.dumps(value, default=str)
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text


def key_shown(key: object) -> str:
    """Return a key as it stands in a path: bare where it is a plain word, else as a scalar is shown."""
    return key if isinstance(key, str) and _PLAIN.fullmatch(key) else shown(key)
