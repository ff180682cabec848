"""Runs passes: at most one at a time for each key, so many at a time in all, and again when asked or due."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sagemaker_ab.controller.monitoring import Key

_LOG = logging.getLogger(__name__)

_AFTER_A_BUG_SECONDS = 60.0


class Keeper:
    """Asyncio is the queue: one task for a key while its pass runs, one timer until its next.

    `reconcile` blocks, so passes run in a pool of threads; it returns the seconds until the next pass, or
    None when the key is to be forgotten.
    """

    def __init__(self, reconcile: Callable[[Key], float | None], *, workers: int) -> None:
        self._reconcile = reconcile
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="pass")
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._closing = False

    def enqueue(self, key: Key) -> None:
        """Run a pass now, or right after the one that runs."""
        if self._closing:
            return
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if key in self._running:
            self._again.add(key)
            return
        self._running[key] = asyncio.get_running_loop().create_task(self._keep(key))

    async def close(self) -> None:
        """Start no more passes, and wait for those that run: a write under way gets its answer."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _keep(self, key: Key) -> None:
        loop = asyncio.get_running_loop()
        try:
            after = await loop.run_in_executor(self._pool, self._reconcile, key)
        except Exception:  # noqa: BLE001 - one resource must not stop the others
            _LOG.exception("%s/%s: a pass failed; this is a bug", *key)
            after = _AFTER_A_BUG_SECONDS
        finally:
            del self._running[key]
        if self._closing:
            return
        if key in self._again:
            self._again.discard(key)
            self.enqueue(key)
        elif after is not None:
            self._timers[key] = loop.call_later(after, self.enqueue, key)
