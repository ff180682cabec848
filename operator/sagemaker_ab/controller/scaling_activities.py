"""Reads the scaling activities of all resources together, with one DescribeScalingActivities for each region.

An operator has one identity, so a region is one account and region.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sagemaker_ab.api.scaling_status import ScalingActivity
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.scaling_activities import ReadActivities, read_scaling_activities
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.kube.keys import Key
from sagemaker_ab.planning.commands import scalable_resource_id
from sagemaker_ab.planning.scaling_activities import Activity, fold_activities, in_progress

_LOG = logging.getLogger(__name__)

_FIRST_READ_SECONDS = 3600.0
"""How far back an endpoint is read for the first time. Older activities are in status already, or are not
repeated any more.
"""
_LONGEST_ACTIVITY_SECONDS = 24 * 3600.0
"""How long an activity in progress is followed."""
_OVERLAP_SECONDS = 60.0
"""AWS may show an activity late."""


@dataclass(slots=True)
class _Entry:
    clients: AwsClients
    endpoint_name: str
    newest: Mapping[str, ScalingActivity | None]
    """The newest activity of each autoscaled variant. It is replaced, never changed."""
    read: bool = False


@dataclass(slots=True)
class _Region:
    """When a region was last read, on AWS's clock, and how often in a row the read has failed."""

    read_at: float | None = None
    failures: int = 0
    retry_at: float = 0.0
    """When to read again after a failure, on the local clock."""
    logged: str = ""
    """The code of the failure that the log has already."""
    complete: bool = True


class ScalingActivitiesMonitor:
    """The newest scaling activity of each autoscaled variant. Safe to use from every thread.

    A region is read every `interval_seconds` on AWS's clock, and only while a resource there autoscales.
    `backoff` returns the gap in seconds after so many failures of a region in a row. `local_clock` counts
    seconds, for backoff only.
    """

    def __init__(
        self,
        *,
        interval_seconds: float,
        backoff: Callable[[int], float],
        local_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Key, _Entry] = {}
        self._regions: dict[str, _Region] = defaultdict(_Region)
        self._interval_seconds = interval_seconds
        self._backoff = backoff
        self._local_clock = local_clock

    def watch(
        self,
        key: Key,
        clients: AwsClients,
        endpoint_name: str,
        variants: Mapping[str, ScalingActivity | None],
    ) -> None:
        """Read the activities of these variants from now on.

        `variants` are the autoscaled variants, each with its last activity in status. What status has counts
        only until something is known here. A resource without any is forgotten.
        """
        with self._lock:
            known = self._entries.get(key)
            if not variants:
                self._entries.pop(key, None)
            elif known is None or known.clients is not clients or known.endpoint_name != endpoint_name:
                self._entries[key] = _Entry(clients, endpoint_name, dict(variants))
            elif known.newest.keys() != variants.keys():
                known.newest = {name: known.newest.get(name, last) for name, last in variants.items()}

    def forget(self, key: Key) -> None:
        with self._lock:
            self._entries.pop(key, None)

    def newest(self, key: Key) -> Mapping[str, ScalingActivity]:
        """Return the newest activity of each variant of which one is known."""
        entry = self._entries.get(key)
        newest = entry.newest.items() if entry else ()
        return {name: activity for name, activity in newest if activity is not None}

    def tick(self) -> Iterable[Key]:
        """Read every region that is due; return the keys of the resources with something new to report."""
        with self._lock:
            regions = {entry.clients.region: entry.clients for entry in self._entries.values()}
        return [key for clients in regions.values() for key in self._read(clients)]

    def _read(self, clients: AwsClients) -> list[Key]:
        region = self._regions[clients.region]
        now = clients.clock.now()
        if self._local_clock() < region.retry_at:
            return []
        if region.read_at is not None and now - region.read_at < self._interval_seconds:
            return []
        try:
            read = read_scaling_activities(clients, not_before=self._not_before(clients.region, region, now))
        except AwsError as error:
            self._fail(region, clients.region, error)
            return []
        self._succeed(region, clients.region, read, now)
        return self._take(clients.region, read.activities)

    def _not_before(self, name: str, region: _Region, now: float) -> float:
        """Return how far back to read: to the last read, and to the start of what was in progress then."""
        with self._lock:
            entries = [entry for entry in self._entries.values() if entry.clients.region == name]
        first = region.read_at is None or not all(entry.read for entry in entries)
        begin = min(region.read_at or now, now - _FIRST_READ_SECONDS if first else now) - _OVERLAP_SECONDS
        unfinished = [
            activity.since.timestamp()
            for entry in entries
            for activity in entry.newest.values()
            if activity is not None and in_progress(activity)
        ]
        return min(begin, max(min(unfinished, default=now), now - _LONGEST_ACTIVITY_SECONDS))

    def _take(self, name: str, activities: Sequence[Activity]) -> list[Key]:
        """Take over what was read; return the keys of the resources whose newest activities differ now."""
        by_resource: dict[str, list[Activity]] = defaultdict(list)
        for activity in activities:
            by_resource[activity.resource_id].append(activity)
        changed = []
        with self._lock:
            for key, entry in self._entries.items():
                if entry.clients.region != name:
                    continue
                newest = {
                    variant: fold_activities(
                        last, by_resource.get(scalable_resource_id(entry.endpoint_name, variant), ())
                    )
                    for variant, last in entry.newest.items()
                }
                if newest != entry.newest:
                    changed.append(key)
                entry.newest, entry.read = newest, True
        return changed

    def _succeed(self, region: _Region, name: str, read: ReadActivities, now: float) -> None:
        if region.logged:
            _LOG.info("Scaling activities can be read again in %s", name)
        if region.complete and not read.complete:
            _LOG.warning(
                "%s has more scaling activities than the operator reads at a time: it read the newest %d, and"
                " a variant without any among them keeps its last one",
                name,
                len(read.activities),
            )
        region.read_at, region.complete = now, read.complete
        region.failures, region.retry_at, region.logged = 0, 0.0, ""

    def _fail(self, region: _Region, name: str, error: AwsError) -> None:
        """Back off. The log gets each kind of failure once: it may last."""
        region.failures += 1
        region.retry_at = self._local_clock() + self._backoff(region.failures)
        if region.logged != error.failure.code:
            region.logged = error.failure.code
            _LOG.warning(
                "Scaling activities cannot be read in %s; status keeps the last ones, and the operator"
                " retries: %s",
                name,
                error,
            )
