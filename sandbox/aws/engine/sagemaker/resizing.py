"""How a change of weights or counts ends: as it was asked for, or as it was before.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpointWeightsAndCapacities.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.records import EndpointStatus, Variant, growth
from sandbox.aws.engine.sagemaker.fleet import trouble
from sandbox.aws.engine.sagemaker.quotas import overdrawn
from sandbox.aws.engine.sagemaker.transitions import (
    announce_launch,
    begin,
    fail_rollback,
    once_equipped,
    roll_back,
    settle,
)

if TYPE_CHECKING:
    from sandbox.aws.engine.core import Failure, Region
    from sandbox.aws.engine.records import Endpoint


def begin_resizing(
    region: Region, endpoint: Endpoint, before: tuple[Variant, ...], seconds: float, failure: Failure | None
) -> None:
    """Let current weights and counts become the desired ones, or roll back to what was ``before``."""

    def arrive(present: Endpoint) -> None:
        reached = tuple(
            replace(
                variant,
                current_weight=variant.desired_weight,
                current_instance_count=variant.desired_instance_count,
            )
            for variant in present.variants
        )
        settle(region, replace(present, variants=reached), EndpointStatus.IN_SERVICE)

    def turn_back(present: Endpoint, reason: str) -> None:
        if failure and failure.status is EndpointStatus.UPDATE_ROLLBACK_FAILED:
            fail_rollback(region, replace(present, variants=before), reason)
        else:
            roll_back(region, present, before, reason)

    def ending(present: Endpoint) -> None:
        reason = failure.reason if failure else _growth_trouble(region, before, present)
        if failure or reason:
            turn_back(present, reason)
        else:
            arrive(present)

    equipped = once_equipped(region, _growing(endpoint), failure, ending)
    begin(region, endpoint, seconds=seconds, ending=equipped)
    more = tuple((one, one.desired_instance_count - one.current_instance_count) for one in endpoint.variants)
    announce_launch(region, endpoint, more, failure)


def _growing(endpoint: Endpoint) -> list[Variant]:
    return [one for one in endpoint.variants if one.desired_instance_count > one.current_instance_count]


def _growth_trouble(region: Region, before: tuple[Variant, ...], endpoint: Endpoint) -> str:
    return overdrawn(region, growth(before, endpoint.variants)) or trouble(region, _growing(endpoint))
