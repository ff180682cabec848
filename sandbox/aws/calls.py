"""The log of every request and what became of it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 20_000


class Outcome(StrEnum):
    PENDING = "pending"
    EFFECT = "effect"
    REFUSED = "refused"
    DROPPED_BEFORE = "dropped-before"
    """The connection ended without an effect."""
    DROPPED_AFTER = "dropped-after-effect"
    """It took effect, and the answer was lost."""


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """One request.

    ``write_number`` counts the writes since the log was cleared, from 1; a read has 0. ``access_key`` tells
    callers apart, and is empty for a request that is not signed. A request arrives at ``time``. Its outcome
    is decided at ``performed``, as the ``position``-th since the log was cleared; both are empty for one that
    was never performed. ``as_of`` is the time that a read looks at: in the past if the read is stale.
    """

    n: int
    time: float
    protocol: str
    service: str
    operation: str
    write: bool
    write_number: int
    access_key: str
    account: str
    region: str
    resource: str
    params: Any
    code: str = "ok"
    message: str = ""
    outcome: Outcome = Outcome.PENDING
    performed: float | None = None
    position: int = 0
    as_of: float | None = None


class CallLog:
    """The last 20,000 requests, and the counts of all since it was last cleared."""

    def __init__(self) -> None:
        self._records: deque[CallRecord] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._n = 0
        self._writes = 0
        self._performed = 0

    def open(self, *, write: bool, operation: str, **fields: Any) -> CallRecord:
        """Add a request whose outcome is not known yet."""
        self._n += 1
        self._writes += write
        self._counts[operation] += 1
        record = CallRecord(
            n=self._n, write=write, write_number=self._writes if write else 0, operation=operation, **fields
        )
        self._records.append(record)
        return record

    def perform(self, record: CallRecord, *, now: float, as_of: float) -> None:
        """Note that the outcome of a request is decided now."""
        self._performed += 1
        record.performed, record.position, record.as_of = now, self._performed, as_of

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]  # a cleared log is a new one

    def counts(self) -> dict[str, int]:
        return dict(sorted(self._counts.items()))

    def since(self, n: int) -> Iterator[dict[str, Any]]:
        """Yield the requests after number ``n``, oldest first."""
        for record in self._records:
            if record.n > n:
                yield asdict(record)
