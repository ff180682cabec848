"""How many instances an account may have in a region, of each type and in all.

https://docs.aws.amazon.com/general/latest/gr/sagemaker.html (service quotas)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.aws.engine.core import Region
    from sandbox.aws.errors import AwsError


@dataclass(frozen=True, slots=True)
class _Quota:
    """A quota by its name; ``used`` counts both fleets of an endpoint that is updated."""

    name: str
    limit: int
    used: int
    delta: int


def _quotas(region: Region, wanted: Mapping[str, int]) -> Iterator[_Quota]:
    """Yield the quotas in force that so many more instances by type count for."""
    used, scenery = store_of(region).instances, region.scenery
    for instance_type, delta in wanted.items():
        limit = scenery.quota(instance_type)
        if limit is not None:
            name = region.ledger.text("sm.quota.name", type=instance_type)
            yield _Quota(name, limit, used[instance_type], delta)
    total = region.ledger.value("sm.quota.total")
    limit = scenery.quota(total)
    if limit is not None:
        yield _Quota(total, limit, used.total(), sum(wanted.values()))


def _refusal(region: Region, quota: _Quota, used: int) -> AwsError:
    return region.refuse(
        "sm.quota.exceeded", quota=quota.name, limit=quota.limit, used=used, delta=quota.delta
    )


@holds("sm.quota.both-fleets")
def check_quota(region: Region, wanted: Mapping[str, int]) -> None:
    """Refuse if so many more instances of each type exceed a quota of the account in this region."""
    for quota in _quotas(region, wanted):
        if quota.delta > 0 and quota.used + quota.delta > quota.limit:
            raise _refusal(region, quota, quota.used)


@holds("sm.quota.while-busy")
def overdrawn(region: Region, launching: Mapping[str, int]) -> str:
    """Return the quota's words if instances that are being launched are too many by now; empty if not."""
    for quota in _quotas(region, launching):
        if quota.delta > 0 and quota.used > quota.limit:
            return _refusal(region, quota, quota.used - quota.delta).message
    return ""
