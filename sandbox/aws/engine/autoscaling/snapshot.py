"""Scalable targets in the state of the simulation, without times and random ids."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.core import state_section

if TYPE_CHECKING:
    from sandbox.aws.engine.autoscaling.records import ScalableTarget
    from sandbox.aws.engine.core import JSON, Region


@state_section("scalableTargets")
def _targets(region: Region) -> JSON:
    store = region.store(AutoScalingStore)
    return {str(target.resource): _target(store, target) for target in store.targets.all()}


def _target(store: AutoScalingStore, target: ScalableTarget) -> JSON:
    return {
        "min": target.minimum,
        "max": target.maximum,
        "suspended": asdict(target.suspended),
        "tags": store.tags.get(target.arn) or {},
        "scheduledActions": {
            action.name: {"schedule": action.schedule, "timezone": action.timezone, **action.bounds}
            for action in store.scheduled_of(target.resource)
        },
        "policies": {policy.name: dict(policy.config) for policy in store.policies_of(target.resource)},
    }
