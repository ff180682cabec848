"""Where the pages of GetMetricData begin, and the tokens that lead to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.aws.engine.pages import ForeignTokenError, position, token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.core import JSON, Call


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: at an offset of a line by its number, after the rest of lines that were cut."""

    number: int = 0
    offset: int = 0
    rest: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, call: Call) -> Place:
        try:
            number, offset, rest = position(call.params, start=(0, 0, ()))
        except ForeignTokenError:
            raise call.refuse("cloudwatch.next-token") from None
        return cls(number, offset, dict(rest))

    def offset_of(self, number: int) -> int | None:
        """Return where in a line the page begins; None for a line that the page does not hold."""
        if number in self.rest:
            return self.rest[number]
        return None if number < self.number else self.offset * (number == self.number)

    def begins(self, number: int) -> bool:
        """Tell whether the page holds the beginning of a line."""
        return number not in self.rest and self.offset_of(number) == 0

    def before(self, number: int, offset: int, cut: Mapping[int, int]) -> Place:
        """Return the place of the next page if this one ends within a line and has cut others."""
        if number not in self.rest:
            return Place(number, offset, cut)
        left = {later: at for later, at in self.rest.items() if later > number}
        return Place(self.number, self.offset, {**cut, number: offset, **left})

    def token(self, call: Call) -> JSON:
        return {"NextToken": token([self.number, self.offset, list(self.rest.items())], call.params)}
