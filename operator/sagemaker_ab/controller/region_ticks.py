"""Ticks a monitor in each region by itself: a region that does not respond delays no other."""

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from sagemaker_ab.kube.keys import Key

_LOG = logging.getLogger(__name__)

_THREADS = 32
"""Each region occupies one thread at most, for as long as it does not respond."""


class RegionMonitor(Protocol):
    """A monitor that reads each region by itself. Both methods may be called from any thread."""

    def regions(self) -> Collection[str]:
        """Return the regions to tick."""

    def tick(self, region: str) -> Collection[Key]:
        """Read a region; return the keys to enqueue. It returns at once while the region is being read."""


class RegionTicks:
    """Ticks every region every `seconds`, and enqueues what the monitor returns."""

    def __init__(self, monitor: RegionMonitor, enqueue: Callable[[Key], None], *, seconds: float) -> None:
        self._monitor = monitor
        self._enqueue = enqueue
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="tick")
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            await asyncio.sleep(self._seconds)
            self.start()

    def start(self) -> None:
        """Start a tick of every region, without waiting for any."""
        for region in self._monitor.regions():
            task = asyncio.get_running_loop().create_task(self._tick(region))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Start no more ticks. Those that are running end in their threads, and enqueue nothing."""
        for task in self._tasks:
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _tick(self, region: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            changed = await loop.run_in_executor(self._pool, self._monitor.tick, region)
        except Exception:  # noqa: BLE001 - one region must not stop the others
            _LOG.exception("%s could not be read; this is a bug", region)
            return
        for key in changed:
            self._enqueue(key)
