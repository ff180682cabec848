"""The simulation's log of calls, read on as the story goes: who asked for what, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from sandbox.aws.calls import Outcome
from sandbox.aws.control import Control

_EFFECTIVE = {Outcome.EFFECT, Outcome.DROPPED_AFTER}


@dataclass(frozen=True, slots=True)
class Call:
    """One request, by the access key id that signed it."""

    number: int
    operation: str
    caller: str
    write: bool
    outcome: Outcome
    code: str
    message: str
    params: Any

    @classmethod
    def of(cls, record: dict[str, Any]) -> Self:
        return cls(
            number=record["n"],
            operation=record["operation"],
            caller=record["access_key"],
            write=record["write"],
            outcome=Outcome(record["outcome"]),
            code=record["code"],
            message=record["message"],
            params=record["params"],
        )

    @property
    def took_effect(self) -> bool:
        return self.outcome in _EFFECTIVE

    @property
    def answer_lost(self) -> bool:
        return self.outcome is Outcome.DROPPED_AFTER

    @property
    def refused(self) -> bool:
        return self.outcome is Outcome.REFUSED


class CallBook:
    """All calls so far. The simulation forgets the oldest of many; the book does not."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._calls: list[Call] = []

    def all(self) -> list[Call]:
        """Read on, and return every call in its order; one whose outcome is still open comes later."""
        for record in self._control.calls(self.last):
            call = Call.of(record)
            if call.outcome is Outcome.PENDING:
                break
            self._calls.append(call)
        return self._calls

    @property
    def last(self) -> int:
        return self._calls[-1].number if self._calls else 0

    def mark(self) -> int:
        """Return the number of the newest call, to look at those after it later."""
        self.all()
        return self.last

    def writes(self, *, caller: str, after: int = 0) -> Iterator[Call]:
        """Yield somebody's writes that took effect after a mark."""
        for call in self.all():
            if call.number > after and call.caller == caller and call.write and call.took_effect:
                yield call

    def refused_writes(self, *, caller: str) -> Iterator[Call]:
        """Yield somebody's writes that AWS refused."""
        return (call for call in self.all() if call.caller == caller and call.write and call.refused)

    def requests(self) -> int:
        """Return how many requests the endpoint has been sent, whatever became of them."""
        return sum(call.operation == "InvokeEndpoint" for call in self.all())
