"""Counts each variant's invocations and the minutes of a run, and remembers the last invocations."""

from collections.abc import Sequence
from dataclasses import dataclass

from sagemaker_ab.traffic.counts import Minute


@dataclass(slots=True)
class TotalsState:
    """By variant, the total invocations and the minute of the last one, -1 before the first.

    `minutes` is the number of minutes with counts and verified weights, and `newest` the last of them.
    """

    invocations: list[float]
    last_invocation: list[float]
    minutes: float = 0.0
    newest: float = -1.0


class InvocationTotals:
    """The invocations of the variants of a run. Minutes are counted since 1970-01-01 UTC."""

    __slots__ = ("_places", "state")

    def __init__(self, variants: Sequence[str]) -> None:
        self._places = {name: place for place, name in enumerate(variants)}
        self.state = TotalsState([0.0] * len(variants), [-1.0] * len(variants))

    def add(self, minute: Minute) -> None:
        verified = minute.verified
        if verified:
            self.state.minutes += 1.0
            self.state.newest = float(minute.at)
        for name, counts in minute.counts.items():
            if counts.invocations:
                place = self._places[name]
                self.state.invocations[place] += counts.invocations if verified else 0.0
                self.state.last_invocation[place] = float(minute.at)

    @property
    def minutes(self) -> int:
        """The number of minutes with counts and verified weights."""
        return int(self.state.minutes)

    @property
    def newest(self) -> int:
        """The last minute with counts and verified weights, -1 before the first."""
        return int(self.state.newest)

    def invocations(self, variant: str) -> float:
        """Return the total invocations of a variant in minutes with verified weights."""
        return self.state.invocations[self._places[variant]]

    def last_invocation(self, variant: str) -> float:
        """Return the minute in which a variant was last invoked, -1 before the first."""
        return self.state.last_invocation[self._places[variant]]
