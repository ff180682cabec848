"""How long the operator may take, and how late the monitor may hear of things."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Seconds; the defaults suit an operator with its default settings on the simulation's own clock.

    Those of AWS's clock are called so; the others are of the clock on the operator's machine.
    """

    aws_read_age: float = 60.0
    """S4: how old, on AWS's clock, the read may be that a deletion rests on."""
    aws_release: float = 60.0
    """S3: how soon, on AWS's clock, an UpdateEndpoint follows what was released for it."""
    aws_restore: float = 180.0
    """S3: how soon, on AWS's clock, what was released is restored once the endpoint is seen InService."""
    aws_idle: float = 420.0
    """S5: how long, on AWS's clock, an adjustment may be left unsent that nothing holds.

    It is longer than the 300 s after which an update that left no sign counts as rolled back, and a resync.
    """
    aws_silence: float = 75.0
    """So much of a time without any call, on AWS's clock, counts as the operator's own: a process that is
    dead or stopped by a test is not idle. It is longer than a resync interval."""
    reconcile: float = 0.0
    """How long before a call the reconcile that sent it may have read the resource, unless a status has
    reported a newer generation since. In one process nothing changes within a reconcile."""
    lag: float = 0.0
    """How much later than it happened the monitor may hear of a change in Kubernetes."""
    transient_first: float = 5.0
    """S9: the first wait after a transient refusal; it doubles."""
    transient_last: float = 60.0
    refused_first: float = 60.0
    """S9: the first wait after any other refusal; it doubles."""
    refused_last: float = 3600.0
    jitter: float = 0.2
    """S9: the part by which the operator spreads its waits."""

    def backoff(self, refusals: int, *, transient: bool) -> float:
        """Return the shortest legal wait after so many refusals in a row."""
        first, last = (
            (self.transient_first, self.transient_last)
            if transient
            else (self.refused_first, self.refused_last)
        )
        return float(min(first * 2 ** (refusals - 1), last) * (1 - self.jitter))

    def longest_backoff(self, refusals: int) -> float:
        """Return the longest that the operator may wait after so many refusals, of whatever kind."""
        shortest = self.backoff(refusals, transient=False)
        return shortest * (1 + self.jitter) / (1 - self.jitter)

    @classmethod
    def of_processes(
        cls, *, speed: float, retry: float = 5.0, refused_retry: float = 60.0, resync: float = 60.0
    ) -> Self:
        """Return the bounds for an operator in a process of its own.

        ``speed`` is the fastest that AWS's clock runs, so that a moment on the machine is long in AWS; the
        intervals are the operator's settings.
        """
        default = cls()
        return replace(
            default,
            aws_read_age=default.aws_read_age + 0.5 * speed,
            aws_release=default.aws_release + 2 * speed,
            aws_restore=default.aws_restore + 2 * speed,
            aws_idle=default.aws_idle + 5 * speed,
            aws_silence=max(default.aws_silence, 1.25 * resync * speed),
            reconcile=2.0,
            lag=1.0,
            transient_first=retry,
            transient_last=12 * retry,
            refused_first=refused_retry,
            refused_last=60 * refused_retry,
        )
