"""AWS's clock, read from the `Date` header of its responses.

The operator measures every duration about AWS on this clock, so the node's clock may be wrong.
"""

import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.hooks import BaseEventHooks


class AwsClock:
    """The newest time in any response; the local time until the first response."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: float | None = None

    def attach(self, events: BaseEventHooks) -> None:
        """Read the time from every response of the client that has these events."""
        events.register("response-received", self._listen)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._newest if self._newest is not None else time.time()

    def _listen(self, response_dict: dict[str, Any] | None, **_: Any) -> None:
        # botocore also emits the event for a connection that failed, with None for the response.
        date = (response_dict or {}).get("headers", {}).get("Date")
        if date is None:
            return
        received = parsedate_to_datetime(date).timestamp()
        with self._lock:
            if self._newest is None or received > self._newest:
                self._newest = received
