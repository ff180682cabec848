"""Schedule expressions: at(...), rate(...) and cron(...), and when they are due next.

https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.aws.engine.autoscaling.cron_fields import (
    Days,
    ScheduleError,
    days_of_month,
    days_of_week,
    values,
)
from sandbox.aws.ledger import holds

NextTime = Callable[[float], float | None]
"""Gives the first time after a time, both epoch seconds; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChanges:
    """What happens to a local time that does not exist, or that exists twice, as clocks change.

    ``skipped`` is "shifted" (to the same time by the clock before the change), "end" (when the missing hour
    ends) or "never"; ``repeated`` is "once" (the first of the two) or "twice".
    """

    skipped: str = "shifted"
    repeated: str = "once"

    def times(self, local: datetime) -> tuple[float, ...]:
        """Return the epoch seconds at which a local time is due."""
        first, second = local.timestamp(), local.replace(fold=1).timestamp()
        if first == second:
            return (first,)
        if first < second:
            return (first, second) if self.repeated == "twice" else (first,)
        if self.skipped == "never":
            return ()
        return (first,) if self.skipped == "shifted" else (_change_between(second, first, local),)


def _change_between(low: float, high: float, local: datetime) -> float:
    """Return the second between two at which the clocks of a local time's zone change."""
    before = datetime.fromtimestamp(low, tz=local.tzinfo).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        same = datetime.fromtimestamp(middle, tz=local.tzinfo).utcoffset() == before
        low, high = (middle, high) if same else (low, middle)
    return high


_FORM = re.compile(r"(at|rate|cron)\((.+)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_YEARS = (1970, 2199)
_COMMON_CHANGES = ClockChanges()
_HORIZON = timedelta(days=8 * 366)
"""Further than the longest time between two leap days, so that none is missed."""


def parse(
    expression: str, *, timezone: str, since: float, changes: ClockChanges = _COMMON_CHANGES
) -> NextTime:
    """Return when a schedule is due; a rate counts from ``since``. Raises ScheduleError."""
    found = _FORM.fullmatch(expression)
    if found is None:
        raise ScheduleError("a schedule is at(...), rate(...) or cron(...)")
    kind, text = found.groups()
    if kind == "rate":
        return _rate(text, since=since)
    zone = _zone(timezone)
    return _at(text, zone, changes) if kind == "at" else _Cron.parse(text, zone, changes).next_time


def _zone(name: str) -> tzinfo:
    if name in {"", "UTC", "Etc/UTC"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleError(f"there is no time zone {name}") from None


def _at(text: str, zone: tzinfo, changes: ClockChanges) -> NextTime:
    try:
        local = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
        times = changes.times(local)[:1]
    except (ValueError, OverflowError):
        raise ScheduleError("at takes yyyy-mm-ddThh:mm:ss") from None
    return lambda after: next((time for time in times if time > after), None)


def _rate(text: str, *, since: float) -> NextTime:
    found = re.fullmatch(r"([1-9][0-9]{0,8}) (minute|hour|day)(s?)", text)
    if found is None or (found[1] == "1") == bool(found[3]):
        raise ScheduleError("rate takes a positive number and minute, minutes, hour, hours, day or days")
    period = int(found[1]) * _SECONDS[found[2]]
    return lambda after: since + period * max(int((after - since) // period) + 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cron:
    """The values that each field allows; a field of days that is a question mark allows every day."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: Days
    months: frozenset[int]
    weekdays: Days
    years: frozenset[int]
    zone: tzinfo
    changes: ClockChanges

    @classmethod
    @holds("autoscaling.schedule-cron")
    def parse(cls, text: str, zone: tzinfo, changes: ClockChanges) -> _Cron:
        fields = text.split()
        if len(fields) != 6 or "?" not in {fields[2], fields[4]}:  # noqa: PLR2004  minute to year
            raise ScheduleError("cron takes six fields, of which one that tells days is ?")
        minute, hour, day, month, weekday, year = fields
        return cls(
            minutes=values(minute, 0, 59),
            hours=values(hour, 0, 23),
            days=days_of_month(day),
            months=values(month, 1, 12, names=_MONTHS),
            weekdays=days_of_week(weekday),
            years=values(year, *_YEARS),
            zone=zone,
            changes=changes,
        )

    def next_time(self, after: float) -> float | None:
        try:
            day = datetime.fromtimestamp(after, tz=self.zone).date()
            end = day + _HORIZON
        except (ValueError, OverflowError, OSError):
            return None
        while day <= end:
            if self._on(day):
                times = (
                    time
                    for hour in self.hours
                    for minute in self.minutes
                    for time in self.changes.times(_local(day, hour, minute, self.zone))
                )
                due = min((time for time in times if time > after), default=None)
                if due is not None:
                    return due
            day += timedelta(days=1)
        return None

    def _on(self, day: date) -> bool:
        in_month = day.month in self.months and day.year in self.years
        return in_month and self.days(day) and self.weekdays(day)


def _local(day: date, hour: int, minute: int, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
