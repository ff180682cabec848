"""The metrics of all resources, read together: one batched call for each region and window."""

import logging
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sagemaker_ab.api.status import Metrics
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.metrics import read_metrics
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.metrics import Monitored, Window, assemble

_LOG = logging.getLogger(__name__)

Key = tuple[str, str]


@dataclass(slots=True)
class _Entry:
    clients: AwsClients
    monitored: Monitored
    read: Window | None = None
    metrics: Metrics | None = None

    def due(self) -> Window | None:
        newest = self.monitored.newest_window(self.clients.clock.now())
        return newest if newest != self.read else None


class MetricsBook:
    """Which endpoints are monitored, and the newest window of each. Safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Key, _Entry] = {}

    def watch(self, key: Key, clients: AwsClients, monitored: Monitored) -> None:
        """Read this endpoint's metrics from now on; a changed request starts anew."""
        with self._lock:
            known = self._entries.get(key)
            if known is None or known.monitored != monitored or known.clients is not clients:
                self._entries[key] = _Entry(clients, monitored)

    def forget(self, key: Key) -> None:
        with self._lock:
            self._entries.pop(key, None)

    def newest(self, key: Key) -> Metrics | None:
        entry = self._entries.get(key)
        return entry.metrics if entry else None

    def tick(self) -> Iterable[Key]:
        """Read every window that is due and return the resources that have a new one."""
        with self._lock:
            entries = list(self._entries.items())
        due: dict[tuple[str, Window], list[tuple[Key, _Entry]]] = defaultdict(list)
        for key, entry in entries:
            window = entry.due()
            if window is not None:
                due[entry.clients.region, window].append((key, entry))
        return [key for (_, window), batch in due.items() for key in _read(window, batch)]


def _read(window: Window, batch: list[tuple[Key, _Entry]]) -> Iterable[Key]:
    clients = batch[0][1].clients
    queries = [query for _, entry in batch for query in entry.monitored.queries]
    try:
        numbers = read_metrics(clients, window, queries)
    except AwsError as error:
        _LOG.warning("CloudWatch could not be read in %s: %s", clients.region, error)
        return
    for key, entry in batch:
        entry.metrics, entry.read = assemble(entry.monitored, window, numbers), window
        yield key
