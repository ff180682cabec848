"""Scalable targets that were released for an update: saved in status, restored as they were read.

A release deregisters a target, and AWS deletes its policies and scheduled actions with it and resets its
suspended state. All of them are saved, no matter who created them.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.consistency import SETTLING_SECONDS
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import Observed, ObservedPolicy, ObservedTarget

_AT: Final = re.compile(r"at\((.+)\)")


@dataclass(frozen=True, slots=True)
class Released:
    """A target as it was read before its release; `since` is the time of the release on AWS's clock."""

    target: ObservedTarget
    since: float


def encode_target(target: ObservedTarget) -> str:
    """Return a target with all that belongs to it as JSON."""
    content = {
        "MinCapacity": target.min_capacity,
        "MaxCapacity": target.max_capacity,
        "SuspendedState": target.suspended,
        "Policies": {name: [policy.type, policy.configuration] for name, policy in target.policies.items()},
        "ScheduledActions": target.scheduled_actions or {},
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def decode_target(text: str) -> ObservedTarget:
    """Read back what `encode_target` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    content = json.loads(text)
    return ObservedTarget(
        min_capacity=int(content["MinCapacity"]),
        max_capacity=int(content["MaxCapacity"]),
        policies={name: ObservedPolicy(*policy) for name, policy in content["Policies"].items()},
        suspended=content["SuspendedState"],
        scheduled_actions=content["ScheduledActions"],
    )


def restoration(
    endpoint_name: str, variant: str, saved: ObservedTarget, observed: Observed, tags: Mapping[str, str]
) -> Iterator[Command]:
    """Yield the writes that restore what is missing of a released target.

    Scheduled actions whose time is over are left out: AWS may refuse them, and they have no effect.
    """
    live = observed.targets.get(variant)
    if live is None:
        yield commands.register_scalable_target(
            endpoint_name,
            variant,
            min_capacity=saved.min_capacity,
            max_capacity=saved.max_capacity,
            suspended=saved.suspended,
            tags=tags,
        )
    policies = live.policies if live else {}
    for name, policy in saved.policies.items():
        if name not in policies:
            yield commands.put_scaling_policy(endpoint_name, variant, name, policy.type, policy.configuration)
    actions = (live.scheduled_actions if live else None) or {}
    for name, action in (saved.scheduled_actions or {}).items():
        if name not in actions and not _is_over(action, observed.now):
            yield commands.put_scheduled_action(endpoint_name, variant, name, action)


def still_released(
    released: Mapping[str, Released], desired: Desired, observed: Observed
) -> Mapping[str, Released]:
    """Return the records that are still needed.

    A record is dropped once a read shows all of its target, unless that read may be older than the release;
    once its variant has left the endpoint; and once the spec gives its variant a fixed count.
    """
    endpoint = observed.endpoint
    if endpoint is None:
        return {}
    serving = {variant.name for variant in endpoint.variants} or set(released)
    fixed = {variant.name for variant in desired.variants if variant.scaling is None}
    return {
        name: record
        for name, record in released.items()
        if name in serving - fixed
        and (
            observed.now - record.since < SETTLING_SECONDS
            or any(restoration("", name, record.target, observed, {}))
        )
    }


def _is_over(action: Mapping[str, Any], now: float) -> bool:
    """Return whether a scheduled action will not fire again: its end, or the time of an at(), has passed.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
    """
    once = _AT.fullmatch(str(action.get("Schedule", "")))
    ends = [str(action["EndTime"])] if "EndTime" in action else []
    try:
        zone = ZoneInfo(str(action.get("Timezone", "UTC")))
        times = [datetime.fromisoformat(text) for text in (*ends, *([once[1]] if once else []))]
    except (ValueError, ZoneInfoNotFoundError):
        return False
    return any((time if time.tzinfo else time.replace(tzinfo=zone)).timestamp() < now for time in times)
