"""What is known of a run's data: whether it is recent, and if not, why."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.run_minutes import CountsByMinute, RunQueries, first_open
from sagemaker_ab.planning.variant_metrics import COUNTS_FIELDS, INVOCATIONS, Query
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES


class Availability(StrEnum):
    """Whether a run may act on its data. It may only while the data is Fresh."""

    FRESH = "Fresh"
    """Every metric that is expected has a datapoint among the newest fifteen minutes."""
    NO_TRAFFIC = "NoTraffic"
    """CloudWatch answers, and shows no invocation of any variant in the newest fifteen minutes."""
    ABSENT = "Absent"
    """A metric was never seen although there were requests that it should show."""
    STALE = "Stale"
    """The newest minute that was read, or a metric that was seen before, is over fifteen minutes old."""
    REFUSED = "Refused"
    """CloudWatch refuses or fails to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """The availability of a run's data at a time.

    `newest` is the newest minute with counts of any variant among those that are kept, or None. `missing` are
    the metrics that are Absent or Stale; none of them means that all are Stale. `problem` is why CloudWatch
    could not be read.
    """

    availability: Availability
    newest: int | None = None
    missing: tuple[Query, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMinutes:
    """The counts that were read of a run.

    `until` is the newest minute that was read. `seen` are the queries that have ever had a datapoint.
    """

    counts: CountsByMinute
    until: int
    seen: frozenset[Query] = frozenset()

    def merged(self, queries: RunQueries, counts: CountsByMinute, *, until: int) -> Self:
        """Add newer counts. They replace those of the same minute and variant."""
        seen = self.seen | {query for query in queries if query not in self.seen and _has(query, counts)}
        return replace(self, counts={**self.counts, **counts}, until=until, seen=seen)

    def since(self, first: int) -> Self:
        """Leave out the counts of minutes before `first`."""
        return replace(self, counts={key: each for key, each in self.counts.items() if key[0] >= first})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMinutes:
    """The counts of the minutes of a run from `first` to `until`, and the state of its data."""

    counts: CountsByMinute
    first: int
    until: int
    data: RunData


def assess(
    queries: RunQueries,
    read: ReadMinutes,
    *,
    serving: Collection[str],
    problem: Problem | None,
    now: float,
) -> RunData:
    """Return what is known of a run's data at `now`, on AWS's clock.

    `serving` are the variants that have a share. No invocations are expected of the others.
    """
    newest = max((at for at, _ in read.counts), default=None)
    if problem is not None:
        return RunData(availability=Availability.REFUSED, newest=newest, problem=problem)
    if now - (read.until + 1) * SECONDS_PER_MINUTE > OPEN_MINUTES * SECONDS_PER_MINUTE:
        return RunData(availability=Availability.STALE, newest=newest)
    recent = read.since(first_open(read.until)).counts
    if not any(each.invocations for each in recent.values()):
        return RunData(availability=Availability.NO_TRAFFIC, newest=newest)
    missing = tuple(query for query in queries if _is_missing(query, recent, serving))
    if not missing:
        return RunData(availability=Availability.FRESH, newest=newest)
    absent = tuple(query for query in missing if query not in read.seen)
    availability = Availability.ABSENT if absent else Availability.STALE
    return RunData(availability=availability, newest=newest, missing=absent or missing)


def _has(query: Query, counts: CountsByMinute) -> bool:
    """Return whether a query has a datapoint in these counts."""
    field = COUNTS_FIELDS[query.metric]
    return any(
        getattr(each, field) is not None for (_, variant), each in counts.items() if variant == query.variant
    )


def _is_missing(query: Query, recent: CountsByMinute, serving: Collection[str]) -> bool:
    """Return whether a metric has no datapoint although there were requests that it should show.

    Each request is counted with a 0 or a 1 as an error, and has a latency. Invocations of a variant without
    requests may have no datapoint, but are expected of a variant with a share while another one has requests.
    """
    if _has(query, recent):
        return False
    return (query.metric == INVOCATIONS and query.variant in serving) or any(
        each.invocations for (_, variant), each in recent.items() if variant == query.variant
    )
