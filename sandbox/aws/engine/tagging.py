"""The tagging API: resources of SageMaker by their tags, some time after they have them.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

from sandbox.aws.engine import pages
from sandbox.aws.engine.core import JSON, Call, operation
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.engine.sagemaker.tags import as_answer
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.aws.engine.sagemaker.store import Tags

_NOT_SIMULATED = ("TagsPerPage", "IncludeComplianceDetails", "ExcludeCompliantResources")
_NOT_WITH_ARNS = ("ResourceTypeFilters", "TagFilters", "ResourcesPerPage", "PaginationToken")


@operation("resourcegroupstaggingapi", "GetResources", stale=False)
@holds("tagging.resources", "tagging.filters")
def get_resources(call: Call) -> JSON:
    _check(call)
    found = [(arn, tags) for arn, tags in _tagged(call) if _passes(arn, tags, call.params)]
    scattered = call.ledger.value("tagging.order") == "scattered"
    found.sort(key=lambda one: (crc32(one[0].encode()) if scattered else 0, one[0]))
    page, token = _page(call, found)
    mappings = [{"ResourceARN": arn, "Tags": as_answer(tags)} for arn, tags in page]
    return {"ResourceTagMappingList": mappings, "PaginationToken": token}


def _check(call: Call) -> None:
    for member in _NOT_SIMULATED:
        if call.params.get(member):
            raise call.refuse("sim.not-implemented", what=f"GetResources with {member}")
    size = call.params.get("ResourcesPerPage", 1)
    if not 1 <= size <= call.ledger.value("tagging.page-size"):
        raise call.refuse("tagging.page-size-out-of-range")
    both = [member for member in _NOT_WITH_ARNS if call.params.get(member)]
    if "ResourceARNList" in call.params and both:
        raise call.refuse("tagging.arns-and-filters", member=both[0])


def _tagged(call: Call) -> Iterator[tuple[str, Tags]]:
    """Yield what has or once had tags, as the index knows it: the index comes after."""
    store, at = store_of(call.region), call.as_of - call.ledger.value("tagging.lag")
    for table in (store.models, store.configs, store.endpoints):
        records: Sequence[Any] = table.all(at)
        for record in records:
            tags = store.tags.get(record.arn, at) or ()
            if tags or record.arn in store.once_tagged:
                yield record.arn, tags


def _passes(arn: str, tags: Tags, params: Mapping[str, Any]) -> bool:
    if arn not in params.get("ResourceARNList", (arn,)):
        return False
    service, resource = arn.split(":")[2], arn.split(":")[5].partition("/")[0]
    kinds = params.get("ResourceTypeFilters")
    if kinds and not {service, f"{service}:{resource}"} & set(kinds):
        return False
    has = dict(tags)
    return all(
        wanted.get("Key") in has and has[wanted["Key"]] in (wanted.get("Values") or (has[wanted["Key"]],))
        for wanted in params.get("TagFilters", ())
    )


def _page(call: Call, found: Sequence[tuple[str, Tags]]) -> tuple[Sequence[tuple[str, Tags]], str]:
    """Return a page, of the size asked for or less, and the token of the next, which is empty at the end."""
    asked = {name: value for name, value in call.params.items() if name != "PaginationToken"}
    if call.params.get("PaginationToken"):
        asked["NextToken"] = call.params["PaginationToken"]
    size = call.params.get("ResourcesPerPage", call.ledger.value("tagging.default-page-size"))
    size = max(1, size - call.ledger.value("tagging.short-pages"))
    try:
        page, token = pages.page(found, asked, size=size)
    except pages.ForeignTokenError:
        raise call.refuse("tagging.bad-token") from None
    return page, token.get("NextToken", "")
