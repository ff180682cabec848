"""Reads the metrics of all resources together, in a few batched calls for each region and window."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.api.status import Metrics
from sagemaker_ab.aws.cloudwatch import MAX_QUERIES, WindowValues, read_window
from sagemaker_ab.aws.cloudwatch_problems import call_problem, query_problem
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.variant_metrics import Monitored, Reading, Window, assemble

_LOG = logging.getLogger(__name__)

_LATE_INTERVALS = 3
"""After so many windows without a reading, the last reading is reported as out of date."""


@dataclass(slots=True)
class _Entry:
    clients: AwsClients
    monitored: Monitored
    first: Window = field(init=False)
    """The newest window when monitoring began."""
    read: Window | None = None
    metrics: Metrics | None = None
    failures: int = 0
    problem: Problem | None = None
    retry_at: float = 0.0
    """When to read again after CloudWatch failed for this endpoint alone, on the local clock."""

    def __post_init__(self) -> None:
        self.first = self._newest()

    def due(self) -> Window | None:
        newest = self._newest()
        return newest if newest != self.read else None

    def reading(self) -> Reading:
        return Reading(self.metrics, self.problem or self._late())

    def _newest(self) -> Window:
        return self.monitored.newest_window(self.clients.clock.now())

    def _late(self) -> Problem | None:
        last = self.read or self.first
        if self._newest().end - last.end <= _LATE_INTERVALS * self.monitored.interval_seconds:
            return None
        until = datetime.fromtimestamp(last.end, UTC)
        return Problem(Reason.NO_DATA, f"CloudWatch has not been read for the time after {until:%FT%TZ}")


Batch = list[tuple[Key, _Entry]]


@dataclass(slots=True)
class _Region:
    """How often in a row a region's CloudWatch has failed, and when it is asked again."""

    failures: int = 0
    retry_at: float = 0.0


class MetricsMonitor:
    """Which endpoints are monitored, and the newest window of each. Safe to use from every thread.

    `backoff` returns the gap in seconds after so many failures of a region in a row. `local_clock` counts
    seconds, for backoff only.
    """

    def __init__(
        self, *, backoff: Callable[[int], float], local_clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Key, _Entry] = {}
        self._regions: dict[str, _Region] = defaultdict(_Region)
        self._backoff = backoff
        self._local_clock = local_clock

    def watch(self, key: Key, clients: AwsClients, monitored: Monitored) -> None:
        """Read this endpoint's metrics from now on; a changed request discards what was read."""
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
        """Read every window that is due; return the keys of the resources with something new to report."""
        with self._lock:
            entries = list(self._entries.items())
        due: dict[tuple[str, Window], Batch] = defaultdict(list)
        for key, entry in entries:
            window = entry.due()
            if window is not None and self._local_clock() >= entry.retry_at:
                due[entry.clients.region, window].append((key, entry))
        return [key for (_, window), batch in due.items() for key in self._read(window, batch)]

    def _read(self, window: Window, batch: Batch) -> Iterator[Key]:
        """Read a window call by call, so that what one call returned is not requested and paid for again.

        A failure counts for the whole region. The endpoints that it left unread come first next time.
        """
        clients = batch[0][1].clients
        region = self._regions[clients.region]
        if self._local_clock() < region.retry_at:
            return
        waiting = sorted(batch, key=lambda each: each[1].failures)
        while waiting:
            call = _first_call(waiting)
            try:
                answer = read_window(
                    clients, window, (q for _, entry in call for q in entry.monitored.queries)
                )
            except AwsError as error:
                self._fail(region, clients.region, error)
                yield from _unread(call, waiting, call_problem(error, failures=region.failures))
                return
            waiting = waiting[len(call) :]
            for key, entry in call:
                if self._take(entry, window, answer):
                    yield key
        region.failures = 0

    def _take(self, entry: _Entry, window: Window, answer: WindowValues) -> bool:
        """Take over what was read; return whether there is something new to report.

        If a query of the endpoint failed, its last metrics stay and it is read again with backoff.
        """
        codes = {answer.failed[query] for query in entry.monitored.queries if query in answer.failed}
        if not codes:
            entry.metrics, entry.read = assemble(entry.monitored, window, answer.values), window
            entry.failures, entry.problem = 0, None
            return True
        before, entry.problem = entry.problem, query_problem(codes)
        entry.failures += 1
        entry.retry_at = self._local_clock() + self._backoff(entry.failures)
        return entry.problem != before

    def _fail(self, region: _Region, name: str, error: AwsError) -> None:
        region.failures += 1
        gap = self._backoff(region.failures)
        region.retry_at = self._local_clock() + gap
        _LOG.warning("CloudWatch could not be read in %s, retry in %.0f s: %s", name, gap, error)


def _first_call(waiting: Batch) -> Batch:
    """Return as many endpoints as one call has room for."""
    room = MAX_QUERIES
    for count, (_, entry) in enumerate(waiting):
        room -= sum(1 for _ in entry.monitored.queries)
        if room < 0:
            return waiting[: max(1, count)]
    return waiting


def _unread(call: Batch, waiting: Batch, problem: Problem | None) -> Iterator[Key]:
    """Record why a call failed, for its endpoints and for all that waited for it."""
    for _, entry in call:
        entry.failures += 1
    for key, entry in waiting:
        if problem is not None and entry.problem != problem:
            entry.problem = problem
            yield key
