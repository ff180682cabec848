"""Cron expressions of AWS: minutes, hours, day of month, month, day of week, year.

Days of the week are 1 to 7, beginning with Sunday. L is the last day of a month, or with a day of the week
its last one in the month; 15W is the weekday nearest to the 15th; 3#2 is the second Tuesday.
https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

_FIELDS: Final = 6
_MONTH_NAMES: Final = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
_MONTHS: Final = {_MONTH_NAMES[3 * month - 3 : 3 * month]: month for month in range(1, 13)}
_WEEKDAYS: Final = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_SATURDAY, _DAYS_OF_WEEK = 7, 7

OnDay = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Cron:
    """The times of the day, and on which days they are due."""

    times: Sequence[time]
    months: frozenset[int]
    years: frozenset[int]
    on_day: OnDay

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Read the six fields. Raises ValueError."""
        fields = text.split()
        if len(fields) != _FIELDS:
            raise ValueError(
                "cron takes the fields minutes, hours, day of month, month, day of week and year"
            )
        minutes, hours, day_of_month, month, day_of_week, year = fields
        if (day_of_month == "?") == (day_of_week == "?"):
            raise ValueError("in cron, either day of month or day of week must be ?")
        return cls(
            times=[
                time(hour, minute)
                for hour in sorted(_values(hours, 0, 23))
                for minute in sorted(_values(minutes, 0, 59))
            ],
            months=_values(month, 1, 12, _MONTHS),
            years=_values(year, _FIRST_YEAR, _LAST_YEAR),
            on_day=_days_of_month(day_of_month) if day_of_week == "?" else _days_of_week(day_of_week),
        )

    def times_of(self, day: date) -> Sequence[time]:
        """Return the local times at which the expression is due on a day, the earliest first."""
        due = day.year in self.years and day.month in self.months and self.on_day(day)
        return self.times if due else ()


def _days_of_month(field: str) -> OnDay:
    if field == "L":
        return lambda day: day.day == _length(day)
    if field == "LW":
        return lambda day: day == _nearest_weekday(day, _length(day))
    if nearest := re.fullmatch(r"([0-9]{1,2})W", field):
        wanted = _number(nearest[1], 1, 31, {})
        return lambda day: wanted <= _length(day) and day == _nearest_weekday(day, wanted)
    days = _values(field, 1, 31)
    return lambda day: day.day in days


def _days_of_week(field: str) -> OnDay:
    if field == "L":
        return lambda day: _weekday(day) == _SATURDAY
    if last := re.fullmatch(r"(\w+)L", field):
        wanted = _number(last[1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == wanted and day.day + _DAYS_OF_WEEK > _length(day)
    if nth := re.fullmatch(r"(\w+)#([1-5])", field):
        wanted, place = _number(nth[1], 1, 7, _WEEKDAYS), int(nth[2])
        return lambda day: _weekday(day) == wanted and (day.day - 1) // _DAYS_OF_WEEK + 1 == place
    days = _values(field, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    return day.isoweekday() % _DAYS_OF_WEEK + 1


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, number: int) -> date:
    """Return the weekday of the same month that is nearest to a day of the month."""
    wanted = day.replace(day=number)
    match _weekday(wanted):
        case 7:
            return wanted - timedelta(days=1) if number > 1 else wanted + timedelta(days=2)
        case 1:
            return wanted + timedelta(days=1) if number < _length(day) else wanted - timedelta(days=2)
    return wanted


def _values(field: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """Return the values of a field. Each of its parts is a value, a range, or steps through a range."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin = low if first == "*" else _number(first, low, high, names or {})
        open_end = high if slash or first == "*" else begin
        end = _number(last, low, high, names or {}) if dash else open_end
        if begin > end:
            raise ValueError(f"{part} is not from {low} to {high}")
        found.update(range(begin, end + 1, _number(step, 1, high, {}) if slash else 1))
    return frozenset(found)


def _number(text: str, low: int, high: int, names: Mapping[str, int]) -> int:
    number = names.get(text.upper())
    if number is None and re.fullmatch(r"[0-9]{1,4}", text):
        number = int(text)
    if number is None or not low <= number <= high:
        raise ValueError(f"{text or 'nothing'} is not from {low} to {high}")
    return number
