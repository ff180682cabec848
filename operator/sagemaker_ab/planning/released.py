"""Scalable targets that were released for an update: saved in status, restored as they were read.

A release deregisters a target, and AWS deletes its policies and scheduled actions with it and resets its
suspended state. All of them are saved, no matter who created them.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sagemaker_ab.planning import commands
from sagemaker_ab.planning.commands import Command
from sagemaker_ab.planning.consistency import SETTLING_SECONDS
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.desired_scaling import STEP_SCALING
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedPolicy, ObservedTarget
from sagemaker_ab.planning.scheduled_actions import is_over


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
        "ScheduledActions": {name: action.members for name, action in target.scheduled_actions.items()},
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
        scheduled_actions={
            name: ObservedAction(dict(members)) for name, members in content["ScheduledActions"].items()
        },
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
            yield _put_again(endpoint_name, variant, name, policy)
    actions = live.scheduled_actions if live else {}
    for name, action in saved.scheduled_actions.items():
        if name not in actions and not is_over(action.members, observed.now):
            yield commands.put_scheduled_action(endpoint_name, variant, name, action.members)


def _put_again(endpoint_name: str, variant: str, name: str, policy: ObservedPolicy) -> Command:
    """Put a policy as it was. It has a new ARN, which matters where alarms of others fire it."""
    put = commands.put_scaling_policy(endpoint_name, variant, name, policy.type, policy.configuration)
    if policy.type != STEP_SCALING:
        return put
    what_follows = "with a new ARN, which alarms that somebody else made must name"
    return replace(put, description=f"{put.description} again, {what_follows}")


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
