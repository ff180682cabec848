"""AddTags, DeleteTags, ListTags, and tags given at creation.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.sagemaker.listing import page
from sandbox.aws.engine.sagemaker.store import Tags, store_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@holds("sm.tags.upsert")
def merged(call: Call, present: Tags, given: Iterable[Mapping[str, str]]) -> Tags:
    """Return the tags after an upsert; refuses doubles, AWS's own prefix and more than fifty."""
    keys = [tag["Key"] for tag in given]
    if len(set(keys)) < len(keys):
        raise call.refuse("sm.tags.duplicate", key=next(key for key in keys if keys.count(key) > 1))
    for key in keys:
        if key.lower().startswith("aws:"):
            raise call.refuse("sm.tags.reserved", key=key)
    after = dict(present) | {tag["Key"]: tag["Value"] for tag in given}
    if len(after) > call.ledger.value("sm.tags.limit"):
        raise call.refuse("sm.tags.too-many", limit=call.ledger.value("sm.tags.limit"))
    return tuple(after.items())


def as_answer(tags: Tags) -> list[JSON]:
    return [{"Key": key, "Value": value} for key, value in tags]


def _tagged_arn(call: Call) -> str:
    """Return the ARN of the call if what it names is there."""
    arn: str = call.params["ResourceArn"]
    store = store_of(call.region)
    kind, _, name = arn.split(":", 5)[5].partition("/")
    tables: dict[str, Any] = {
        "model": store.models,
        "endpoint-config": store.configs,
        "endpoint": store.endpoints,
    }
    found = tables[kind].get(name.lower(), call.as_of) if kind in tables else None
    if found is None or found.arn != arn.lower():
        raise call.refuse("sm.tags.not-found", arn=arn)
    return arn.lower()


@operation("sagemaker", "AddTags", write=True, resource="ResourceArn")
def add_tags(call: Call) -> JSON:
    arn = _tagged_arn(call)
    tags = store_of(call.region).tags
    after = merged(call, tags.get(arn) or (), call.params["Tags"])
    tags.put(arn, after)
    return {"Tags": as_answer(after)}


@operation("sagemaker", "DeleteTags", write=True, resource="ResourceArn")
def delete_tags(call: Call) -> JSON:
    arn = _tagged_arn(call)
    tags = store_of(call.region).tags
    gone = set(call.params["TagKeys"])
    before = tags.get(arn) or ()
    left = tuple(tag for tag in before if tag[0] not in gone)
    tags.put(arn, left)
    if before and not left:
        store_of(call.region).once_tagged.add(arn)
    return {}


@operation("sagemaker", "ListTags", resource="ResourceArn")
def list_tags(call: Call) -> JSON:
    tags = store_of(call.region).tags.get(_tagged_arn(call), call.as_of) or ()
    size = call.params.get("MaxResults", call.ledger.value("sm.tags.page-size"))
    found, token = page(call, tags, key=lambda tag: tag[0], size=size)
    return {"Tags": as_answer(tuple(found))} | token
