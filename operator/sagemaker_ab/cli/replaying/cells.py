"""Parses the cells of recorded counts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_MINUTE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:00)?(Z|\+00:00)")
_VARIANT: Final = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
# CloudWatch returns sums as doubles: 540.0 is the count 540.
_INTEGER: Final = re.compile(r"([0-9]{1,15})(\.0{1,20})?")
MOST_DECIMALS: Final = 20
_DECIMAL: Final = re.compile(rf"[0-9]{{1,15}}(\.[0-9]{{1,{MOST_DECIMALS}}})?")
_LONGEST: Final = 60


class InvalidCell(ValueError):
    """A cell is invalid; the message names the value and what is allowed."""

    def __init__(self, text: str, allowed: str) -> None:
        super().__init__(f"{shown(text)} should be {allowed}")


@lru_cache(maxsize=4096)
def integer(text: str) -> int | None:
    """Parse a count; None for an empty cell, which is not zero. Raises InvalidCell."""
    if match := _INTEGER.fullmatch(text):
        return int(match[1])
    _check_empty(text, "an integer of 0 or more, of 15 digits at most, or empty")
    return None


@lru_cache(maxsize=4096)
def decimal(text: str) -> float | None:
    """Parse a weight or microseconds; None for an empty cell, which is not zero. Raises InvalidCell."""
    if _DECIMAL.fullmatch(text):
        return float(text)
    _check_empty(text, "a decimal of 0 or more, of 15 digits before the point at most, or empty")
    return None


def _check_empty(text: str, allowed: str) -> None:
    if text:
        raise InvalidCell(text, allowed)


@lru_cache(maxsize=64)
def minute(text: str) -> int:
    """Parse a whole minute in UTC, as minutes since 1970. Raises InvalidCell."""
    if _MINUTE.fullmatch(text):
        try:
            return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) // 60
        except (ValueError, OverflowError):
            pass  # the day or hour does not exist
    raise InvalidCell(text, "a minute in UTC, such as 2026-03-02T10:39Z")


@lru_cache(maxsize=64)
def variant(text: str) -> str:
    """Parse a VariantName of SageMaker, which has no underscore. Raises InvalidCell."""
    if _VARIANT.fullmatch(text):
        return text
    raise InvalidCell(text, "a variant's name: letters, digits and inner -, at most 63")


Parser = Callable[[str], int | float | str | None]


def shown(text: str) -> str:
    """Quote a value for a message, with control characters escaped and cut to 60 characters."""
    cut = f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text
    return f"'{cut}'" if cut.isprintable() else repr(cut)


def moment(at: int) -> str:
    """Format minutes since 1970 as in the file, such as 2026-03-02T10:39Z."""
    return datetime.fromtimestamp(at * 60, tz=UTC).strftime("%Y-%m-%dT%H:%MZ")
