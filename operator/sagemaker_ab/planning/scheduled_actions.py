"""Scheduled actions: when they are due, whether they are over, and whether AWS holds the declared one.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import dropwhile, takewhile
from typing import Any, Final

from sagemaker_ab.planning.schedules import Due, Schedule, parse_schedule

Members = Mapping[str, Any]

_UTC: Final = {None, "", "UTC", "Etc/UTC"}


@dataclass(frozen=True, slots=True)
class ActionTimes:
    """The times at which an action is due, within its start time and its end time.

    `timed` is false for a rate, whose times are not known (see `Due`).
    """

    schedule: Schedule
    start: float | None
    end: float | None
    recurs: bool = True
    timed: bool = True

    @classmethod
    def of(cls, members: Members) -> "ActionTimes":
        """Read the members of PutScheduledAction. Raises ValueError."""
        start, end = (_epoch(members.get(member)) for member in ("StartTime", "EndTime"))
        expression = members.get("Schedule") or ""
        schedule = parse_schedule(expression, members.get("Timezone") or "")
        recurs, timed = not expression.startswith("at("), not expression.startswith("rate(")
        return cls(schedule, start, end, recurs, timed)

    def backward(self, until: float, *, since: float = 0.0) -> Iterator[Due]:
        """Yield the due times after `since`, up to and including `until`, the latest first.

        Whether an action that recurs is also due at its start time is not certain: AWS's user guide says so,
        and the API reference does not.
        """
        until = until if self.end is None else min(until, self.end)
        start = self.start
        if start is None:
            yield from self.schedule.backward(until, since=since)
            return
        if until < start:
            return
        earliest = None
        for earliest in takewhile(lambda due: due.at >= start, self.schedule.backward(until, since=since)):
            yield earliest
        if self.recurs and start > since and (earliest is None or earliest.at > start):
            yield Due(start, certain=False)

    def next(self, after: float) -> float | None:
        """Return the first due time after a time, None if the action is over or its times are not known."""
        dues = self.schedule.forward(after)
        started = dropwhile(lambda due: self.start is not None and due.at < self.start, dues)
        due = next(iter(started), None)
        return None if due is None or (self.end is not None and due.at > self.end) else due.at


def is_over(members: Members, now: float) -> bool:
    """Return whether an action is never due again.

    That of a rate is only known by its end time, and an action that cannot be read is not over.
    """
    try:
        times = ActionTimes.of(members)
    except ValueError:
        return False
    if times.end is not None and times.end < now:
        return True
    return times.timed and times.next(now) is None


def same_action(live: Members, wanted: Members) -> bool:
    """Compare two actions: the schedule, its time zone and times, and what it does to the bounds."""
    return _comparable(live) == _comparable(wanted)


def members_to_put(wanted: Members, live: Members | None) -> Members:
    """Return the members to put, with the default time zone where the live action should lose another.

    Whether AWS keeps a time zone that a request leaves out is not known.
    """
    if live is None or "Timezone" in wanted or live.get("Timezone") in _UTC:
        return wanted
    return {**wanted, "Timezone": "Etc/UTC"}


def _comparable(members: Members) -> tuple[object, ...]:
    zone = members.get("Timezone")
    times = [_epoch(members.get(member)) for member in ("StartTime", "EndTime")]
    bounds = dict(members.get("ScalableTargetAction") or {})
    return members.get("Schedule"), None if zone in _UTC else zone, *times, bounds


def _epoch(time: str | None) -> float | None:
    """Return an ISO 8601 time as seconds since the epoch; AWS's are in UTC. Raises ValueError."""
    if time is None:
        return None
    parsed = datetime.fromisoformat(time)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
