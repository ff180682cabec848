"""The lists: put in order, cut into pages, and only then filtered, as AWS does it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpoints.html
"""

from __future__ import annotations

import base64
import binascii
import heapq
import json
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from zlib import crc32

from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.aws.engine.core import JSON, Call


class Listed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def created(self) -> float: ...


T = TypeVar("T")
N = TypeVar("N", bound=Listed)


def _cut(token: str) -> Any:
    after = json.loads(base64.urlsafe_b64decode(token.encode()))["after"]
    return tuple(after) if isinstance(after, list) else after


def page(
    call: Call, items: Sequence[T], *, key: Callable[[T], Any], size: int, backwards: bool = False
) -> tuple[list[T], JSON]:
    """Return one page of the items in the order of their keys, and the NextToken member if more follow.

    A token remembers the key of the last item, so that a page goes on rightly when items came or went.
    """
    if "NextToken" in call.params:
        try:
            last = _cut(call.params["NextToken"])
            items = [item for item in items if (key(item) < last if backwards else key(item) > last)]
        except (binascii.Error, ValueError, KeyError, TypeError):
            raise call.refuse("sm.list.bad-token") from None
    found = (heapq.nlargest if backwards else heapq.nsmallest)(size, items, key=key)
    if len(items) <= size:
        return found, {}
    after = json.dumps({"after": key(found[-1])})
    return found, {"NextToken": base64.urlsafe_b64encode(after.encode()).decode()}


def _passes(item: Listed, params: Mapping[str, Any]) -> bool:
    modified = getattr(item, "modified", item.created)
    return all(
        (
            params.get("NameContains", "") in item.name,
            item.created >= params.get("CreationTimeAfter", item.created),
            item.created <= params.get("CreationTimeBefore", item.created),
            modified >= params.get("LastModifiedTimeAfter", modified),
            modified <= params.get("LastModifiedTimeBefore", modified),
            params.get("StatusEquals") in {None, getattr(item, "status", None)},
        )
    )


@holds("sm.list.filter-after-page")
def listed(call: Call, items: Sequence[N]) -> tuple[list[N], JSON]:
    """Return the page that a List call asked for, and its NextToken member."""
    sort_by = call.params.get("SortBy", "CreationTime")
    attribute = {"Name": "name", "CreationTime": "created", "Status": "status"}[sort_by]
    backwards = call.params.get("SortOrder", call.ledger.value("sm.list.sort-order")) == "Descending"
    size = call.params.get("MaxResults", call.ledger.value("sm.list.page-size"))

    by_name = call.ledger.value("sm.list.order") == "names"

    def key(item: N) -> tuple[Any, ...]:
        scatter = 0 if by_name else crc32(item.name.encode())
        return getattr(item, attribute), scatter, item.name

    cut, token = page(call, items, key=key, size=size, backwards=backwards)
    return [item for item in cut if _passes(item, call.params)], token
