"""A simulated AWS whose clock moves on only after the operator has followed.

Between two steps of the clock the operator has read the minutes of runs and every endpoint, and has nothing
more to do. How busy the machine is thus changes no time on AWS's clock, and that time goes by as fast as the
operator works. The operator must do one reconcile at a time.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.operator_process import ACCESS_KEY
from tests.e2e.simulated_aws import SimulatedAws, simulated_aws

STEP_SECONDS = 60.0
"""The interval in which an operator reads the minutes of runs, and compares endpoints with AWS."""
_PENDING = "pending"
_MOST_READS = 6
_WITHIN = 300.0
_EVERY = 0.01

Call = dict[str, Any]
Meanwhile = Callable[[], bool]
"""Is called while the operator follows. Returns whether it has started another operator."""


class PacedAws:
    """The clock of a simulated AWS, and what the operator has called since the start."""

    def __init__(self, aws: SimulatedAws, eventually: Callable[..., Any]) -> None:
        self.sim = aws
        self.writes: list[Call] = []
        """The writes whose outcome is known, the oldest first."""
        self._eventually = eventually
        self._read = 0
        self._reads: list[str] = []
        """What the operator has read since the last step: the minutes of a region, or an endpoint."""
        self._written = 0
        """After how many of these reads the operator has written something."""

    @property
    def now(self) -> float:
        return self.sim.now()

    def step(self, endpoints: Collection[str], *, regions: Collection[str], meanwhile: Meanwhile) -> None:
        """Let time go by, and the operator follow."""
        self.sim.advance(STEP_SECONDS)
        self.follow(endpoints, regions=regions, meanwhile=meanwhile)

    def follow(self, endpoints: Collection[str], *, regions: Collection[str], meanwhile: Meanwhile) -> None:
        """Wait until the minutes of runs in these regions were read, and nothing is left to do.

        If their runs have just ended, the minutes are not read. The endpoints are then read again and again.
        """
        since = max((call["n"] for call in self.sim.calls(self._read)), default=self._read)
        self._forget_reads()

        def followed() -> bool:
            if meanwhile():
                self._forget_reads()
            self._take_calls(since)
            idle = self._reads[max(self._written, self._minutes_known(regions)) : -1]
            later = self._reads[self._written :]
            return set(endpoints) <= set(idle) or all(later.count(name) > _MOST_READS for name in endpoints)

        self._eventually(followed, within=_WITHIN, every=_EVERY)

    def _forget_reads(self) -> None:
        self._reads, self._written = [], 0

    def _minutes_known(self, regions: Collection[str]) -> int:
        """Return after how many reads the minutes of all regions are known.

        They are when those of the region are read again. A reconcile begins with a read of its endpoint, and
        has ended when another one begins.
        """
        places = [[at for at, name in enumerate(self._reads) if name == region] for region in regions]
        return max((found[1] if len(found) > 1 else len(self._reads) for found in places), default=0)

    def _take_calls(self, since: int) -> None:
        """Read the log up to the first call that has not ended."""
        for call in self.sim.calls(self._read):
            if call["outcome"] == _PENDING:
                break
            self._read = call["n"]
            if call["access_key"] != ACCESS_KEY:
                continue
            if call["write"]:
                self.writes.append(call)
                self._written = len(self._reads)
            elif call["n"] > since and call["operation"] == "DescribeEndpoint":
                self._reads.append(call["resource"])
            elif call["n"] > since and call["operation"] == "GetMetricData":
                self._reads.append(call["region"])


@contextmanager
def paced_aws(eventually: Callable[..., Any]) -> Iterator[PacedAws]:
    """Serve a fresh AWS whose clock stands still, without stale reads and lost answers."""
    with simulated_aws(eventually, speed=0.0) as aws:
        yield PacedAws(aws, eventually)
