"""AWS's clock, read from the `Date` header of its responses.

The operator measures every duration about AWS on this clock, so the node's clock may be wrong.
"""

import logging
import math
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from statistics import median_low
from typing import Any

from botocore.hooks import BaseEventHooks

_LOG = logging.getLogger(__name__)

_RECENT = 7
"""How many responses are compared: four of them are fewer than the operator sends to read one endpoint."""
_NORMAL_SKEW_SECONDS = 300.0
"""AWS accepts signatures that are up to five minutes old, so a larger skew is worth a warning."""
_ANSWER_SECONDS = 2.0
"""How long an endpoint may take to say its time."""


def endpoint_time(url: str) -> datetime | None:
    """Return the time in the `Date` header of whatever an endpoint answers; None if there is no such time.

    The request is not signed, so that it needs no credentials.
    """
    try:
        request = urllib.request.Request(url, method="HEAD")  # noqa: S310  the URL that botocore would use
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            date = answer.headers["Date"]
    except urllib.error.HTTPError as refused:
        date = refused.headers["Date"]
    except (OSError, ValueError):
        return None
    try:
        return parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None


class AwsClock:
    """The time of the most recent responses, in whole seconds; the local time until the first response.

    Each response shows how far AWS is ahead of the local clock, and the median counts: a minority of wrong
    dates changes nothing, in either direction. Dates that cannot be parsed are ignored. Between responses,
    the time goes on with `local_clock`, which must not be adjusted.
    """

    def __init__(self, *, local_clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._ahead: deque[float] = deque(maxlen=_RECENT)
        """How many seconds AWS was ahead of the local clock at the most recent responses."""
        self._warned = False
        self.local_clock = local_clock

    def attach(self, events: BaseEventHooks) -> None:
        """Read the time from every response of the client that has these events."""
        events.register("response-received", self._listen)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.at(self.local_clock())

    def at(self, local: float) -> float:
        """Return AWS's time at a moment of the local clock, as far as the responses show by now."""
        with self._lock:
            ahead = tuple(self._ahead)
        return float(math.floor(local + median_low(ahead) if ahead else time.time()))

    def _listen(self, response_dict: dict[str, Any] | None, **_: Any) -> None:
        # botocore also emits the event for a connection that failed, with None for the response.
        date = (response_dict or {}).get("headers", {}).get("Date")
        try:
            received = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError, OverflowError):
            return
        with self._lock:
            self._ahead.append(received - self.local_clock())
        self._warn_of_skew(self.now() - time.time())

    def _warn_of_skew(self, seconds: float) -> None:
        if abs(seconds) > _NORMAL_SKEW_SECONDS and not self._warned:
            self._warned = True
            _LOG.warning("The clocks of AWS and of this node differ by %.0f s; AWS's is used", seconds)
