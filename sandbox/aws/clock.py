"""The one clock of the simulation, and the queue of what happens when."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable

Callback = Callable[[], None]


class Scheduled:
    """A callback waiting for its time; ``cancel`` makes it never run."""

    __slots__ = ("callback", "cancelled", "when")

    def __init__(self, when: float, callback: Callback) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualClock:
    """Epoch seconds that run ``speed`` times as fast as real ones, or stand still at speed 0.

    Time moves only in ``tick`` (up to what real time says) and ``advance`` (by so many seconds), and while
    it moves each due callback runs at its own time, in order of time and then of scheduling. Between the two
    ``now`` does not change, so that one request sees one time.
    """

    def __init__(
        self,
        *,
        start: float | None = None,
        speed: float = 0.0,
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        self._real = real
        self._now = time.time() if start is None else start
        self._speed = speed
        self._anchor = (real(), self._now)
        self._sequence = itertools.count()
        self._queue: list[tuple[float, int, Scheduled]] = []

    @property
    def speed(self) -> float:
        return self._speed

    def now(self) -> float:
        """Virtual epoch seconds."""
        return self._now

    def at(self, when: float, callback: Callback) -> Scheduled:
        """Run ``callback`` at the virtual time ``when``, or at the next move of time if that has passed."""
        scheduled = Scheduled(max(when, self._now), callback)
        heapq.heappush(self._queue, (scheduled.when, next(self._sequence), scheduled))
        return scheduled

    def after(self, seconds: float, callback: Callback) -> Scheduled:
        """Run ``callback`` in so many virtual seconds."""
        return self.at(self._now + seconds, callback)

    def next_due(self) -> float | None:
        """Virtual time of the next callback, or None."""
        while self._queue and self._queue[0][2].cancelled:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def set_speed(self, speed: float) -> None:
        """Go on from the present time at another speed."""
        self.tick()
        self._speed = speed
        self._anchor = (self._real(), self._now)

    def tick(self) -> None:
        """Catch up with real time; does nothing at speed 0."""
        if self._speed > 0:
            real, virtual = self._anchor
            self._run_until(virtual + (self._real() - real) * self._speed)

    def advance(self, seconds: float) -> None:
        """Move time on by so many virtual seconds at once."""
        self.tick()
        self._run_until(self._now + seconds)
        self._anchor = (self._real(), self._now)

    def _run_until(self, target: float) -> None:
        while (due := self.next_due()) is not None and due <= target:
            _, _, scheduled = heapq.heappop(self._queue)
            self._now = max(self._now, due)
            scheduled.callback()
        self._now = max(self._now, target)
