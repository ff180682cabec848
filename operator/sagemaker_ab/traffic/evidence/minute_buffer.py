"""The minutes that may still change, by minute and variant: a later row replaces an earlier one."""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan, nan
from typing import Any, Final, NamedTuple

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.packing import packed, unpacked

OPEN_MINUTES: Final = 15
"""A minute may come late or be revised until one that is so much newer, beside its attribution, has come."""

_NOTHING: Final = Counts()


class Row(NamedTuple):
    """One variant in one minute, which counts from 1970 (UTC)."""

    at: int
    variant: str
    counts: Counts


class Ledger:
    """Keeps rows until their minutes are settled and folded in."""

    __slots__ = ("_forgotten", "_minutes", "_open", "_started", "_variants", "late_dropped", "newest")

    def __init__(self, variants: Sequence[str], *, started: int, attribution: int) -> None:
        self._variants = variants
        self._started = started
        self._open = OPEN_MINUTES + attribution
        self._minutes: dict[int, Minute] = {}
        self.newest = self._forgotten = -1
        self.late_dropped = 0

    def enter(self, rows: Iterable[Row]) -> int | None:
        """Take rows of one reading, in any order; return the earliest minute that changed, if any did.

        What is from before the start, or of another variant of the endpoint, is no part of the run.
        """
        earliest: int | None = None
        newest_before = self.newest
        for at, variant, counts in rows:
            if at < self._started or variant not in self._variants or counts == _NOTHING:
                continue
            if newest_before >= 0 and at <= newest_before - self._open:
                self.late_dropped += 1
                continue
            self._keep(at, variant, counts)
            if earliest is None or at < earliest:
                earliest = at
        return earliest

    def _keep(self, at: int, variant: str, counts: Counts) -> None:
        if at not in self._minutes:
            self._minutes[at] = Minute(at, {})
        self._minutes[at].counts[variant] = counts
        self.newest = max(self.newest, at)

    @property
    def settled(self) -> int:
        """The last minute that can no longer change."""
        return self.newest - self._open

    def minutes(self, *, after: int, until: int) -> list[Minute]:
        """Return minutes in their order."""
        known = self._minutes
        if until - after <= self._open:
            return [known[at] for at in range(after + 1, until + 1) if at in known]
        return [known[at] for at in sorted(known) if after < at <= until]

    @property
    def open(self) -> list[Mapping[str, Counts]]:
        """What is known of the minutes that may still change, in their order."""
        return [self._minutes[at].counts for at in sorted(self._minutes) if at > self.settled]

    @property
    def latest(self) -> Mapping[str, Counts]:
        """The newest minute's counts."""
        newest = self._minutes.get(self.newest)
        return {} if newest is None else newest.counts

    def forget(self, until: int) -> None:
        """Drop what is folded in."""
        if until > self._forgotten:
            self._forgotten = until
            self._minutes = {at: minute for at, minute in self._minutes.items() if at > until}

    def to_json(self) -> dict[str, Any]:
        rows: dict[str, list[float]] = {}
        for at, minute in sorted(self._minutes.items()):
            for variant, counts in minute.counts.items():
                numbers = [nan if number is None else number for number in counts]
                rows.setdefault(variant, []).extend([at, *numbers])
        opened = {variant: packed(numbers) for variant, numbers in sorted(rows.items())}
        return {"newest": self.newest, "lateDropped": self.late_dropped, "open": opened}

    @classmethod
    def from_json(
        cls, state: Mapping[str, Any], variants: Sequence[str], *, started: int, attribution: int
    ) -> "Ledger":
        ledger = cls(variants, started=started, attribution=attribution)
        ledger.newest, ledger.late_dropped = state["newest"], state["lateDropped"]
        for variant, text in state["open"].items():
            numbers = iter(unpacked(text))
            for at in numbers:
                taken = [next(numbers) for _ in Counts._fields]
                counts = Counts._make(None if isnan(number) else number for number in taken)
                ledger._keep(int(at), variant, counts)
        return ledger
