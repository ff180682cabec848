"""Whose pass is next: changes go before the rest, and no region takes every worker.

A region that does not answer holds each of its passes for as long as its calls take to time out.
"""

from collections import Counter, defaultdict

from sagemaker_ab.controller.monitoring import Key

_Line = defaultdict[str, dict[Key, None]]
"""Who waits, by region, first come first served."""


class Turns:
    """Keys that wait and keys that run, at most `workers` of these; one region has three quarters of them."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._share = max(1, workers - workers // 4)
        self._urgent: _Line = defaultdict(dict)
        self._routine: _Line = defaultdict(dict)
        self._places: dict[Key, tuple[_Line, str]] = {}
        self._running: dict[Key, str] = {}
        self._load: Counter[str] = Counter()

    def wait(self, key: Key, region: str, *, urgent: bool) -> None:
        """Queue up; who does already may only come forward."""
        if key in self._places:
            if not urgent:
                return
            self._leave(key)
        line = self._urgent if urgent else self._routine
        line[region][key] = None
        self._places[key] = line, region

    def take(self) -> Key | None:
        """Let the next one run, of the region that has the fewest running; None when nobody may now."""
        if len(self._running) >= self._workers:
            return None
        for line in (self._urgent, self._routine):
            regions = [region for region, keys in line.items() if keys and self._load[region] < self._share]
            if regions:
                region = min(regions, key=self._load.__getitem__)
                key = next(iter(line[region]))
                self._leave(key)
                self._running[key] = region
                self._load[region] += 1
                return key
        return None

    def give_back(self, key: Key) -> None:
        """Say that a pass has ended."""
        self._load[self._running.pop(key)] -= 1

    def runs(self, key: Key) -> bool:
        return key in self._running

    def _leave(self, key: Key) -> None:
        line, region = self._places.pop(key)
        del line[region][key]
