"""DescribeLogGroups and DescribeLogStreams.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.logs.reading import (
    found_group,
    group_arn,
    horizon,
    milliseconds,
    paged,
    visible_groups,
    visible_streams,
)

if TYPE_CHECKING:
    from sandbox.aws.engine.logs.store import LogGroup
    from sandbox.aws.engine.logs.streams import LogStream

_ELSEWHERE = ("accountIdentifiers", "includeLinkedAccounts", "logGroupIdentifiers")


def _group(call: Call, group: LogGroup) -> JSON:
    streams, until = visible_streams(call, group), horizon(call)
    arn = group_arn(call, group)
    return {
        "logGroupName": group.name,
        "creationTime": milliseconds(min(stream.created for stream in streams)),
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": sum(len(event.message) for stream in streams for event in stream.events(until)),
        "logGroupClass": "STANDARD",
    }


@operation("logs", "DescribeLogGroups")
def describe_log_groups(call: Call) -> JSON:
    for member in _ELSEWHERE:
        if call.params.get(member):
            raise call.refuse("sim.not-implemented", what=member)
    prefix, part = call.params.get("logGroupNamePrefix"), call.params.get("logGroupNamePattern")
    if prefix is not None and part is not None:
        raise call.refuse("logs.prefix-and-pattern")
    kind = call.params.get("logGroupClass", "STANDARD")
    found = [
        group
        for group in visible_groups(call)
        if kind == "STANDARD"
        and group.name.startswith(prefix or "")
        and (part or "").lower() in group.name.lower()
    ]
    some, following = paged(call, found, limit_row="logs.describe-page")
    return {"logGroups": [_group(call, group) for group in some], **following}


def _stream(call: Call, group: LogGroup, stream: LogStream) -> JSON:
    events = stream.events(horizon(call))
    return {
        "logStreamName": stream.name,
        "creationTime": milliseconds(stream.created),
        "firstEventTimestamp": milliseconds(events[0].time),
        "lastEventTimestamp": milliseconds(events[-1].time),
        "lastIngestionTime": milliseconds(events[-1].time + float(call.ledger.value("logs.delay"))),
        "arn": f"{group_arn(call, group)}:log-stream:{stream.name}",
        "storedBytes": 0,
    }


@operation("logs", "DescribeLogStreams")
def describe_log_streams(call: Call) -> JSON:
    group, prefix = found_group(call), call.params.get("logStreamNamePrefix", "")
    by_time = call.params.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise call.refuse("logs.prefix-by-time")
    found = [one for one in visible_streams(call, group) if one.name.startswith(prefix)]
    if by_time:
        until = horizon(call)
        found.sort(key=lambda one: one.events(until)[-1].time)
    if call.params.get("descending", False):
        found.reverse()
    some, following = paged(call, found, limit_row="logs.describe-page")
    return {"logStreams": [_stream(call, group, stream) for stream in some], **following}
