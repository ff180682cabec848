"""How values of one metric were spread: exact count, sum, minimum and maximum, and near-exact percentiles.

Values fall into bins whose bounds grow by one per cent, so that any percentile is within half a per cent
of the raw value, and a minute costs some hundred bytes however many requests it saw.
"""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GROWTH = 1.01
_LOG_GROWTH = math.log(GROWTH)
# The value that stands for a bin lies between its bounds, equally far from both in relative terms.
_MIDDLE = 2.0 / (1.0 + GROWTH)
# Zero and below have no logarithm; they share a bin under every other.
_ZERO_BIN = -(1 << 30)


def _bin_of(value: float) -> int:
    return math.ceil(math.log(value) / _LOG_GROWTH) if value > 0 else _ZERO_BIN


def _value_of(bin_: int) -> float:
    return GROWTH**bin_ * _MIDDLE if bin_ != _ZERO_BIN else 0.0


class Distribution:
    """A multiset of values, summarised. Merging two is exact but for the bins' half per cent."""

    __slots__ = ("_bins", "_dense", "_first", "count", "maximum", "minimum", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.minimum = math.inf
        self.maximum = -math.inf
        self._bins: dict[int, int] | None = None
        self._dense: array[int] | None = None
        self._first = 0

    def add(self, value: float, times: int = 1) -> None:
        self.count += times
        self.total += value * times
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)
        bins = self._loose()
        bin_ = _bin_of(value)
        bins[bin_] = bins.get(bin_, 0) + times

    def merge(self, other: Distribution) -> None:
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        bins = self._loose()
        for bin_, times in other.items():
            bins[bin_] = bins.get(bin_, 0) + times

    def half(self) -> Distribution:
        """Return every other value in order of size, the smallest of them included."""
        half, seen = Distribution(), 0
        for bin_, times in sorted(self.items()):
            seen, before = seen + times, seen
            kept = (seen + 1) // 2 - (before + 1) // 2
            if kept:
                half.add(self._clamped(bin_), kept)
        return half

    def compact(self) -> None:
        """Store the bins densely; called when no more values are expected soon."""
        bins = self._bins
        if not bins or _ZERO_BIN in bins:
            return
        self._first = min(bins)
        dense = array("I", bytes(4 * (max(bins) - self._first + 1)))
        for bin_, times in bins.items():
            dense[bin_ - self._first] = times
        self._dense, self._bins = dense, None

    def items(self) -> Iterator[tuple[int, int]]:
        """Bins that hold something, each with its count, in no order."""
        if self._dense is not None:
            first = self._first
            return ((first + at, times) for at, times in enumerate(self._dense) if times)
        return iter((self._bins or {}).items())

    def percentile(self, percent: float, *, interpolated: bool = True) -> float:
        """Return the value that `percent` of the values lie below, interpolated between the nearest ranks.

        Otherwise it is the smallest of the values that so many do not exceed.
        """
        if not interpolated:
            nearest = max(math.ceil(self.count * percent / 100.0) - 1, 0)
            return self._at_ranks(nearest, nearest)[0]
        rank = (self.count - 1) * percent / 100.0
        low, high = math.floor(rank), math.ceil(rank)
        below, above = self._at_ranks(low, high)
        return below + (above - below) * (rank - low)

    def _at_ranks(self, low: int, high: int) -> tuple[float, float]:
        seen = 0
        below: float | None = None
        for bin_, times in sorted(self.items()):
            seen += times
            if below is None and seen > low:
                below = self._clamped(bin_)
            if below is not None and seen > high:
                return below, self._clamped(bin_)
        return self.maximum, self.maximum

    def _clamped(self, bin_: int) -> float:
        return min(max(_value_of(bin_), self.minimum), self.maximum)

    def _loose(self) -> dict[int, int]:
        if self._bins is None:
            self._bins = dict(self.items())
            self._dense = None
        return self._bins
