"""How long something takes, on a machine that may be busy with other things as well."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Work:
    """For how many seconds a process of one thread had a core, and was ready to run without one."""

    ran: float
    waited: float

    @classmethod
    def of(cls, pid: int) -> Work:
        """Return the work of a process so far: https://docs.kernel.org/scheduler/sched-stats.html."""
        with open(f"/proc/{pid}/schedstat") as file:  # noqa: PTH123 - no file of ours
            ran, waited, _ = (int(number) / 1e9 for number in file.read().split())
        return cls(ran, waited)

    def since(self, earlier: Work) -> Work:
        return Work(self.ran - earlier.ran, self.waited - earlier.waited)


@dataclass(frozen=True, slots=True)
class Taken:
    """How many seconds something took by the clock, and about how many it takes with the cores to itself."""

    clock: float
    alone: float

    @classmethod
    def of(cls, clock: float, works: Sequence[Work]) -> Taken:
        """Take the waits for a core off the clock, yet not below what was run: waits may overlap."""
        left = clock - sum(work.waited for work in works)
        return cls(clock, max(left, sum(work.ran for work in works)))


def timed(pid: int, act: Callable[[], object]) -> Taken:
    """Do something in which this process and another, or this one alone, take turns."""
    both = sorted({pid, os.getpid()})
    began, before = time.monotonic(), [Work.of(one) for one in both]
    act()
    clock = time.monotonic() - began
    return Taken.of(clock, [Work.of(one).since(work) for one, work in zip(both, before, strict=True)])
