"""The interface of an accumulator: running sums over the minutes of a run."""

from typing import Any, Protocol

from sagemaker_ab.traffic.counts import Minute


class Accumulator(Protocol):
    """Adds minutes in ascending order.

    `state` is everything that it has added, as a dataclass that `codec` can encode. Another accumulator with
    the same settings continues from it.
    """

    state: Any

    def add(self, minute: Minute) -> None:
        """Add one minute. A minute that lacks a variant or a metric it needs leaves the state unchanged."""
