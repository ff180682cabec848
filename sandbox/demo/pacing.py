"""A fast clock that waits for the operator: hours pass in seconds, and it misses no minute of them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.aws.control import Control
from sandbox.demo.simulation import OPERATOR_KEY

STEP_SECONDS = 360
"""So far the clock goes at a time. A run holds when its data is older than fifteen minutes."""
_PATIENCE_SECONDS = 3.0
"""So long it waits for a read that may not come: a run that has ended, or just begun, reads no minutes."""
_IDLE_SECONDS = 0.05
"""So long the operator must have called CloudWatch only: within a reconcile, the clock must not jump."""
_POLL_SECONDS = 0.01
_MINUTE = 60
_DELAY_SECONDS = 180
"""A minute is complete so long after its end."""


@contextmanager
def operators_pace(control: Control) -> Iterator[None]:
    """Let AWS's clock go on each time that the operator has acted on the minutes that CloudWatch shows."""
    end = threading.Event()
    pacemaker = threading.Thread(target=_go_on, args=(control, end), daemon=True)
    pacemaker.start()
    try:
        yield
    finally:
        end.set()
        pacemaker.join()


def _go_on(control: Control, end: threading.Event) -> None:
    newest = max((call["n"] for call in control.calls()), default=0)
    while not end.is_set():
        now = control.advance(STEP_SECONDS)
        newest = _wait_until_acted(control, newest, end, until=newest_complete_end(now))


def newest_complete_end(now: float) -> float:
    """Return the end of the newest minute that CloudWatch shows completely."""
    return (now - _DELAY_SECONDS) // _MINUTE * _MINUTE


def _wait_until_acted(control: Control, newest: int, end: threading.Event, *, until: float) -> int:
    """Wait until the operator has read the minutes of a run up to a time, has reconciled, and is idle.

    `newest` is the number of the newest call before; return that of the newest call by now.
    """
    began = quiet_since = time.monotonic()
    read = reconciled = False
    while not end.wait(_POLL_SECONDS):
        now = time.monotonic()
        for call in control.calls(newest):
            newest = call["n"]
            if call["access_key"] != OPERATOR_KEY:
                continue
            if call["operation"] == "GetMetricData":
                read = read or _reads_minutes(call["params"], until)
                continue
            quiet_since = now
            reconciled = reconciled or (read and call["operation"] == "DescribeEndpoint")
        if (reconciled or now - began > _PATIENCE_SECONDS) and now - quiet_since > _IDLE_SECONDS:
            break
    return newest


def _reads_minutes(params: dict[str, Any], until: float) -> bool:
    periods = {query.get("MetricStat", {}).get("Period") for query in params["MetricDataQueries"]}
    return periods == {_MINUTE} and params["EndTime"] >= until
