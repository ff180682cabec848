"""The safety monitor for all tests in which the operator works."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.aws.control import Control
from sandbox.aws.inprocess import InProcessAws
from sandbox.cluster.cluster import Cluster
from sandbox.safety.bounds import Bounds
from sandbox.safety.monitor import InProcessMonitor, RemoteMonitor, require_safe


def watched(sim: InProcessAws, cluster: Any, *, bounds: Bounds) -> InProcessMonitor:
    """Watch an operator in this process."""
    monitor = InProcessMonitor(sim, bounds=bounds)
    cluster.watchers.append(monitor.changed)
    return monitor


@contextmanager
def watched_processes(
    aws: Control, cluster: Cluster, namespace: str, *, bounds: Bounds, access_key: str
) -> Iterator[RemoteMonitor]:
    """Watch operators in a namespace, and fail in the end if they broke a rule."""
    monitor = RemoteMonitor(aws, cluster, bounds=bounds, access_key=access_key, namespace=namespace)
    try:
        yield monitor
    finally:
        judge = monitor.close()
    require_safe(judge)
