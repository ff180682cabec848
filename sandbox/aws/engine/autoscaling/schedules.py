"""Schedule expressions: at(...), rate(...) and cron(...), and when they are due next.

https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.aws.ledger import holds

NextTime = Callable[[float], float | None]
"""Gives the first time after a time, both epoch seconds; None when there is none."""


class ScheduleError(ValueError):
    """An expression or a time zone that cannot be, and why."""


_FORM = re.compile(r"(at|rate|cron)\((.+)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_YEARS = (1970, 2199)
_HORIZON = timedelta(days=8 * 366)
"""Further than the longest time between two leap days, so that none is missed."""


def parse(expression: str, *, timezone: str, since: float) -> NextTime:
    """Return when a schedule is due; a rate counts from ``since``. Raises ScheduleError."""
    found = _FORM.fullmatch(expression)
    if found is None:
        raise ScheduleError("a schedule is at(...), rate(...) or cron(...)")
    kind, text = found.groups()
    if kind == "rate":
        return _rate(text, since=since)
    zone = _zone(timezone)
    return _at(text, zone) if kind == "at" else _Cron.parse(text, zone).next_time


def _zone(name: str) -> tzinfo:
    if name in {"", "UTC", "Etc/UTC"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleError(f"there is no time zone {name}") from None


def _at(text: str, zone: tzinfo) -> NextTime:
    try:
        due = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).timestamp()
    except ValueError:
        raise ScheduleError("at takes yyyy-mm-ddThh:mm:ss") from None
    return lambda after: due if due > after else None


@holds("autoscaling.schedule-rate")
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
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    last_day: bool
    zone: tzinfo

    @classmethod
    @holds("autoscaling.schedule-cron")
    def parse(cls, text: str, zone: tzinfo) -> _Cron:
        fields = text.split()
        if len(fields) != 6 or "?" not in {fields[2], fields[4]}:  # noqa: PLR2004  minute to year
            raise ScheduleError("cron takes six fields, of which one that tells days is ?")
        minute, hour, day, month, weekday, year = fields
        return cls(
            minutes=_values(minute, 0, 59),
            hours=_values(hour, 0, 23),
            days=frozenset() if day == "L" else _values(day, 1, 31),
            months=_values(month, 1, 12, names=_MONTHS),
            weekdays=_values(weekday, 1, 7, names=_DAYS),
            years=_values(year, *_YEARS),
            last_day=day == "L",
            zone=zone,
        )

    def next_time(self, after: float) -> float | None:
        try:
            day = datetime.fromtimestamp(after, tz=self.zone).date()
            end = day + _HORIZON
        except (ValueError, OverflowError, OSError):
            return None
        while day <= end:
            if self._on(day):
                times = (self._time(day, hour, minute) for hour in self.hours for minute in self.minutes)
                due = min((time for time in times if time > after), default=None)
                if due is not None:
                    return due
            day += timedelta(days=1)
        return None

    def _on(self, day: date) -> bool:
        in_month = (day + timedelta(days=1)).day == 1 if self.last_day else day.day in self.days
        weekday = day.isoweekday() % 7 + 1
        return in_month and weekday in self.weekdays and day.month in self.months and day.year in self.years

    def _time(self, day: date, hour: int, minute: int) -> float:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone).timestamp()


def _values(field: str, low: int, high: int, *, names: list[str] | None = None) -> frozenset[int]:
    """Return the values of a field: of each of its parts, which are a value, a range or steps through one."""
    if field in {"*", "?"}:
        return frozenset(range(low, high + 1))
    found: set[int] = set()
    for part in field.split(","):
        found.update(_part(part, low, high, names or []))
    return frozenset(found)


def _part(part: str, low: int, high: int, names: list[str]) -> range:
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    begin = low if first == "*" else _value(first, names, low)
    open_end = high if step or first == "*" else begin
    end = _value(last, names, low) if dash else open_end
    width = _value(step, [], 1) if step else 1
    if not low <= begin <= end <= high or width < 1:
        raise ScheduleError(f"{part} is not within {low} and {high}")
    return range(begin, end + 1, width)


def _value(text: str, names: list[str], low: int) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + low
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise ScheduleError(f"{text or 'nothing'} is no value; W, # and L of weekdays are not simulated")
    return int(text)
