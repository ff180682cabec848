"""What the operations of Application Auto Scaling have in common: whom a request is about, and its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.aws.engine.autoscaling.records import DIMENSION, NAMESPACE, ResourceId
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.pages import ForeignTokenError, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.aws.engine.autoscaling.records import ScalableTarget
    from sandbox.aws.engine.core import Call

T = TypeVar("T")


def store_of(call: Call) -> AutoScalingStore:
    return call.region.store(AutoScalingStore)


def check_scope(call: Call) -> None:
    """Refuse a namespace or dimension that is not simulated."""
    for given, known in (("ServiceNamespace", NAMESPACE), ("ScalableDimension", DIMENSION)):
        what = call.params.get(given, known)
        if what != known:
            raise call.refuse("autoscaling.only-variants", what=what)


def resource_of(call: Call) -> ResourceId:
    """Return the variant that a request names, or refuse."""
    check_scope(call)
    resource = ResourceId.parse(call.params["ResourceId"])
    if resource is None:
        raise call.refuse("autoscaling.resource-id", name=call.params["ResourceId"])
    return resource


def target_of(call: Call) -> ScalableTarget:
    """Return the registered target that a request names, or refuse."""
    resource = resource_of(call)
    target = store_of(call).target(resource)
    if target is None:
        raise call.refuse("autoscaling.target-missing", name=resource)
    return target


def paged(call: Call, items: Sequence[T], *, limit_row: str) -> tuple[Sequence[T], dict[str, Any]]:
    """Return the page that a Describe call asks for, and its NextToken member."""
    limit = call.ledger.value(limit_row)
    size = min(call.params.get("MaxResults", limit), limit)
    try:
        return page(items, call.params, size=size)
    except ForeignTokenError:
        raise call.refuse("autoscaling.next-token") from None
