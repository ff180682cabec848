"""Runs passes: at most one at a time for each key, so many at a time in all, and again when asked or due."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sagemaker_ab.controller.monitoring import Key
from sagemaker_ab.controller.workqueue import Turns

_LOG = logging.getLogger(__name__)

_AFTER_A_BUG_SECONDS = 60.0


class Keeper:
    """Asyncio and turns are the queue: one task for a key while its pass runs, one timer until its next.

    `reconcile` blocks, so passes run in a pool of threads; it returns the seconds until the next pass, or
    None when the key is to be forgotten. `tell_mishap` blocks too; it is told what a pass was not to raise.
    """

    def __init__(
        self,
        reconcile: Callable[[Key], float | None],
        *,
        tell_mishap: Callable[[Key, Exception], None],
        region_of: Callable[[Key], str],
        workers: int,
    ) -> None:
        self._reconcile = reconcile
        self._tell_mishap = tell_mishap
        self._region_of = region_of
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="pass")
        self._turns = Turns(workers)
        self._tasks: set[asyncio.Task[None]] = set()
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._closing = False
        self._newest_end = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """How long ago a pass last ended; before the first one, since the start."""
        return time.monotonic() - self._newest_end

    def enqueue(self, key: Key, *, urgent: bool = False) -> None:
        """Run a pass as soon as there is a worker, or right after the one that runs."""
        if self._closing:
            return
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if self._turns.runs(key):
            self._again.add(key)
            return
        self._turns.wait(key, self._region_of(key), urgent=urgent)
        self._start()

    async def close(self) -> None:
        """Start no more passes, and wait for those that run: a write under way gets its answer."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self) -> None:
        while not self._closing and (key := self._turns.take()) is not None:
            task = asyncio.get_running_loop().create_task(self._keep(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _keep(self, key: Key) -> None:
        try:
            after = None if self._closing else await self._pass(key)
        finally:
            self._turns.give_back(key)
            self._newest_end = time.monotonic()
        if self._closing:
            return
        if key in self._again or after == 0:
            self._again.discard(key)
            self.enqueue(key, urgent=True)
        elif after is not None:
            self._timers[key] = asyncio.get_running_loop().call_later(after, self.enqueue, key)
        self._start()

    async def _pass(self, key: Key) -> float | None:
        in_pool = asyncio.get_running_loop().run_in_executor
        try:
            return await in_pool(self._pool, self._reconcile, key)
        except Exception as error:  # noqa: BLE001 - one resource must not stop the others
            _LOG.exception("%s/%s: a pass failed; this is a bug", *key)
            mishap = error
        try:
            await in_pool(self._pool, self._tell_mishap, key, mishap)
        except Exception as error:  # noqa: BLE001 - it has been logged, and this is, too
            _LOG.warning("%s/%s: that could not be told in its status: %s", *key, error)
        return _AFTER_A_BUG_SECONDS
