"""When scheduled actions are due: at(…), rate(…) and cron(…) expressions of Application Auto Scaling.

AWS runs the actions. The operator must know what they did, so that it does not undo it. Where AWS's
documentation leaves a time open, such a time is not certain.
https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sagemaker_ab.planning.cron import Cron

_FORM: Final = re.compile(r"(at|rate|cron)\((.+)\)")
_RATE: Final = re.compile(r"([1-9][0-9]{0,8}) (minute|hour|day)s?")
_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86_400}
_HORIZON: Final = timedelta(days=8 * 366)
"""How far a cron expression is followed: longer than the longest time between two leap days."""


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """A time at which an action is due, in seconds since the epoch.

    It is not certain that AWS runs the action at a local time that does not exist, or at which of two times
    with the same local time, because a change to or from daylight saving time makes them so. Which of several
    actions ran last then depends on it.

    AWS's documentation does not say from when a rate counts. For a rate, a certain time means that the action
    was due in the period that begins then. A time that is not certain means that it may have been due then.
    """

    at: float
    certain: bool = True


class Schedule(Protocol):
    """A schedule expression in its time zone."""

    def backward(self, until: float, *, since: float = 0.0) -> Iterator[Due]:
        """Yield the due times after `since`, up to and including `until`, the latest first."""

    def forward(self, after: float) -> Iterator[Due]:
        """Yield the due times after a time, the earliest first; none for a rate: its times are not known."""


def parse_schedule(expression: str, timezone: str = "") -> Schedule:
    """Parse a schedule expression. Raises ValueError."""
    found = _FORM.fullmatch(expression)
    if found is None:
        raise ValueError("a schedule is at(…), rate(…) or cron(…)")
    kind, text = found.groups()
    zone = _zone(timezone)
    if kind == "at":
        return _At(tuple(_local(datetime.fromisoformat(text), zone)))
    if kind == "cron":
        return _CronSchedule(Cron.parse(text), zone)
    rate = _RATE.fullmatch(text)
    if rate is None:
        raise ValueError("rate takes a positive number and minutes, hours or days")
    return _Rate(int(rate[1]) * _SECONDS[rate[2]])


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name}") from None


def _local(time: datetime, zone: ZoneInfo) -> Iterator[Due]:
    """Yield the times that a local time may mean: one, except while clocks are changed."""
    first, second = (time.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    if first == second:
        yield Due(first)
        return
    yield Due(min(first, second), certain=False)
    yield Due(max(first, second), certain=False)


@dataclass(frozen=True, slots=True)
class _At:
    times: tuple[Due, ...]

    def backward(self, until: float, *, since: float = 0.0) -> Iterator[Due]:
        return (due for due in reversed(self.times) if since < due.at <= until)

    def forward(self, after: float) -> Iterator[Due]:
        return (due for due in self.times if due.at > after)


@dataclass(frozen=True, slots=True)
class _Rate:
    """The latest run before a time is at most one period old, and the one before it at most two."""

    period: int

    def backward(self, until: float, *, since: float = 0.0) -> Iterator[Due]:
        if until > since:
            yield Due(until, certain=False)
        at = until - self.period
        while at > since:
            yield Due(at)
            at -= self.period

    def forward(self, after: float) -> Iterator[Due]:  # noqa: ARG002 - the protocol's
        return iter(())


@dataclass(frozen=True, slots=True)
class _CronSchedule:
    cron: Cron
    zone: ZoneInfo

    def backward(self, until: float, *, since: float = 0.0) -> Iterator[Due]:
        # A day more on both sides, because a change of the clocks may move a time to another day.
        day = datetime.fromtimestamp(until, self.zone).date() + timedelta(days=1)
        begin = max(since, until - _HORIZON.total_seconds())
        first = datetime.fromtimestamp(begin, self.zone).date() - timedelta(days=1)
        while day >= first:
            yield from (due for due in reversed(self._dues(day)) if since < due.at <= until)
            day -= timedelta(days=1)

    def forward(self, after: float) -> Iterator[Due]:
        day = datetime.fromtimestamp(after, self.zone).date() - timedelta(days=1)
        for _ in range(_HORIZON.days):
            yield from (due for due in self._dues(day) if due.at > after)
            day += timedelta(days=1)

    def _dues(self, day: date) -> list[Due]:
        times = (datetime.combine(day, time) for time in self.cron.times_of(day))
        return sorted(due for time in times for due in _local(time, self.zone))
