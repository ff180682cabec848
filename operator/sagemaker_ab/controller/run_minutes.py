"""Reads the minutes of all runs together, in a few batched calls for each region.

An operator has one identity, so a region is one account and region.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sagemaker_ab.aws.cloudwatch import MinuteValues
from sagemaker_ab.aws.cloudwatch_problems import call_problem, query_problem
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.run_minutes import FailedCall, read_until_failure
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.run_data import ReadMinutes, RunData, RunMinutes, assess
from sagemaker_ab.planning.run_minutes import (
    MinuteRange,
    RunQueries,
    counts_by_minute,
    first_open,
    newest_complete,
    range_to_read,
)

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _WatchedRun:
    """A run of one endpoint, and what was read of it."""

    clients: AwsClients
    queries: RunQueries
    first: int
    """The first minute that the run needs."""
    serving: frozenset[str]
    """The variants of which requests are expected, because they have a share."""
    read: ReadMinutes = field(init=False)
    """What was read. It is replaced, never changed."""
    answered: bool = False
    """Whether a read has succeeded, or has failed for a reason that is reported."""
    failures: int = 0
    problem: Problem | None = None
    retry_at: float = 0.0
    """When to read again after CloudWatch failed for this endpoint alone, on the local clock."""
    reported: tuple[object, ...] = ()
    """What the key was last enqueued for."""

    def __post_init__(self) -> None:
        self.read = ReadMinutes(counts={}, until=self.first - 1)

    def due(self, now: float) -> MinuteRange | None:
        """Return the minutes to read. Minutes that were read and can no longer change are not due."""
        minutes = range_to_read(self.first, now)
        if minutes is None or (minutes.last <= self.read.until and self._is_final(minutes.last, now)):
            return None
        return minutes

    def _is_final(self, minute: int, now: float) -> bool:
        return minute < first_open(newest_complete(now))

    def data(self) -> RunData:
        return assess(
            self.queries,
            self.read,
            serving=self.serving,
            problem=self.problem,
            now=self.clients.clock.now(),
        )

    def answered_in(self, answers: MinuteValues) -> bool:
        """Return whether each of the run's queries was answered, if only with a failure."""
        return all(query in answers.values or query in answers.failed for query in self.queries)


@dataclass(frozen=True, slots=True)
class _DueRun:
    """A run that is read in this tick, and which minutes of it."""

    key: Key
    run: _WatchedRun
    minutes: MinuteRange


@dataclass(slots=True)
class _Region:
    """How often in a row a region's CloudWatch has failed, and when it is asked again."""

    reading: threading.Lock = field(default_factory=threading.Lock)
    failures: int = 0
    retry_at: float = 0.0
    """When to read again after a failure, on the local clock."""
    logged: str = ""
    """The code of the failure that the log has already."""


