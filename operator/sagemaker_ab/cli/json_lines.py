"""Reads JSON Lines: one JSON value per line; blank lines are ignored."""

import json
from dataclasses import dataclass
from typing import Any

from sagemaker_ab.aws.runtime import MAX_BODY_BYTES


class InvalidInput(ValueError):
    """The input cannot be sent; the message names the line and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The values, and the body of the one request that sends all of them."""

    values: tuple[Any, ...]
    body: bytes


def read_inputs(text: str, *, source: str) -> Inputs:
    """Parse the inputs.

    Raises InvalidInput if a line is not JSON, if there is no line, or if one request cannot send them all.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [(number, line) for number, line in lines if line]
    if not lines:
        raise InvalidInput(f"{source} is empty; it must contain one JSON value per line")
    values = tuple(_value(line, number=number, source=source) for number, line in lines)
    body = "\n".join(line for _, line in lines).encode()
    if len(body) > MAX_BODY_BYTES:
        raise InvalidInput(
            f"{source} has {len(body):,} bytes; one request takes at most {MAX_BODY_BYTES:,}; split the file"
        )
    return Inputs(values=values, body=body)


def _value(line: str, *, number: int, source: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{source}, line {number}, column {error.colno} is not JSON ({error.msg}); "
            'each line must be one JSON value, such as {"features": ["I love this product!"]}'
        ) from error


def read_answers(body: str) -> tuple[Any, ...]:
    """Parse the answers; a line that is not JSON stays text."""
    return tuple(_answer(line) for line in body.splitlines() if line.strip())


def _answer(line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return line
