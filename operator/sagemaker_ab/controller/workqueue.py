"""Orders the keys that wait for a reconcile: urgent keys first, and no region takes every worker.

A region that does not respond occupies a worker until its calls time out.
"""

from collections import Counter, defaultdict

from sagemaker_ab.kube.keys import Key

_Line = defaultdict[str, dict[Key, None]]
"""The keys that wait, by region, first in first out."""


class WorkQueue:
    """Keys that wait and keys that are being processed, with the contract of client-go's workqueue.

    At most `workers` keys are processed at a time, at most three quarters of them in one region.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._most_per_region = workers - workers // 4
        self._urgent: _Line = defaultdict(dict)
        self._routine: _Line = defaultdict(dict)
        self._lines: dict[Key, tuple[_Line, str]] = {}
        self._processing: dict[Key, str] = {}
        self._load: Counter[str] = Counter()

    def add(self, key: Key, region: str, *, urgent: bool) -> None:
        """Enqueue. A key that is already queued can only be promoted to urgent."""
        if key in self._lines:
            if not urgent:
                return
            self._remove(key)
        line = self._urgent if urgent else self._routine
        line[region][key] = None
        self._lines[key] = line, region

    def get(self) -> Key | None:
        """Return the next key, from the region with the fewest in process; None if there is none."""
        if len(self._processing) >= self._workers:
            return None
        for line in (self._urgent, self._routine):
            regions = [
                region for region, keys in line.items() if keys and self._load[region] < self._most_per_region
            ]
            if regions:
                region = min(regions, key=self._load.__getitem__)
                key = next(iter(line[region]))
                self._remove(key)
                # Regions with equal loads take turns, or a busy region would starve another one.
                line[region] = line.pop(region)
                self._processing[key] = region
                self._load[region] += 1
                return key
        return None

    def done(self, key: Key) -> None:
        """Mark a key as processed."""
        self._load[self._processing.pop(key)] -= 1

    def processing(self, key: Key) -> bool:
        return key in self._processing

    def _remove(self, key: Key) -> None:
        line, region = self._lines.pop(key)
        del line[region][key]
