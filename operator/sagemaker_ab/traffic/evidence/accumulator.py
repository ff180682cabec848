"""The interface of an accumulator: running sums over the minutes of a run."""

from collections.abc import Sequence
from typing import Protocol

from sagemaker_ab.traffic.counts import Minute


class Accumulator(Protocol):
    """Adds minutes in ascending order. Its numbers are its complete state."""

    def add(self, minute: Minute) -> None:
        """Add one minute. A minute that lacks a variant or a metric it needs leaves the state unchanged."""

    def numbers(self) -> list[float]:
        """Return the complete state. The order of the numbers is the persisted layout."""

    def restore(self, numbers: Sequence[float]) -> None:
        """Set the state to `numbers`, which an accumulator with the same settings returned."""