class RunMinutesMonitor:
    """The minutes of each run that is watched. Safe to use from every thread.

    A region's runs share calls: one for each 500 metrics, if none of the runs has a gap to read. `backoff`
    returns the gap in seconds after so many failures of a region in a row. `local_clock` counts seconds, for
    backoff only.
    """

    def __init__(
        self, *, backoff: Callable[[int], float], local_clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lock = threading.Lock()
        self._runs: dict[Key, _WatchedRun] = {}
        self._regions: dict[str, _Region] = defaultdict(_Region)
        self._backoff = backoff
        self._local_clock = local_clock

    def watch(
        self, key: Key, clients: AwsClients, queries: RunQueries, *, first: int, serving: frozenset[str]
    ) -> None:
        """Read the minutes of a run from `first` on, and drop those before it.

        Call it in each reconcile with the first minute that the run still needs, and with the variants that
        have a share. Other queries, or an earlier minute than before, discard what was read.
        """
        with self._lock:
            known = self._runs.get(key)
            if (
                known is None
                or known.queries != queries
                or known.clients is not clients
                or first < known.first
            ):
                self._runs[key] = _WatchedRun(clients, queries, first, serving)
                return
            known.serving = serving
            if first > known.first:
                known.first, known.read = first, known.read.since(first)

    def forget(self, key: Key) -> None:
        with self._lock:
            self._runs.pop(key, None)

    def newest(self, key: Key) -> RunMinutes | None:
        """Return what was read since the first minute; None until CloudWatch has answered.

        The counts stay until `watch` is called with a later minute. A reconcile that could not save its
        result gets them again.
        """
        with self._lock:
            run = self._runs.get(key)
            if run is None or not run.answered:
                return None
            first, read = run.first, run.read
        return RunMinutes(counts=read.counts, first=first, until=read.until, data=run.data())

    def regions(self) -> Collection[str]:
        """Return the regions that have runs."""
        with self._lock:
            return {run.clients.region for run in self._runs.values()}

    def tick(self, region: str) -> Collection[Key]:
        """Read what is due in a region; return the keys of the resources with something new.

        That is a minute with new or revised counts, or another state of the data. While another tick of the
        region is running, nothing is read.
        """
        with self._lock:
            state = self._regions[region]
        if not state.reading.acquire(blocking=False):
            return ()
        try:
            return self._read(region, state) | self._with_other_data(region)
        finally:
            state.reading.release()

    def _read(self, name: str, region: _Region) -> set[Key]:
        """Read what is due call by call; return the keys of the resources whose counts changed.

        Runs that are read up to the same minute share calls. A failure counts for the whole region. The runs
        of the call that failed come last next time.
        """
        if self._local_clock() < region.retry_at:
            return set()
        changed: set[Key] = set()
        waiting = self._due(name)
        while waiting:
            last = max(due.minutes.last for due in waiting)
            batch = [due for due in waiting if due.minutes.last == last]
            answers, failed_call = _read_batch(batch)
            changed.update(due.key for due in batch if self._take(due, answers))
            if failed_call is not None:
                self._fail(name, region, failed_call.error)
                self._leave_unread(waiting, answers, failed_call, failures=region.failures)
                return changed
            waiting = [due for due in waiting if due.minutes.last != last]
            self._succeed(name, region)
        return changed

    def _due(self, region: str) -> list[_DueRun]:
        with self._lock:
            runs = [(key, each) for key, each in self._runs.items() if each.clients.region == region]
        due = []
        for key, run in runs:
            minutes = run.due(run.clients.clock.now())
            if minutes is not None and self._local_clock() >= run.retry_at:
                due.append(_DueRun(key, run, minutes))
        return sorted(due, key=lambda each: each.run.failures)

    def _take(self, due: _DueRun, answers: MinuteValues) -> bool:
        """Take over what was read of a run; return whether its counts changed.

        If a query of the run failed, nothing is taken over, and all its minutes are read again with backoff.
        """
        run = due.run
        if not run.answered_in(answers):
            return False
        codes = {answers.failed[query] for query in run.queries if query in answers.failed}
        counts = {} if codes else counts_by_minute(run.queries, due.minutes, answers.values)
        with self._lock:
            run.answered = True
            if codes:
                run.failures += 1
                run.problem = query_problem(codes)
                run.retry_at = self._local_clock() + self._backoff(run.failures)
                return False
            before = run.read
            run.read = before.merged(run.queries, counts, until=due.minutes.last).since(run.first)
            run.failures, run.problem = 0, None
            return run.read.counts != before.counts

    def _leave_unread(
        self, waiting: Iterable[_DueRun], answers: MinuteValues, failed: FailedCall, *, failures: int
    ) -> None:
        """Record why a call failed, for its runs and for all that waited for it."""
        problem = call_problem(failed.error, failures=failures)
        for due in waiting:
            if due.run.answered_in(answers):
                continue
            due.run.failures += any(query in failed.queries for query in due.run.queries)
            if problem is not None:
                due.run.problem, due.run.answered = problem, True

    def _with_other_data(self, region: str) -> set[Key]:
        """Return the keys of the runs whose data is in another state than when they were last enqueued."""
        with self._lock:
            runs = [(key, each) for key, each in self._runs.items() if each.clients.region == region]
        changed = set()
        for key, run in runs:
            data = run.data()
            state = (data.availability, data.missing, data.problem)
            if run.answered and state != run.reported:
                run.reported = state
                changed.add(key)
        return changed

    def _succeed(self, name: str, region: _Region) -> None:
        if region.logged:
            _LOG.info("The minutes of runs can be read again in %s", name)
        region.failures, region.retry_at, region.logged = 0, 0.0, ""

    def _fail(self, name: str, region: _Region, error: AwsError) -> None:
        """Back off. The log gets each kind of failure once: it may last."""
        region.failures += 1
        region.retry_at = self._local_clock() + self._backoff(region.failures)
        if region.logged != error.failure.code:
            region.logged = error.failure.code
            _LOG.warning(
                "The minutes of runs cannot be read in %s; no run advances, and the operator retries: %s",
                name,
                error,
            )


def _read_batch(batch: Sequence[_DueRun]) -> tuple[MinuteValues, FailedCall | None]:
    """Read the runs up to their common last minute."""
    minutes = MinuteRange(min(due.minutes.first for due in batch), batch[0].minutes.last)
    queries = [query for due in batch for query in due.run.queries]
    return read_until_failure(batch[0].run.clients, minutes, queries)
