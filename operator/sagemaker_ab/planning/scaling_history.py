"""The instance counts and the bounds of a variant over time, as far as AWS reports them.

CloudWatch has no metric of the number of instances. SageMaker sends ``1 / numberOfInstances`` to
InvocationsPerInstance with each request, so Invocations divided by InvocationsPerInstance is the number of
instances that took the requests of a minute:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
The rest is known from scaling activities. Their words have no grammar in the API reference; those of another
form are left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sagemaker_ab.planning.charts import PERIOD, Point, TimeRange

_COUNT: Final = re.compile(r"desired instance count to ([0-9]+)")
_MINIMUM: Final = re.compile(r"min capacity to ([0-9]+)")
_MAXIMUM: Final = re.compile(r"max capacity to ([0-9]+)")
_SUCCESSFUL: Final = "Successful"
_FAILED: Final = ("Failed", "Unfulfilled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A scaling activity as DescribeScalingActivities returns it."""

    description: str
    status: str
    started: datetime
    ended: datetime | None = None
    message: str = ""

    @property
    def failed(self) -> bool:
        return self.status in _FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVariant:
    """The instance counts and the bounds of a variant now; None where AWS returned none.

    `unchanged_since` is when the endpoint was last modified, None while AWS changes it.
    """

    current: int | None = None
    desired: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    unchanged_since: datetime | None = None

    @property
    def registered(self) -> bool:
        """Whether the variant has a scalable target."""
        return self.minimum is not None


@dataclass(frozen=True, slots=True)
class SpecBounds:
    """The bounds of the spec, and since when the operator knows them."""

    minimum: int
    maximum: int
    since: datetime


@dataclass(frozen=True, slots=True)
class _Change:
    at: datetime
    value: int


def counts_from_traffic(invocations: Sequence[Point], per_instance: Sequence[Point]) -> tuple[Point, ...]:
    """Return the instances of each minute with traffic; a fraction where the number changed in the minute."""
    by_minute = {point.at: point.value for point in per_instance}
    return tuple(
        Point(at=point.at, value=round(point.value / by_minute[point.at], 2))
        for point in invocations
        if by_minute.get(point.at, 0) > 0
    )


def counts_from_activities(
    activities: Sequence[Activity], *, live: LiveVariant, time_range: TimeRange
) -> tuple[Point, ...]:
    """Return the instances of each minute that is known from scaling activities and the live endpoint.

    A count holds from the end of its activity until the next activity. The latest count holds until now only
    if the endpoint still has it. The live count holds since the endpoint was last modified.
    """
    changes = [
        _Change(activity.ended, int(found[1]))
        for activity in activities
        if activity.status == _SUCCESSFUL and activity.ended is not None
        if (found := _COUNT.search(activity.description))
    ]
    latest = max((change.at for change in changes), default=datetime.min.replace(tzinfo=UTC))
    if live.current is not None and live.unchanged_since is not None and live.unchanged_since >= latest:
        changes.append(_Change(live.unchanged_since, live.current))
    return tuple(_held(changes, live=live.current, time_range=time_range))


def bounds_over_time(
    activities: Sequence[Activity], *, spec: SpecBounds | None, live: LiveVariant, time_range: TimeRange
) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """Return the minimum and the maximum of each minute in which they are known.

    They are known from the spec, from scheduled actions and, for the last minute, from the scalable target.
    """
    low = list(_bound_changes(activities, _MINIMUM))
    high = list(_bound_changes(activities, _MAXIMUM))
    if spec is not None:
        low.append(_Change(spec.since, spec.minimum))
        high.append(_Change(spec.since, spec.maximum))
    return (
        tuple(_held(low, live=live.minimum, time_range=time_range)),
        tuple(_held(high, live=live.maximum, time_range=time_range)),
    )


def _bound_changes(activities: Sequence[Activity], bound: re.Pattern[str]) -> Iterator[_Change]:
    for activity in activities:
        found = bound.search(activity.description)
        if found and activity.status == _SUCCESSFUL:
            yield _Change(activity.ended or activity.started, int(found[1]))


def _held(changes: Sequence[_Change], *, live: int | None, time_range: TimeRange) -> Iterator[Point]:
    """Yield a value for each minute from a change until the next one, and the live value for the last minute.

    The latest change is followed until now only if it is the live value: otherwise something else, which AWS
    does not list, has changed it since.
    """
    ordered = sorted(changes, key=lambda change: change.at)
    known: _Change | None = None
    at = time_range.start
    while at < time_range.end:
        while ordered and ordered[0].at < at + PERIOD:
            known = ordered.pop(0)
        last = at + PERIOD == time_range.end
        if last and live is not None:
            yield Point(at=at, value=live)
        elif known is not None and (ordered or known.value == live or known.at >= at):
            yield Point(at=at, value=known.value)
        at += PERIOD
