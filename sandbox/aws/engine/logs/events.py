"""GetLogEvents and FilterLogEvents.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.logs.patterns import Pattern, UnsupportedPatternError
from sandbox.aws.engine.logs.reading import (
    event_answer,
    found_group,
    horizon,
    milliseconds,
    paged,
    visible_streams,
    within,
)
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from sandbox.aws.engine.logs.store import LogGroup
    from sandbox.aws.engine.logs.streams import LogStream

_TOKEN = re.compile(r"([fb])/(\d{1,12})")


def _found_stream(call: Call, group: LogGroup, name: str) -> LogStream:
    stream = group.streams.get(name)
    if stream is None or not stream.events(horizon(call)):
        raise call.refuse("logs.stream-missing")
    return stream


def _span(call: Call, total: int) -> tuple[int, int]:
    """Return which of so many events a call wants, as [first, last); tokens count events from the oldest."""
    size = call.params.get("limit", call.ledger.value("logs.events-page"))
    token = call.params.get("nextToken")
    if token is None:
        from_head = call.params.get("startFromHead", False)
        return (0, min(size, total)) if from_head else (max(total - size, 0), total)
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise call.refuse("logs.bad-token")
    at = min(int(found[2]), total)
    return (at, min(at + size, total)) if found[1] == "f" else (max(at - size, 0), at)


@operation("logs", "GetLogEvents")
@holds("logs.tokens-repeat")
def get_log_events(call: Call) -> JSON:
    stream = _found_stream(call, found_group(call), call.params["logStreamName"])
    events = within(call, stream.events(horizon(call)))
    first, last = _span(call, len(events))
    return {
        "events": [event_answer(call, event) for event in events[first:last]],
        "nextForwardToken": f"f/{last:012}",
        "nextBackwardToken": f"b/{first:012}",
    }


def _pattern(call: Call) -> Pattern:
    try:
        return Pattern.parse(call.params.get("filterPattern", ""))
    except UnsupportedPatternError:
        raise call.refuse("sim.not-implemented", what="filterPattern of structured events") from None


def _searched(call: Call, group: LogGroup) -> list[LogStream]:
    names, prefix = call.params.get("logStreamNames"), call.params.get("logStreamNamePrefix")
    if names and prefix:
        raise call.refuse("logs.names-and-prefix")
    if names:
        return [_found_stream(call, group, name) for name in names]
    return [one for one in visible_streams(call, group) if one.name.startswith(prefix or "")]


@operation("logs", "FilterLogEvents")
def filter_log_events(call: Call) -> JSON:
    group, pattern, until = found_group(call), _pattern(call), horizon(call)
    found = [
        (event, stream.name, number)
        for stream in _searched(call, group)
        for number, event in enumerate(within(call, stream.events(until)))
        if pattern.fits(event.message)
    ]
    found.sort(key=lambda one: (one[0].time, one[1], one[2]))
    some, following = paged(call, found, limit_row="logs.events-page")
    events = [
        event_answer(call, event)
        | {
            "logStreamName": name,
            "eventId": f"{milliseconds(event.time)}{number:06}{name.rpartition('/')[2]}",
        }
        for event, name, number in some
    ]
    return {"events": events, "searchedLogStreams": [], **following}
