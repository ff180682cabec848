"""AWS's own clock, from the `Date` header of its answers.

Every duration about AWS is a difference of these times, so a node whose clock is off decides nothing wrongly.
"""

import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.hooks import BaseEventHooks


class AwsClock:
    """The newest time that any answer carried; until the first one, the local time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: float | None = None

    def attach(self, events: BaseEventHooks) -> None:
        """Listen to every answer of the client whose events these are."""
        events.register("response-received", self._listen)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._newest if self._newest is not None else time.time()

    def _listen(self, response_dict: dict[str, Any] | None, **_: Any) -> None:
        """Learn the time from an answer; botocore tells of a connection that failed too, with None."""
        date = (response_dict or {}).get("headers", {}).get("Date")
        if date is None:
            return
        told = parsedate_to_datetime(date).timestamp()
        with self._lock:
            if self._newest is None or told > self._newest:
                self._newest = told
