"""AWS's clock, read from the `Date` header of its responses.

The operator measures every duration about AWS on this clock, so the node's clock may be wrong.
"""

import logging
import threading
import time
from collections import deque
from email.utils import parsedate_to_datetime
from statistics import median_low
from typing import Any

from botocore.hooks import BaseEventHooks

_LOG = logging.getLogger(__name__)

_RECENT = 3
_NORMAL_SKEW_SECONDS = 300.0
"""AWS accepts signatures that are up to five minutes old, so a larger skew is worth a warning."""


class AwsClock:
    """The median time of the most recent responses; the local time until the first response.

    A single response with a wrong date changes nothing: its neighbors outvote it, in either direction. Dates
    that cannot be parsed are ignored.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._warned = False

    def attach(self, events: BaseEventHooks) -> None:
        """Read the time from every response of the client that has these events."""
        events.register("response-received", self._listen)

    def now(self) -> float:
        """Seconds since the epoch."""
        with self._lock:
            recent = tuple(self._recent)
        return median_low(recent) if recent else time.time()

    def _listen(self, response_dict: dict[str, Any] | None, **_: Any) -> None:
        # botocore also emits the event for a connection that failed, with None for the response.
        date = (response_dict or {}).get("headers", {}).get("Date")
        try:
            received = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError, OverflowError):
            return
        with self._lock:
            self._recent.append(received)
        self._warn_of_skew(self.now() - time.time())

    def _warn_of_skew(self, seconds: float) -> None:
        if abs(seconds) > _NORMAL_SKEW_SECONDS and not self._warned:
            self._warned = True
            _LOG.warning("The clocks of AWS and of this node differ by %.0f s; AWS's is used", seconds)
