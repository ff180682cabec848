"""Reads the scalable targets of an endpoint's variants, with their policies and scheduled actions."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.commands import SCALABLE_DIMENSION, scalable_resource_id
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedPolicy, ObservedTarget

_SCHEDULED_ACTION = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")
"""The members of DescribeScheduledActions that PutScheduledAction takes."""


def read_targets(
    clients: AwsClients, endpoint_name: str, variants: Collection[str]
) -> Iterator[tuple[str, ObservedTarget]]:
    """Yield the variants that have a scalable target, with one call, and two more for each target."""
    names = {scalable_resource_id(endpoint_name, name): name for name in sorted(variants)}
    if not names:
        return
    pages = clients.autoscaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker", ResourceIds=list(names), ScalableDimension=SCALABLE_DIMENSION
    )
    for page in pages:
        for target in page["ScalableTargets"]:
            observed = ObservedTarget(
                min_capacity=target["MinCapacity"],
                max_capacity=target["MaxCapacity"],
                policies=dict(_policies(clients, target["ResourceId"])),
                suspended={name: bool(state) for name, state in target.get("SuspendedState", {}).items()},
                scheduled_actions=dict(_scheduled_actions(clients, target["ResourceId"])),
            )
            yield names[target["ResourceId"]], observed


def _policies(clients: AwsClients, resource_id: str) -> Iterator[tuple[str, ObservedPolicy]]:
    pages = clients.autoscaling.get_paginator("describe_scaling_policies").paginate(
        ServiceNamespace="sagemaker", ResourceId=resource_id, ScalableDimension=SCALABLE_DIMENSION
    )
    for page in pages:
        for policy in page["ScalingPolicies"]:
            members: Mapping[str, Any] = policy
            yield (
                policy["PolicyName"],
                ObservedPolicy(
                    type=policy["PolicyType"],
                    configuration=members.get(f"{policy['PolicyType']}PolicyConfiguration", {}),
                    arn=policy["PolicyARN"],
                    alarms=tuple(alarm["AlarmName"] for alarm in policy.get("Alarms", [])),
                ),
            )


def _scheduled_actions(clients: AwsClients, resource_id: str) -> Iterator[tuple[str, ObservedAction]]:
    pages = clients.autoscaling.get_paginator("describe_scheduled_actions").paginate(
        ServiceNamespace="sagemaker", ResourceId=resource_id, ScalableDimension=SCALABLE_DIMENSION
    )
    for page in pages:
        for action in page["ScheduledActions"]:
            members: Mapping[str, Any] = action
            kept = {member: _text(members[member]) for member in _SCHEDULED_ACTION if member in members}
            yield action["ScheduledActionName"], ObservedAction(kept, action["CreationTime"].timestamp())


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
