"""When a scheduled action is due, by every reading of what AWS leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.cron_fields import ScheduleError
from sandbox.aws.engine.autoscaling.schedules import ClockChanges, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.engine.autoscaling.schedules import NextTime
    from sandbox.safety.aws_state import Raw

TOLERANCE_SECONDS = 300.0
"""How late an action may run, and how far apart the clocks of those who compute its times may be."""
_READINGS = (
    ClockChanges(skipped="shifted", repeated="twice"),
    ClockChanges(skipped="end", repeated="twice"),
    ClockChanges(skipped="never", repeated="once"),
)
"""All that a change of clocks may lead to is due in one of the first two, what is sure in all three."""


@dataclass(frozen=True, slots=True)
class Due:
    """A time at which an action is due; `sure` tells whether every reading says so."""

    time: float
    sure: bool


@dataclass(slots=True)
class _Line:
    """The times of one reading, found as far as anybody has asked."""

    schedule: NextTime
    times: list[float]
    next: float | None

    def until(self, now: float) -> Iterator[float]:
        while self.next is not None and self.next <= now:
            self.times.append(self.next)
            self.next = self.schedule(self.next)
        return (time for time in self.times if time <= now)


def is_over(action: Raw, now: float) -> bool:
    """Tell whether an action, in the words of AWS, is not due any more, or so soon that it may be over.

    AWS may refuse one, and may have dropped it.
    """
    soon = now + TOLERANCE_SECONDS
    if action["end"] is not None and action["end"] <= soon:
        return True
    if not str(action["schedule"]).startswith("at("):
        return False
    lines = (_line(action["schedule"], action["timezone"], soon, reading) for reading in _READINGS)
    return any(line.next is None for line in lines)


def period_of(action: Raw) -> float | None:
    """Return the seconds between two runs of an action that is due at a rate; None for any other action."""
    schedule = str(action["schedule"])
    if not schedule.startswith("rate("):
        return None
    try:
        return parse(schedule, timezone="", since=0.0)(0.0)
    except ScheduleError:
        return None


class Schedules:
    """Finds the times of actions; time only goes forward, so that what was found is kept.

    AWS does not say from when a rate counts, so the times of a rate are not known.
    """

    def __init__(self) -> None:
        self._lines: dict[tuple[object, ...], list[_Line]] = {}

    def dues(self, action: Raw, *, begin: float, now: float) -> list[Due]:
        """Return when an action, in the words of AWS, is due between two times, oldest first."""
        start, end = action["start"], action["end"]
        found: dict[float, int] = {}
        lines = self._of(action, begin)
        for line in lines:
            for time in line.until(now):
                found[time] = found.get(time, 0) + 1
        dues = [Due(time, sure=number == len(lines)) for time, number in sorted(found.items())]
        if start is not None and begin < start <= now and not action["schedule"].startswith("at("):
            # The user guide says that a recurring action is due at its start too, the API reference does not.
            dues = sorted([Due(start, sure=False), *dues], key=lambda due: due.time)
        return [
            due for due in dues if (start is None or due.time >= start) and (end is None or due.time <= end)
        ]

    def _of(self, action: Raw, begin: float) -> list[_Line]:
        schedule, zone = str(action["schedule"]), str(action["timezone"])
        key = schedule, zone, begin
        if key not in self._lines:
            readings = _READINGS if zone else _READINGS[:1]
            self._lines[key] = [_line(schedule, zone, begin, reading) for reading in readings]
        return self._lines[key]


def _line(schedule: str, zone: str, begin: float, reading: ClockChanges) -> _Line:
    try:
        times = parse(schedule, timezone=zone, since=0.0, changes=reading)
    except ScheduleError:
        return _Line(lambda _: None, [], None)
    return _Line(times, [], times(begin))
