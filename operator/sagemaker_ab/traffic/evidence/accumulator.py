"""What every stream of evidence can do."""

from collections.abc import Sequence
from typing import Protocol

from sagemaker_ab.traffic.counts import Minute


class Stream(Protocol):
    """Takes minutes in ascending order; its numbers are all that it is."""

    def add(self, minute: Minute) -> None:
        """Take one minute; one in which a compared variant is missing changes nothing."""

    def numbers(self) -> list[float]:
        """Return the state, all of it."""

    def restore(self, numbers: Sequence[float]) -> None:
        """Become the stream whose `numbers` these are."""
