"""One call in place of many: callers that need its result while it is in flight wait for it and share it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """Runs a call at most once at a time, as Go's singleflight; it keeps no result for later callers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight: Future[Result] | None = None

    def run(self, call: Callable[[], Result]) -> Result:
        """Return or raise the result of the call in flight; if there is none, make the call."""
        with self._lock:
            in_flight = self._in_flight
            if in_flight is None:
                ours = self._in_flight = Future()
        return self._make(ours, call) if in_flight is None else in_flight.result()

    def _make(self, ours: "Future[Result]", call: Callable[[], Result]) -> Result:
        try:
            result = call()
        except BaseException as error:
            self._end()
            ours.set_exception(error)
            raise
        self._end()
        ours.set_result(result)
        return result

    def _end(self) -> None:
        """Forget the call before its result is set, so that a caller who gets the result can make another."""
        with self._lock:
            self._in_flight = None
