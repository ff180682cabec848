"""What the story claims, checked as it goes, and the tables at its end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rich.table import Table

from sandbox.demo.calls import Call
from sandbox.demo.simulation import OPERATOR_KEY, PERSON_KEY
from sandbox.demo.telling import Teller


class NotSo(Exception):
    """A claim that the rest of the story needs does not hold. It has been told."""


@dataclass(frozen=True, slots=True)
class Claim:
    text: str
    holds: bool
    saw: str


class Proof:
    """Claims, told when they are checked and again at the end."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._claims: list[Claim] = []

    def check(self, text: str, *, holds: bool, saw: object) -> None:
        """Note whether a claim holds, and what was seen instead if it does not; the story goes on."""
        self._claims.append(Claim(text, holds, str(saw)))
        self._teller.verdict(text, holds=holds, saw=str(saw))

    def require(self, text: str, *, holds: bool, saw: object) -> None:
        """Check a claim that the rest of the story needs. Raise NotSo."""
        self.check(text, holds=holds, saw=saw)
        if not holds:
            raise NotSo(text)

    def broke_off(self, why: str) -> None:
        """Note that the story could not be told to its end."""
        self.check("the demo ran to its end", holds=False, saw=why)

    @property
    def holds(self) -> bool:
        return bool(self._claims) and all(claim.holds for claim in self._claims)

    def show(self, calls: Iterable[Call]) -> None:
        """Tell every claim again, and AWS's calls by kind."""
        self._teller.act("Results")
        for claim in self._claims:
            self._teller.verdict(claim.text, holds=claim.holds, saw=claim.saw)
        known = [call for call in calls if call.caller in {OPERATOR_KEY, PERSON_KEY}]
        self._teller.show(_calls_table(known))


def _calls_table(calls: list[Call]) -> Table:
    table = Table(
        title="AWS calls by kind", title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    table.add_column("CALL")
    for heading in ("BY THE OPERATOR", "BY YOU", "TOOK EFFECT", "ANSWER LOST", "REFUSED"):
        table.add_column(heading, justify="right")
    for writes in (True, False):
        of_kind = [call for call in calls if call.write is writes]
        for operation in sorted({call.operation for call in of_kind}):
            table.add_row(*_row(operation, [call for call in of_kind if call.operation == operation]))
        table.add_row(*_row("all writes" if writes else "all reads and requests", of_kind), style="bold")
        table.add_row()
    return table


def _row(operation: str, calls: list[Call]) -> tuple[str, ...]:
    by = Counter(call.caller for call in calls)
    effects = sum(call.took_effect for call in calls if call.write)
    lost = sum(call.answer_lost for call in calls)
    refused = sum(call.refused for call in calls)
    return operation, *map(_number, (by[OPERATOR_KEY], by[PERSON_KEY], effects, lost, refused))


def _number(count: int) -> str:
    return f"{count:,}" if count else "·"
