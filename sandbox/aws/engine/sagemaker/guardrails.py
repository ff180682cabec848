"""Deployment guardrails: what a DeploymentConfig asks for, and whether it may.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeploymentConfig.html
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.aws.engine.core import Region
    from sandbox.aws.engine.records import Endpoint, Variant

_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}
_EXCLUDED = re.compile(r"ml\.inf1\.")
_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrails:
    """How a new fleet takes over: per step, how many instances of each variant take traffic.

    Times are virtual seconds; ``limit`` is the longest that all of it may take.
    """

    steps: tuple[Mapping[str, int], ...]
    wait: float = 0.0
    final_wait: float = 0.0
    limit: float = math.inf
    alarms: tuple[str, ...] = ()

    def baking(self, step: int) -> float:
        """Return how long to watch the alarms after a step."""
        return self.wait if step + 1 < len(self.steps) else self.final_wait


def check_shape(region: Region, config: Mapping[str, Any], fleet: Sequence[Variant]) -> None:
    """Refuse a DeploymentConfig that contradicts itself, or the sizes of a fleet."""
    if "RollingUpdatePolicy" in config:
        if len(fleet) > 1:
            raise region.refuse("sm.guardrails.rolling-variants")
        raise region.refuse("sim.not-implemented", what="RollingUpdatePolicy")
    policy = config.get("BlueGreenUpdatePolicy")
    if policy is not None:
        _check_size(region, policy["TrafficRoutingConfiguration"], fleet)
        _check_limit(region, policy)


def _check_size(region: Region, routing: Mapping[str, Any], fleet: Sequence[Variant]) -> None:
    member = _SIZES.get(routing["Type"])
    if member is None:
        return
    if member not in routing:
        raise region.refuse("sm.guardrails.size-absent", type=routing["Type"], member=member)
    low, high = region.ledger.value("sm.guardrails.sizes")[member]
    for variant in fleet:
        if not low <= _percent(routing[member], variant.desired_instance_count) <= high:
            raise region.refuse("sm.guardrails.size", member=member, low=low, high=high, name=variant.name)


def _percent(size: Mapping[str, Any], instances: int) -> float:
    value: int = size["Value"]
    return value if size["Type"] == "CAPACITY_PERCENT" else _PERCENT * value / instances


def _check_limit(region: Region, policy: Mapping[str, Any]) -> None:
    waits = policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"]
    waits += policy.get("TerminationWaitInSeconds", region.ledger.value("sm.guardrails.termination-wait"))
    limit = policy.get("MaximumExecutionTimeoutInSeconds", math.inf)
    if limit <= waits:
        raise region.refuse("sm.guardrails.limit-short", limit=limit, waits=waits)


@holds("sm.guardrails.variant-names")
def check_names(region: Region, endpoint: Endpoint, fleet: Sequence[Variant]) -> None:
    """Refuse guardrails between fleets whose variants have other names."""
    if {variant.name for variant in endpoint.variants} != {variant.name for variant in fleet}:
        raise region.refuse("sm.guardrails.variant-names-text")


@holds("sm.guardrails.excluded")
def planned(region: Region, config: Mapping[str, Any], fleet: Sequence[Variant]) -> Guardrails:
    """Return what a checked DeploymentConfig means for a fleet."""
    if any(_EXCLUDED.match(variant.instance_type) for variant in fleet):
        return Guardrails(steps=_all_at_once(fleet))
    alarms = config.get("AutoRollbackConfiguration", {}).get("Alarms", ())
    names = tuple(alarm["AlarmName"] for alarm in alarms if "AlarmName" in alarm)
    policy = config.get("BlueGreenUpdatePolicy")
    if policy is None:
        return Guardrails(steps=_all_at_once(fleet), alarms=names)
    routing = policy["TrafficRoutingConfiguration"]
    final_wait = policy.get("TerminationWaitInSeconds", region.ledger.value("sm.guardrails.termination-wait"))
    return Guardrails(
        steps=_steps(region, routing, fleet),
        wait=routing["WaitIntervalInSeconds"],
        final_wait=final_wait,
        limit=policy.get("MaximumExecutionTimeoutInSeconds", math.inf),
        alarms=names,
    )


def _all_at_once(fleet: Sequence[Variant]) -> tuple[Mapping[str, int], ...]:
    return ({variant.name: variant.desired_instance_count for variant in fleet},)


@holds("sm.guardrails.canary", "sm.guardrails.linear")
def _steps(
    region: Region, routing: Mapping[str, Any], fleet: Sequence[Variant]
) -> tuple[Mapping[str, int], ...]:
    full = _all_at_once(fleet)
    if routing["Type"] not in _SIZES:
        return full
    size = routing[_SIZES[routing["Type"]]]
    batch = {one.name: _batch(region, size, one.desired_instance_count) for one in fleet}
    if routing["Type"] == "CANARY":
        return (batch, *full)
    number = max(-(-one.desired_instance_count // batch[one.name]) for one in fleet)
    return tuple(
        {one.name: min(batch[one.name] * step, one.desired_instance_count) for one in fleet}
        for step in range(1, number + 1)
    )


def _batch(region: Region, size: Mapping[str, Any], instances: int) -> int:
    """Return the whole instances that a size means for a variant with so many."""
    if size["Type"] == "INSTANCE_COUNT":
        return min(int(size["Value"]), instances)
    share = float(size["Value"]) * instances / _PERCENT
    up = region.ledger.value("sm.guardrails.whole-instances") == "up"
    return min(max(math.ceil(share) if up else math.floor(share), 1), instances)
