"""Pages of a list, and the tokens that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


class ForeignTokenError(ValueError):
    """A token that was not given to a call with these parameters."""


def _question(params: Mapping[str, Any]) -> int:
    """Return a number for what a call asks, whichever page it wants."""
    asked = {key: value for key, value in params.items() if key != "NextToken"}
    return crc32(json.dumps(asked, sort_keys=True, default=str).encode())


def token(position: object, params: Mapping[str, Any]) -> str:
    """Return the token that leads a call with the same parameters to a position."""
    return base64.urlsafe_b64encode(json.dumps([_question(params), position]).encode()).decode()


def position(params: Mapping[str, Any], *, start: Any) -> Any:
    """Return the position that the call's token leads to, or `start`. Raises ForeignTokenError."""
    if "NextToken" not in params:
        return start
    try:
        question, found = json.loads(base64.urlsafe_b64decode(params["NextToken"]))
    except (binascii.Error, ValueError, TypeError):
        raise ForeignTokenError from None
    if question != _question(params):
        raise ForeignTokenError
    return found


def page(items: Sequence[T], params: Mapping[str, Any], *, size: int) -> tuple[Sequence[T], dict[str, str]]:
    """Return the page that a call asks for, and its NextToken to be merged into the answer."""
    start = position(params, start=0)
    end = start + size
    return items[start:end], {"NextToken": token(end, params)} if end < len(items) else {}
