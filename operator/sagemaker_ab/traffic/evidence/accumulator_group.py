"""Keeps streams in step with a ledger whose last minutes may still change.

The streams hold everything that is known, open minutes included. Beside them stands what they were at an
earlier minute that is settled; when a minute changes, they go back to it and take the minutes since again, in
their order. So neither the order in which minutes come nor their grouping changes a bit.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from sagemaker_ab.traffic.counts import Minute
from sagemaker_ab.traffic.evidence.accumulator import Stream
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES, Ledger

Numbers = dict[str, list[float]]

_NEVER: Final = -1


class Fold:
    """Streams that see a minute `lag` minutes after it, and each from its minute `since` on."""

    def __init__(self, streams: Mapping[str, Stream], *, since: Mapping[str, int], lag: int) -> None:
        self._streams = dict(streams)
        self._lag = lag
        self._begins = [(since[name], stream) for name, stream in streams.items()]
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

    def begin_anew(self, names: Iterable[str], *, since: int) -> None:
        """Let these streams forget everything before a minute."""
        forgotten = set(names)
        self._begins = [
            (since if name in forgotten else begin, stream)
            for (name, stream), (begin, _) in zip(self._streams.items(), self._begins, strict=True)
        ]
        self._base = self._base | {name: self._fresh[name] for name in forgotten}
        self._mark = None
        self._restore(self._base, self.base_at)

    def settled_numbers(self) -> Numbers:
        """Return each stream's numbers as of the settled minute."""
        return self._base

    def load(self, numbers: Numbers, *, at: int) -> None:
        """Become the fold whose `settled_numbers` these are."""
        self._mark = None
        self._base, self.base_at = numbers, at
        self._restore(numbers, at)

    def _take(self, minute: Minute) -> None:
        for since, stream in self._begins:
            if minute.at >= since:
                stream.add(minute)
        self._at = minute.at

    def _numbers(self) -> Numbers:
        return {name: stream.numbers() for name, stream in self._streams.items()}

    def _restore(self, numbers: Numbers, at: int) -> None:
        for name, stream in self._streams.items():
            stream.restore(numbers[name])
        self._at = at
