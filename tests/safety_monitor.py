"""The safety monitor for tests that let the operator work, while SAFETY_MONITOR=on."""

import os
from typing import Any

from sandbox.aws.inprocess import InProcessAws
from sandbox.safety.bounds import Bounds
from sandbox.safety.monitor import InProcessMonitor

WATCHING = os.environ.get("SAFETY_MONITOR") == "on"


def watched(sim: InProcessAws, cluster: Any) -> InProcessMonitor | None:
    """Watch an operator in this process; None while the monitor is switched off."""
    if not WATCHING:
        return None
    monitor = InProcessMonitor(sim, bounds=Bounds())
    cluster.watchers.append(monitor.changed)
    return monitor
