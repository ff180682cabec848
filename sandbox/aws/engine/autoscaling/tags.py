"""Tags of scalable targets.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TagResource.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.requests import store_of
from sandbox.aws.engine.core import operation

if TYPE_CHECKING:
    from sandbox.aws.engine.core import JSON, Call

_SERVICE = "application-autoscaling"


def _tags(call: Call, *, at: float | None = None) -> dict[str, str]:
    arn = call.params["ResourceARN"]
    tags = store_of(call).tags.get(arn, at)
    if tags is None:
        raise call.refuse("autoscaling.tagged-missing", arn=arn)
    return tags


@operation(_SERVICE, "TagResource", write=True, resource="ResourceARN")
def tag_resource(call: Call) -> JSON:
    tags = _tags(call) | call.params["Tags"]
    limit = call.ledger.value("autoscaling.tags-per-target")
    if len(tags) > limit:
        raise call.refuse("autoscaling.too-many-tags", limit=limit)
    store_of(call).tags.put(call.params["ResourceARN"], tags)
    return {}


@operation(_SERVICE, "UntagResource", write=True, resource="ResourceARN")
def untag_resource(call: Call) -> JSON:
    gone = set(call.params["TagKeys"])
    left = {key: value for key, value in _tags(call).items() if key not in gone}
    store_of(call).tags.put(call.params["ResourceARN"], left)
    return {}


@operation(_SERVICE, "ListTagsForResource", resource="ResourceARN")
def list_tags_for_resource(call: Call) -> JSON:
    return {"Tags": dict(_tags(call, at=call.as_of))}
