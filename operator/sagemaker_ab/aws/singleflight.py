"""One call in place of many: whoever wants its outcome while it is under way waits for it and shares it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Outcome = TypeVar("Outcome")


class Flight(Generic[Outcome]):
    """Runs a call at most once at a time, and keeps nothing of it: who comes later makes it anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: Future[Outcome] | None = None

    def join(self, call: Callable[[], Outcome]) -> Outcome:
        """Return or raise what the call under way comes to; if there is none, make it."""
        with self._lock:
            under_way = self._under_way
            if under_way is None:
                mine = self._under_way = Future()
        return self._make(mine, call) if under_way is None else under_way.result()

    def _make(self, mine: "Future[Outcome]", call: Callable[[], Outcome]) -> Outcome:
        try:
            outcome = call()
        except BaseException as error:
            self._end()
            mine.set_exception(error)
            raise
        self._end()
        mine.set_result(outcome)
        return outcome

    def _end(self) -> None:
        """Before anybody is told: who asks again once told must not join what is over."""
        with self._lock:
            self._under_way = None
