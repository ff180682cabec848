"""Launches that wait for machines: a type of which none is spare fails them only after a time.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Variant


def _lacking(region: Region, variants: Sequence[Variant]) -> list[Variant]:
    now = region.clock.now()
    return [one for one in variants if not region.scenery.has_capacity(one.instance_type, now)]


def _patience(region: Region, variant: Variant) -> float:
    """Return for how many seconds the launch of a variant waits for machines."""
    if variant.provision_timeout is None:
        return region.ledger.seconds("sm.capacity.wait-seconds")
    return _own_patience(variant.provision_timeout)


@holds("sm.capacity.timeout")
def _own_patience(seconds: float) -> float:
    return seconds


def waits(region: Region, variants: Sequence[Variant]) -> Callable[[], bool]:
    """Return what tells, each time that a launch could end, whether it still waits for machines."""
    until: list[float] = []

    def waiting() -> bool:
        lacking, now = _lacking(region, variants), region.clock.now()
        if lacking and not until:
            until.append(now + min(_patience(region, variant) for variant in lacking))
        return bool(lacking) and now < until[0]

    return waiting
