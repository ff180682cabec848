"""What is visible of logs at a time, and how AWS's Logs API writes times and tokens.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sandbox.aws.engine.logs.store import LogGroup, LogStore
from sandbox.aws.engine.pages import ForeignTokenError, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.aws.engine.core import JSON, Call
    from sandbox.aws.engine.logs.streams import LogEvent, LogStream

T = TypeVar("T")


def milliseconds(time: float) -> int:
    return round(1000 * time)


def horizon(call: Call) -> float:
    """Return the time up to which what was written can be read."""
    return call.as_of - float(call.ledger.value("logs.delay"))


def visible_streams(call: Call, group: LogGroup) -> list[LogStream]:
    """Return the streams of a group that something can be read of, by name."""
    until = horizon(call)
    return sorted((one for one in group.streams.values() if one.events(until)), key=lambda one: one.name)


def visible_groups(call: Call) -> list[LogGroup]:
    """Return the groups that something can be read of, by name."""
    groups = call.region.store(LogStore).groups.values()
    return sorted((one for one in groups if visible_streams(call, one)), key=lambda one: one.name)


def found_group(call: Call) -> LogGroup:
    """Return the group that a call names by its name or ARN, or refuse as AWS does when there is none."""
    named = call.params.get("logGroupName") or call.params.get("logGroupIdentifier")
    if named is None:
        raise call.refuse("logs.group-unnamed")
    name = str(named).rpartition(":log-group:")[2]
    group = call.region.store(LogStore).groups.get(name)
    if group is None or not visible_streams(call, group):
        raise call.refuse("logs.group-missing")
    return group


def group_arn(call: Call, group: LogGroup) -> str:
    return call.region.arn("logs", f"log-group:{group.name}")


def event_answer(call: Call, event: LogEvent) -> JSON:
    written = milliseconds(event.time)
    delay = milliseconds(float(call.ledger.value("logs.delay")))
    return {"timestamp": written, "message": event.message, "ingestionTime": written + delay}


def within(call: Call, events: Sequence[LogEvent]) -> list[LogEvent]:
    """Return the events from ``startTime`` on and before ``endTime``."""
    start, end = call.params.get("startTime", 0), call.params.get("endTime", float("inf"))
    return [event for event in events if start <= milliseconds(event.time) < end]


def paged(call: Call, items: Sequence[T], *, limit_row: str) -> tuple[Sequence[T], JSON]:
    """Return the page that a call asks for, and its ``nextToken`` member."""
    asked = {key: value for key, value in call.params.items() if key != "nextToken"}
    if "nextToken" in call.params:
        asked["NextToken"] = call.params["nextToken"]
    try:
        some, following = page(items, asked, size=call.params.get("limit", call.ledger.value(limit_row)))
    except ForeignTokenError:
        raise call.refuse("logs.bad-token") from None
    return some, {"nextToken": following["NextToken"]} if following else {}
