"""Runs reconciles: at most one at a time for each key and a limited number in total, and requeues keys."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sagemaker_ab.controller.workqueue import WorkQueue
from sagemaker_ab.kube.keys import Key

_LOG = logging.getLogger(__name__)

_AFTER_UNEXPECTED_ERROR_SECONDS = 60.0


class Workers:
    """Runs an asyncio task for each key that is being reconciled, and a timer for each key to be requeued.

    `reconcile` returns the seconds after which the key is requeued, or None if it is not. If `reconcile`
    raises an error, `report_unexpected` receives it, and the key is requeued after a minute. Both block, so
    they run in a thread pool.
    """

    def __init__(
        self,
        reconcile: Callable[[Key], float | None],
        *,
        report_unexpected: Callable[[Key, Exception], None],
        region_of: Callable[[Key], str],
        workers: int,
    ) -> None:
        self._reconcile = reconcile
        self._report_unexpected = report_unexpected
        self._region_of = region_of
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="reconcile")
        self._queue = WorkQueue(workers)
        self._tasks: set[asyncio.Task[None]] = set()
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._closing = False
        self._last_end = time.monotonic()

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last reconcile ended; before the first one, since the start."""
        return time.monotonic() - self._last_end

    def enqueue(self, key: Key, *, urgent: bool = False) -> None:
        """Reconcile as soon as a worker is free, or right after the reconcile of the key that is running."""
        if self._closing:
            return
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if self._queue.processing(key):
            self._again.add(key)
            return
        self._queue.add(key, self._region_of(key), urgent=urgent)
        self._start()

    async def close(self) -> None:
        """Start no more reconciles and wait for the running ones, so that writes in flight get a response."""
        self._closing = True
        for timer in self._timers.values():
            timer.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self) -> None:
        while not self._closing and (key := self._queue.get()) is not None:
            task = asyncio.get_running_loop().create_task(self._process(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _process(self, key: Key) -> None:
        try:
            requeue_after = None if self._closing else await self._run(key)
        finally:
            self._queue.done(key)
            self._last_end = time.monotonic()
        if self._closing:
            return
        if key in self._again or requeue_after == 0:
            self._again.discard(key)
            self.enqueue(key, urgent=True)
        elif requeue_after is not None:
            self._timers[key] = asyncio.get_running_loop().call_later(requeue_after, self.enqueue, key)
        self._start()

    async def _run(self, key: Key) -> float | None:
        in_pool = asyncio.get_running_loop().run_in_executor
        try:
            return await in_pool(self._pool, self._reconcile, key)
        except Exception as error:  # noqa: BLE001 - one resource must not stop the others
            _LOG.exception("%s: the reconcile failed unexpectedly; this is a bug", key)
            unexpected = error
        try:
            await in_pool(self._pool, self._report_unexpected, key, unexpected)
        except Exception as error:  # noqa: BLE001 - both errors are logged
            _LOG.warning("%s: the error could not be reported in the resource's status: %s", key, error)
        return _AFTER_UNEXPECTED_ERROR_SECONDS
