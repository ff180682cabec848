"""Buffers the minutes whose counts may still change.

CloudWatch publishes datapoints late and revises them. A later row for a minute and variant replaces the
earlier row until the minute passes the watermark.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from math import isnan, nan
from typing import Final, NamedTuple

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.codec import pack, unpack

OPEN_MINUTES: Final = 15
"""Allowed lateness in minutes. The attribution window of the run comes on top."""

_NO_COUNTS: Final = Counts()


class CountsRow(NamedTuple):
    """The counts of one variant in one minute. `at` is in minutes since 1970-01-01 UTC."""

    at: int
    variant: str
    counts: Counts


class MinuteBuffer:
    """Keeps the rows of each minute until the minute is past the watermark and has been accumulated.

    `newest` is the newest minute with counts, -1 before the first. `late_dropped` counts the rows that came
    after their minute had passed the watermark.
    """

    __slots__ = ("_discarded", "_lateness", "_minutes", "_started", "_variants", "late_dropped", "newest")

    def __init__(self, variants: Sequence[str], *, started: int, attribution: int) -> None:
        self._variants = variants
        self._started = started
        self._lateness = OPEN_MINUTES + attribution
        self._minutes: dict[int, Minute] = {}
        self.newest = self._discarded = -1
        self.late_dropped = 0

    def insert(self, rows: Iterable[CountsRow]) -> int | None:
        """Insert the rows of one read, in any order. Return the earliest minute that changed, or None.

        Rows from before the start of the run, of variants outside the run, and without any count are ignored.
        Lateness is measured against the newest minute before this read.
        """
        earliest: int | None = None
        newest_before = self.newest
        for at, variant, counts in rows:
            if at < self._started or variant not in self._variants or counts == _NO_COUNTS:
                continue
            if newest_before >= 0 and at <= newest_before - self._lateness:
                self.late_dropped += 1
                continue
            self._store(at, variant, counts)
            if earliest is None or at < earliest:
                earliest = at
        return earliest

    def _store(self, at: int, variant: str, counts: Counts) -> None:
        if at not in self._minutes:
            self._minutes[at] = Minute(at, {})
        self._minutes[at].counts[variant] = counts
        self.newest = max(self.newest, at)

    @property
    def watermark(self) -> int:
        """The last minute that can no longer change."""
        return self.newest - self._lateness

    def minutes(self, *, after: int, until: int) -> list[Minute]:
        """Return the buffered minutes in (after, until], in ascending order."""
        known = self._minutes
        if until - after <= self._lateness:
            return [known[at] for at in range(after + 1, until + 1) if at in known]
        return [known[at] for at in sorted(known) if after < at <= until]

    @property
    def open_minutes(self) -> list[Mapping[str, Counts]]:
        """The counts by variant of each minute after the watermark, in ascending order."""
        return [self._minutes[at].counts for at in sorted(self._minutes) if at > self.watermark]

    @property
    def verified_minutes(self) -> list[Mapping[str, Counts]]:
        """Those of the open minutes whose weights are verified."""
        return [counts for counts in self.open_minutes if all(each.verified for each in counts.values())]

    @property
    def latest_counts(self) -> Mapping[str, Counts]:
        """The counts by variant of the newest minute. Empty before the first."""
        newest = self._minutes.get(self.newest)
        return {} if newest is None else newest.counts

    def discard(self, until: int) -> None:
        """Remove the minutes up to and including `until`."""
        if until > self._discarded:
            self._discarded = until
            self._minutes = {at: minute for at, minute in self._minutes.items() if at > until}

    def to_json(self) -> dict[str, str]:
        """Return the rows by variant, packed: each is the minute followed by the fields of its counts."""
        rows: dict[str, list[float]] = {}
        for at, minute in sorted(self._minutes.items()):
            for variant, counts in minute.counts.items():
                numbers = [nan if number is None else float(number) for number in counts]
                rows.setdefault(variant, []).extend([float(at), *numbers])
        return {variant: pack(numbers) for variant, numbers in sorted(rows.items())}

    def restore(self, rows: Mapping[str, str], *, newest: int, late_dropped: int) -> None:
        """Continue after the minute `newest`, with the rows that `to_json` returned.

        Raises ValueError if they are not readable.
        """
        self.newest, self.late_dropped = newest, late_dropped
        for variant, text in rows.items():
            numbers = iter(unpack(text))
            for at in numbers:
                fields = list(islice(numbers, len(Counts._fields)))
                counts = Counts._make(None if isnan(number) else number for number in fields)
                self._store(int(at), variant, counts)
