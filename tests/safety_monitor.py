"""The safety monitor for tests that let the operator work, while SAFETY_MONITOR=on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.aws.control import Control
from sandbox.aws.inprocess import InProcessAws
from sandbox.cluster.cluster import Cluster
from sandbox.safety.bounds import Bounds
from sandbox.safety.monitor import InProcessMonitor, RemoteMonitor, require_safe

WATCHING = os.environ.get("SAFETY_MONITOR") == "on"


def watched(sim: InProcessAws, cluster: Any) -> InProcessMonitor | None:
    """Watch an operator in this process; None while the monitor is switched off."""
    if not WATCHING:
        return None
    monitor = InProcessMonitor(sim, bounds=Bounds())
    cluster.watchers.append(monitor.changed)
    return monitor


@contextmanager
def watched_processes(
    aws: Control, cluster: Cluster, namespace: str, *, bounds: Bounds, access_key: str
) -> Iterator[RemoteMonitor | None]:
    """Watch operators in a namespace, and fail in the end if they broke a rule; None while switched off."""
    if not WATCHING:
        yield None
        return
    monitor = RemoteMonitor(aws, cluster, bounds=bounds, access_key=access_key, namespace=namespace)
    try:
        yield monitor
    finally:
        judge = monitor.close()
    require_safe(judge)
