"""Records by name, with enough of their past to answer a stale read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from sandbox.aws.clock import VirtualClock

V = TypeVar("V")

HORIZON_SECONDS = 30.0
"""How far back a table remembers: longer than the oldest answer that anything may serve."""


class Table(Generic[V]):
    """Immutable records by key. Changing one means putting another in its place.

    ``get`` and ``all`` take the virtual time to look at; without it they look at the present.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._present: dict[str, V] = {}
        self._past: dict[str, list[tuple[float, V | None]]] = {}

    def put(self, key: str, value: V) -> None:
        self._present[key] = value
        self._remember(key, value)

    def drop(self, key: str) -> None:
        """Remove a record; one that is not there stays not there."""
        if self._present.pop(key, None) is not None:
            self._remember(key, None)

    def get(self, key: str, at: float | None = None) -> V | None:
        """Return the record as it was at a time, or None."""
        if at is None or at >= self._clock.now():
            return self._present.get(key)
        return self._as_of(key, at)

    def all(self, at: float | None = None) -> list[V]:
        """Return every record as it was at a time, oldest key first."""
        if at is None or at >= self._clock.now():
            return list(self._present.values())
        self._forget()
        found = (self._as_of(key, at) for key in self._past)
        return [value for value in found if value is not None]

    def _as_of(self, key: str, at: float) -> V | None:
        past = self._past.get(key, [])
        return next((value for when, value in reversed(past) if when <= at), None)

    def _remember(self, key: str, value: V | None) -> None:
        now = self._clock.now()
        past = self._past.setdefault(key, [])
        if past and past[-1][0] == now:
            past.pop()
        past.append((now, value))
        while len(past) > 1 and past[1][0] <= now - HORIZON_SECONDS:
            past.pop(0)

    def _forget(self) -> None:
        limit = self._clock.now() - HORIZON_SECONDS
        gone = [key for key, past in self._past.items() if past[-1][1] is None and past[-1][0] <= limit]
        for key in gone:
            del self._past[key]
