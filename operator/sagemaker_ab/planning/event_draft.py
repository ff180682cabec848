"""A Kubernetes event before it is recorded."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class EventDraft:
    """A Kubernetes event before it is recorded."""

    kind: Literal["Normal", "Warning"]
    reason: str
    message: str
