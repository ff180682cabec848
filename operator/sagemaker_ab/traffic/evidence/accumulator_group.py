"""Keeps accumulators consistent with a buffer whose newest minutes may still change.

The accumulators hold every known minute, including those that may still change. The group also keeps a
checkpoint: their states at an earlier minute that is past the watermark. When a minute changes, the group
restores the checkpoint and adds the later minutes again in ascending order. The result is therefore the same,
bit for bit, in whatever order and batches the minutes arrive.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from sagemaker_ab.traffic.counts import Minute
from sagemaker_ab.traffic.evidence.accumulator import Accumulator
from sagemaker_ab.traffic.evidence.codec import numbers_of, state_from
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES, MinuteBuffer

Numbers = dict[str, list[float]]
"""The state of each accumulator as numbers, by its name."""

_NEVER: Final = -1


class AccumulatorGroup:
    """Accumulators that receive a minute `lag` minutes late, each from its minute in `since` on.

    Those in `watching` also receive minutes whose weights are not verified. `checkpoint_at` is the last
    minute that the checkpoint contains, -1 before the first.
    """

    def __init__(
        self,
        accumulators: Mapping[str, Accumulator],
        *,
        since: Mapping[str, int],
        lag: int,
        watching: Collection[str] = (),
    ) -> None:
        self._accumulators = dict(accumulators)
        self._lag = lag
        self._watches = [name in watching for name in accumulators]
        self._since = [(since[name], accumulator) for name, accumulator in accumulators.items()]
        # `_next` is a later checkpoint, kept until its minute is past the watermark.
        self._at = self.checkpoint_at = self._next_at = _NEVER
        self._checkpoint = self._empty = self._numbers()
        self._next: Numbers | None = None

    def rewind(self, earliest: int) -> None:
        """Restore a checkpoint from before minute `earliest`, which has changed."""
        if earliest > self._at:
            return
        if self._next is not None and self._next_at < earliest:
            self._restore(self._next, self._next_at)
        else:
            self._next = None
            self._restore(self._checkpoint, self.checkpoint_at)

    def advance(self, buffer: MinuteBuffer) -> None:
        """Add every buffered minute that is older than the lag."""
        for minute in buffer.minutes(after=self._at, until=buffer.newest - self._lag):
            if self._next is None and minute.at > self.checkpoint_at + OPEN_MINUTES:
                self._next, self._next_at = self._numbers(), self._at
            self._add(minute)
            if self._next is not None and self._next_at <= min(buffer.watermark, minute.at - OPEN_MINUTES):
                self._checkpoint, self.checkpoint_at, self._next = self._next, self._next_at, None

    def advance_checkpoint(self, buffer: MinuteBuffer) -> None:
        """Move the checkpoint to the watermark, so that the saved state does not depend on past batches."""
        until = min(buffer.watermark, buffer.newest - self._lag)
        self._next = None
        self._restore(self._checkpoint, self.checkpoint_at)
        for minute in buffer.minutes(after=self._at, until=until):
            self._add(minute)
        self._at = max(self._at, until)
        self._checkpoint, self.checkpoint_at = self._numbers(), self._at
        self.advance(buffer)

    def reset(self, names: Iterable[str], *, since: int) -> None:
        """Empty these accumulators. They start again at minute `since`."""
        emptied = set(names)
        self._since = [
            (since if name in emptied else start, accumulator)
            for (name, accumulator), (start, _) in zip(self._accumulators.items(), self._since, strict=True)
        ]
        self._checkpoint = self._checkpoint | {name: self._empty[name] for name in emptied}
        self._next = None
        self._restore(self._checkpoint, self.checkpoint_at)

    def checkpoint(self) -> list[float]:
        """Return the states of all accumulators at minute `checkpoint_at`, in the order of the group."""
        return list(chain.from_iterable(self._checkpoint.values()))

    def load(self, numbers: Iterator[float], *, at: int) -> None:
        """Restore the checkpoint of minute `at` from its numbers. Raises ValueError if there are too few."""
        for accumulator in self._accumulators.values():
            accumulator.state = state_from(type(accumulator.state), numbers)
        self._next = None
        self._checkpoint, self._at = self._numbers(), max(at, _NEVER)
        self.checkpoint_at = self._at

    def _add(self, minute: Minute) -> None:
        verified = minute.verified
        for (since, accumulator), watches in zip(self._since, self._watches, strict=True):
            if minute.at >= since and (verified or watches):
                accumulator.add(minute)
        self._at = minute.at

    def _numbers(self) -> Numbers:
        return {name: numbers_of(accumulator.state) for name, accumulator in self._accumulators.items()}

    def _restore(self, numbers: Numbers, at: int) -> None:
        for name, accumulator in self._accumulators.items():
            accumulator.state = state_from(type(accumulator.state), iter(numbers[name]))
        self._at = at
