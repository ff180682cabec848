"""The metrics of all resources, read together: a few batched calls for each region and window."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.status import Metrics
from sagemaker_ab.aws.cloudwatch import MAX_QUERIES, read_metrics
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.controller.backoff import doubled
from sagemaker_ab.planning.problem import Trouble
from sagemaker_ab.planning.variant_metrics import Monitored, Reading, Window, assemble

_LOG = logging.getLogger(__name__)

Key = tuple[str, str]

_RETRY_SECONDS = 30.0
_SLOWEST_RETRY_SECONDS = 900.0
"""How long a region is left alone after it failed, on the local clock."""

_LATE_INTERVALS = 3
"""So many windows without a reading are too many for the one before them to be the last word."""


@dataclass(slots=True)
class _Entry:
    clients: AwsClients
    monitored: Monitored
    first: Window = field(init=False)
    """The newest window when the watch began."""
    read: Window | None = None
    metrics: Metrics | None = None
    failures: int = 0
    trouble: Trouble | None = None

    def __post_init__(self) -> None:
        self.first = self._newest()

    def due(self) -> Window | None:
        newest = self._newest()
        return newest if newest != self.read else None

    def reading(self) -> Reading:
        return Reading(self.metrics, self.trouble or self._late())

    def _newest(self) -> Window:
        return self.monitored.newest_window(self.clients.clock.now())

    def _late(self) -> Trouble | None:
        last = self.read or self.first
        if self._newest().end - last.end <= _LATE_INTERVALS * self.monitored.interval_seconds:
            return None
        until = datetime.fromtimestamp(last.end, UTC)
        return Trouble(Reason.NO_DATA, f"CloudWatch has not been read for what came after {until:%FT%TZ}")


Batch = list[tuple[Key, _Entry]]


@dataclass(slots=True)
class _Region:
    """How often in a row a region's CloudWatch has failed, and until when it is left alone."""

    failures: int = 0
    quiet_until: float = 0.0


class MetricsBook:
    """Which endpoints are monitored, and the newest window of each. Safe to use from every thread.

    `local_clock` counts seconds, for backing off only.
    """

    def __init__(self, *, local_clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Key, _Entry] = {}
        self._regions: dict[str, _Region] = defaultdict(_Region)
        self._local_clock = local_clock

    def watch(self, key: Key, clients: AwsClients, monitored: Monitored) -> None:
        """Read this endpoint's metrics from now on; a changed request starts anew."""
        with self._lock:
            known = self._entries.get(key)
            if known is None or known.monitored != monitored or known.clients is not clients:
                self._entries[key] = _Entry(clients, monitored)

    def forget(self, key: Key) -> None:
        with self._lock:
            self._entries.pop(key, None)

    def newest(self, key: Key) -> Reading:
        entry = self._entries.get(key)
        return entry.reading() if entry else Reading()

    def tick(self) -> Iterable[Key]:
        """Read every window that is due; return the resources of which there is something new to tell."""
        with self._lock:
            entries = list(self._entries.items())
        due: dict[tuple[str, Window], Batch] = defaultdict(list)
        for key, entry in entries:
            window = entry.due()
            if window is not None:
                due[entry.clients.region, window].append((key, entry))
        return [key for (_, window), batch in due.items() for key in self._read(window, batch)]

    def _read(self, window: Window, batch: Batch) -> Iterator[Key]:
        """Read a window call by call, so that what one has brought is not asked and paid for again.

        A failure is taken for the region's. Who was not read because of it comes first next time.
        """
        clients = batch[0][1].clients
        region = self._regions[clients.region]
        if self._local_clock() < region.quiet_until:
            return
        waiting = sorted(batch, key=lambda each: each[1].failures)
        while waiting:
            call = _first_call(waiting)
            try:
                numbers = read_metrics(
                    clients, window, (q for _, entry in call for q in entry.monitored.queries)
                )
            except AwsError as error:
                self._fail(region, clients.region, error)
                yield from _unread(call, waiting, _trouble(error, region))
                return
            waiting = waiting[len(call) :]
            for key, entry in call:
                entry.metrics, entry.read = assemble(entry.monitored, window, numbers), window
                entry.failures, entry.trouble = 0, None
                yield key
        region.failures = 0

    def _fail(self, region: _Region, name: str, error: AwsError) -> None:
        region.failures += 1
        wait = doubled(_RETRY_SECONDS, region.failures, slowest=_SLOWEST_RETRY_SECONDS)
        region.quiet_until = self._local_clock() + wait
        _LOG.warning("CloudWatch could not be read in %s, next time in %.0f s: %s", name, wait, error)


def _first_call(waiting: Batch) -> Batch:
    """Take as many endpoints as one call has room for."""
    room = MAX_QUERIES
    for count, (_, entry) in enumerate(waiting):
        room -= sum(1 for _ in entry.monitored.queries)
        if room < 0:
            return waiting[: max(1, count)]
    return waiting


def _unread(call: Batch, waiting: Batch, trouble: Trouble | None) -> Iterator[Key]:
    """Note what kept a call, and so all that waited for it, from being read."""
    for _, entry in call:
        entry.failures += 1
    for key, entry in waiting:
        if trouble is not None and entry.trouble != trouble:
            entry.trouble = trouble
            yield key


def _trouble(error: AwsError, region: _Region) -> Trouble | None:
    """Say what is to be told: a failure that may pass only when it comes again."""
    failure = error.failure
    if region.failures == 1 and not failure.kind.stalls:
        return None
    message = f"CloudWatch could not be read: {failure.message}"
    return Trouble(failure.kind.reason, message, stalled=failure.kind.stalls)
