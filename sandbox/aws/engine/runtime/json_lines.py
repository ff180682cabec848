"""The bodies that the simulated models read and write: one JSON object a line.

In: `{"features": ["text"]}`. Out: `{"probability": 0.97, "predicted_label": 1}`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.aws.engine.runtime.sentiment import Opinion


class UnreadableBodyError(ValueError):
    """A body that the model cannot read; the text says why."""


def read(body: bytes) -> list[str]:
    """Return the text of each line. Raises UnreadableBodyError."""
    try:
        lines = body.decode().splitlines()
    except UnicodeDecodeError:
        raise UnreadableBodyError("the body is not UTF-8") from None
    texts = [_text(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not texts:
        raise UnreadableBodyError("the body is empty")
    return texts


def _text(number: int, line: str) -> str:
    try:
        features = json.loads(line)["features"]
    except (ValueError, KeyError, TypeError):
        raise UnreadableBodyError(f"line {number} is no JSON object with features") from None
    if not isinstance(features, list) or not features or not isinstance(features[0], str):
        raise UnreadableBodyError(f"line {number}: features is no list with a text")
    return features[0]


def write(opinions: Iterable[Opinion]) -> bytes:
    lines = (
        json.dumps({"probability": opinion.probability, "predicted_label": opinion.label})
        for opinion in opinions
    )
    return "".join(f"{line}\n" for line in lines).encode()
