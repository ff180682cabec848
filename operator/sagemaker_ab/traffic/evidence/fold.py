"""Keeps streams in step with a ledger whose last minutes may still change.

The streams hold everything that is known, open minutes included. Beside them stands what they were at an
earlier minute that is settled; when a minute changes, they go back to it and take the minutes since again, in
their order. So neither the order in which minutes come nor their grouping changes a bit.
"""

from collections.abc import Mapping
from typing import Final

from sagemaker_ab.traffic.counts import Minute
from sagemaker_ab.traffic.evidence.ledger import OPEN_MINUTES, Ledger
from sagemaker_ab.traffic.evidence.stream import Stream

Numbers = list[list[float]]

_NEVER: Final = -1


class Fold:
    """Streams that count from minute `since` on and see a minute `lag` minutes after it."""

    def __init__(self, streams: Mapping[str, Stream], *, lag: int, since: int) -> None:
        self._streams = dict(streams)
        self._lag = lag
        self.since = since
        self._at = self.base_at = self._mark_at = _NEVER
        self._base = self._fresh = self._numbers()
        self._mark: Numbers | None = None

    def changed(self, earliest: int) -> None:
        """Go back before a minute that has changed."""
        if earliest > self._at:
            return
        if self._mark is not None and self._mark_at < earliest:
            self._restore(self._mark, self._mark_at)
        else:
            self._mark = None
            self._restore(self._base, self.base_at)

    def advance(self, ledger: Ledger) -> None:
        """Take every minute that may be seen."""
        for minute in ledger.minutes(after=self._at, until=ledger.newest - self._lag):
            if self._mark is None and minute.at > self.base_at + OPEN_MINUTES:
                self._mark, self._mark_at = self._numbers(), self._at
            self._take(minute)
            if self._mark is not None and self._mark_at <= min(ledger.settled, minute.at - OPEN_MINUTES):
                self._base, self.base_at, self._mark = self._mark, self._mark_at, None

    def settle(self, ledger: Ledger) -> None:
        """Fold in all that is settled, so that the state is the same however it came."""
        until = min(ledger.settled, ledger.newest - self._lag)
        self._mark = None
        self._restore(self._base, self.base_at)
        for minute in ledger.minutes(after=self._at, until=until):
            self._take(minute)
        self._at = max(self._at, until)
        self._base, self.base_at = self._numbers(), self._at
        self.advance(ledger)

    def begin_anew(self, *, since: int) -> None:
        """Forget everything before a minute."""
        self.since, self._mark = since, None
        self._base = self._fresh
        self._restore(self._base, self.base_at)

    def settled_numbers(self) -> dict[str, list[float]]:
        """Return each stream's numbers as of the settled minute."""
        return dict(zip(self._streams, self._base, strict=True))

    def load(self, numbers: Mapping[str, list[float]], *, at: int, since: int) -> None:
        """Become the fold whose `settled_numbers` these are."""
        self.since, self._mark = since, None
        self._base, self.base_at = [numbers[name] for name in self._streams], at
        self._restore(self._base, at)

    def _take(self, minute: Minute) -> None:
        if minute.at >= self.since:
            for stream in self._streams.values():
                stream.add(minute)
        self._at = minute.at

    def _numbers(self) -> Numbers:
        return [stream.numbers() for stream in self._streams.values()]

    def _restore(self, numbers: Numbers, at: int) -> None:
        for stream, state in zip(self._streams.values(), numbers, strict=True):
            stream.restore(state)
        self._at = at
