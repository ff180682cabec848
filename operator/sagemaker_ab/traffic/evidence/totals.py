"""Counts each variant's invocations and remembers when it was last invoked."""

from collections.abc import Sequence
from dataclasses import dataclass

from sagemaker_ab.traffic.counts import Minute


@dataclass(slots=True)
class TotalsState:
    """By variant, the total invocations and the minute of the last one, -1 before the first."""

    invocations: list[float]
    last_invocation: list[float]


class InvocationTotals:
    """The invocations of the variants of a run. Minutes are counted since 1970-01-01 UTC."""

    __slots__ = ("_places", "state")

    def __init__(self, variants: Sequence[str]) -> None:
        self._places = {name: place for place, name in enumerate(variants)}
        self.state = TotalsState([0.0] * len(variants), [-1.0] * len(variants))

    def add(self, minute: Minute) -> None:
        for name, counts in minute.counts.items():
            if counts.invocations:
                place = self._places[name]
                self.state.invocations[place] += counts.invocations
                self.state.last_invocation[place] = float(minute.at)

    def invocations(self, variant: str) -> float:
        """Return the total invocations of a variant."""
        return self.state.invocations[self._places[variant]]

    def last_invocation(self, variant: str) -> float:
        """Return the minute in which a variant was last invoked, -1 before the first."""
        return self.state.last_invocation[self._places[variant]]
