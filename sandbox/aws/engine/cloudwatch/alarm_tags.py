"""Tags of metric alarms.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.cloudwatch.alarm_store import AlarmStore
from sandbox.aws.engine.core import operation

if TYPE_CHECKING:
    from sandbox.aws.engine.core import JSON, Call

_SERVICE = "cloudwatch"


def _tags(call: Call) -> dict[str, str]:
    arn, store = str(call.params["ResourceARN"]), call.region.store(AlarmStore)
    alarm = store.alarms.get(arn.partition(":alarm:")[2])
    if alarm is None or alarm.arn != arn:
        raise call.refuse("cloudwatch.tagged-missing", arn=arn)
    return store.tags[alarm.name]


@operation(_SERVICE, "TagResource", write=True, resource="ResourceARN")
def tag_resource(call: Call) -> JSON:
    _tags(call).update({tag["Key"]: tag["Value"] for tag in call.params["Tags"]})
    return {}


@operation(_SERVICE, "UntagResource", write=True, resource="ResourceARN")
def untag_resource(call: Call) -> JSON:
    for key in call.params["TagKeys"]:
        _tags(call).pop(key, None)
    return {}


@operation(_SERVICE, "ListTagsForResource", resource="ResourceARN", stale=False)
def list_tags_for_resource(call: Call) -> JSON:
    return {"Tags": [{"Key": key, "Value": value} for key, value in _tags(call).items()]}
