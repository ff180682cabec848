"""What pydantic found wrong, in the words of the YAML that a person wrote."""

import json
import re
from typing import Any, Final

from pydantic import ValidationError

_PHRASES: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a field here",
    "model_type": "should be a mapping",
    "dict_type": "should be a mapping",
}
_LONGEST: Final = 80


def messages_of(error: ValidationError, *, path: str) -> tuple[str, ...]:
    """Return one message for each error: the field's path, what was given and what is allowed."""
    return tuple(_message(item, path=path) for item in error.errors(include_url=False))


def _message(item: Any, *, path: str) -> str:
    for part in item["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    where = path.removeprefix(".")
    # "Input should be …" and "String should match …" read on from the value.
    words = re.sub(r"^[A-Z]\w+ should", "should", item["msg"]).replace(" after validation", "")
    words = _PHRASES.get(item["type"], words)
    return f"{where}: {_given(item['input'])}{words}"


def _given(value: object) -> str:
    """Return a scalar as YAML would have it, for a list or a map would bury the message."""
    if isinstance(value, list | dict):
        return ""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return f"{text[:_LONGEST]}… " if len(text) > _LONGEST else f"{text} "
