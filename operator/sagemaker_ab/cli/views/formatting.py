"""Formats times and numbers for people; an absent value is a dash, never a zero."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

ABSENT = "–"  # noqa: RUF001  # an en dash, not a minus

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

# The units that kubectl uses for ages up to each limit.
_AGE_UNITS = (
    (2 * _MINUTE, ((_SECOND, "s"),)),
    (10 * _MINUTE, ((_MINUTE, "m"), (_SECOND, "s"))),
    (3 * _HOUR, ((_MINUTE, "m"),)),
    (8 * _HOUR, ((_HOUR, "h"), (_MINUTE, "m"))),
    (2 * _DAY, ((_HOUR, "h"),)),
    (8 * _DAY, ((_DAY, "d"), (_HOUR, "h"))),
)
_OLDEST = ((_DAY, "d"),)


def age(since: datetime | None, *, now: datetime) -> str:
    """Return the time since `since` as kubectl writes it: 45s, 3m20s, 25m, 5h, 12d; never negative."""
    if since is None:
        return ABSENT
    passed = max(now - since, timedelta(0))
    units = next((units for limit, units in _AGE_UNITS if passed < limit), _OLDEST)
    written = ""
    for unit, letter in units:
        count, passed = divmod(passed, unit)
        if count or not written:
            written += f"{count}{letter}"
    return written


def span(seconds: float) -> str:
    """Return a length of time in the units of `age`."""
    start = datetime.fromtimestamp(0, UTC)
    return age(start, now=start + timedelta(seconds=int(seconds)))


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def with_age(at: datetime, *, now: datetime) -> str:
    """Return a past or future time, in UTC and relative to `now`."""
    relative = f"in {age(now, now=at)}" if at > now else f"{age(at, now=now)} ago"
    return f"{moment(at)} ({relative})"


def per_minute(count: float | str | None, *, seconds: int) -> str:
    """Return a count, or a decimal string of one, over `seconds` as a rate per minute."""
    return ABSENT if count is None else f"{float(count) * 60 / seconds:.1f}/min"


def milliseconds(micros: int | None) -> str:
    """Return milliseconds without the unit, which the heading has."""
    return ABSENT if micros is None else f"{micros / 1000:.1f}"


def percent(value: str | None) -> str:
    """Return a decimal string of percents with the unit."""
    return ABSENT if value is None else f"{float(value):.1f} %"


def number(value: object | None) -> str:
    return ABSENT if value is None else str(value)


def share(weight: Decimal, *, total: Decimal) -> str:
    """Return a weight as its share of all weights: 50%, 33.3%."""
    return f"{float(weight / total * 100):.3g}%" if total else ABSENT
