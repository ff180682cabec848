"""Not scaled activities: telling once, for as long as it lasts, why a policy does not get what it wants.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.records import Activity, ActivityStatus
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.autoscaling.decision import Wish
    from sandbox.aws.engine.autoscaling.records import ResourceId
    from sandbox.aws.engine.core import Region


@holds("autoscaling.not-scaled-once")
def tell_not_scaled(
    region: Region, resource: ResourceId, wish: Wish | None, reason: Mapping[str, Any] | None
) -> None:
    """Add an activity for a wish that is not followed, unless the last look told the same."""
    store = region.store(AutoScalingStore)
    key = str(resource)
    if wish is None or reason is None:
        store.told.pop(key, None)
        return
    what = {"policy": wish.policy.name, "alarm": wish.alarm, **reason}
    if store.told.get(key) == what:
        return
    store.told[key] = what
    store.add_activity(
        Activity(
            id=store.new_id(),
            resource=resource,
            count=wish.capacity,
            before=wish.capacity,
            policy=wish.policy.name,
            description=region.ledger.text("autoscaling.not-scaled-description"),
            cause=region.ledger.text("autoscaling.cause-alarm", alarm=wish.alarm, policy=wish.policy.name),
            started=region.clock.now(),
            status=ActivityStatus.FAILED,
            message="",
            not_scaled=reason,
        )
    )
