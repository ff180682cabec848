"""The fields of a cron expression: numbers, names, ranges and steps; and days by L, W and #.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

from sandbox.aws.ledger import holds

Days = Callable[[date], bool]
"""Says whether a field allows a day."""

_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_SATURDAY, _SUNDAY = 7, 1


class ScheduleError(ValueError):
    """An expression or a time zone that cannot be, and why."""


@holds("autoscaling.schedule-days")
def days_of_month(field: str) -> Days:
    """Return the days that a field of days of the month allows, which may be L, LW or a number before W."""
    if field == "L":
        return lambda day: day.day == _last_day(day)
    if field == "LW":
        return lambda day: day == _nearest_weekday(day, _last_day(day))
    if field.endswith("W"):
        (number,) = values(field[:-1], 1, 31) if field[:-1].isdigit() else _none(field)
        return lambda day: number <= _last_day(day) and day == _nearest_weekday(day, number)
    allowed = values(field, 1, 31)
    return lambda day: day.day in allowed


@holds("autoscaling.schedule-days")
def days_of_week(field: str) -> Days:
    """Return the days that a field of weekdays allows, which may be L, a weekday before L, or 2#3."""
    if field == "L":
        return lambda day: _weekday(day) == _SATURDAY
    name, hash_, place = field.partition("#")
    if hash_:
        weekday, number = value(name, _WEEKDAYS, 1), value(place, [], 1)
        if not (_SUNDAY <= weekday <= _SATURDAY and 1 <= number <= 5):  # noqa: PLR2004  weeks that a month has
            _none(field)
        return lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == number
    if field.endswith("L"):
        (weekday,) = values(field[:-1], 1, 7, names=_WEEKDAYS) if field[:-1].isalnum() else _none(field)
        return lambda day: _weekday(day) == weekday and day.day > _last_day(day) - 7
    allowed = values(field, 1, 7, names=_WEEKDAYS)
    return lambda day: _weekday(day) in allowed


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last_day(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(month: date, number: int) -> date:
    """Return the day from Monday to Friday that is nearest to a day, in the same month."""
    day = month.replace(day=number)
    if _weekday(day) == _SATURDAY:
        return day - timedelta(days=1) if number > 1 else day + timedelta(days=2)
    if _weekday(day) == _SUNDAY:
        return day + timedelta(days=1) if number < _last_day(month) else day - timedelta(days=2)
    return day


def _none(field: str) -> frozenset[int]:
    raise ScheduleError(f"{field} is no day")


def values(field: str, low: int, high: int, *, names: list[str] | None = None) -> frozenset[int]:
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
    begin = low if first == "*" else value(first, names, low)
    open_end = high if step or first == "*" else begin
    end = value(last, names, low) if dash else open_end
    width = value(step, [], 1) if step else 1
    if not low <= begin <= end <= high or width < 1:
        raise ScheduleError(f"{part} is not within {low} and {high}")
    return range(begin, end + 1, width)


def value(text: str, names: list[str], low: int) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + low
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise ScheduleError(f"{text or 'nothing'} is no value")
    return int(text)
