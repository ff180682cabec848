"""Computes the time until a retry, with jitter, so that resources do not retry at the same time."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Backoff:
    """Gaps between retries in seconds. They start at `first` and double with each failure up to `slowest`."""

    first: float
    slowest: float

    def seconds(self, failures: int) -> float:
        """Return the gap after so many failures in a row, at least one, with jitter.

        Jitter only lengthens a gap, and no gap is longer than the slowest.
        """
        gap: float = self.first * 2 ** min(max(0, failures - 1), _MOST_DOUBLINGS)
        return min(gap, self.slowest / 1.2) * random.uniform(1.0, 1.2)  # noqa: S311 - spreads load, guards nothing

    def __iter__(self) -> Iterator[float]:
        """Yield the gaps after one failure, after two and so on, without end."""
        return map(self.seconds, itertools.count(1))


def jittered(seconds: float) -> float:
    """Vary a duration by up to a fifth in both directions."""
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards nothing


def jittered_below(seconds: float) -> float:
    """Shorten a duration by up to a fifth; it never becomes longer."""
    return seconds * random.uniform(0.8, 1.0)  # noqa: S311 - spreads load, guards nothing
