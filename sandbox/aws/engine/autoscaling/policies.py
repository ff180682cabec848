"""Scaling policies: putting, deleting, describing; and the alarms that they bring.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.configurations import CONFIGURATIONS, asked_for, tracks_the_same
from sandbox.aws.engine.autoscaling.evaluation import wake
from sandbox.aws.engine.autoscaling.records import DIMENSION, NAMESPACE, ScalingPolicy
from sandbox.aws.engine.autoscaling.requests import check_scope, paged, resource_of, store_of, target_of
from sandbox.aws.engine.cloudwatch.alarm_store import AlarmStore
from sandbox.aws.engine.core import operation

if TYPE_CHECKING:
    from sandbox.aws.engine.autoscaling.configurations import Configuration
    from sandbox.aws.engine.autoscaling.records import ResourceId
    from sandbox.aws.engine.core import JSON, Call, Region

_SERVICE = "application-autoscaling"


@operation(_SERVICE, "PutScalingPolicy", write=True, resource="ResourceId")
def put_scaling_policy(call: Call) -> JSON:
    target = target_of(call)
    name = call.params["PolicyName"]
    store = store_of(call)
    present = store.policy(target.resource, name)
    asked = asked_for(call, present)
    others = [policy for policy in store.policies_of(target.resource) if policy.name != name]
    if any(tracks_the_same(asked, policy) for policy in others):
        raise call.refuse("autoscaling.one-policy-per-metric")
    limit = call.ledger.value("autoscaling.policies-per-target")
    if present is None and len(others) >= limit:
        raise call.refuse("autoscaling.too-many-policies", limit=limit)
    policy = replace(present, config=asked.config) if present else _new(call, target.resource, asked)
    store.put_policy(policy)
    wake(call.region, target.resource)
    return {"PolicyARN": policy.arn, "Alarms": _alarms(call.region, policy)}


def _new(call: Call, resource: ResourceId, asked: Configuration) -> ScalingPolicy:
    store, name = store_of(call), call.params["PolicyName"]
    what = f"scalingPolicy:{store.new_id()}:resource/{NAMESPACE}/{resource}:policyName/{name}"
    return ScalingPolicy(
        resource=resource,
        name=name,
        arn=call.region.arn("autoscaling", what),
        type=asked.type,
        config=asked.config,
        created=call.now,
        alarm_high=f"TargetTracking-{resource}-AlarmHigh-{store.new_id()}",
        alarm_low=f"TargetTracking-{resource}-AlarmLow-{store.new_id()}",
    )


def _alarms(region: Region, policy: ScalingPolicy) -> list[JSON]:
    """Return the alarms that a policy keeps, or those that call it."""
    if policy.tracks:
        names = [policy.alarm_high] + ([policy.alarm_low] if policy.scales_in else [])
    else:
        alarms = region.store(AlarmStore).alarms.values()
        names = [alarm.name for alarm in alarms if policy.arn in alarm.config.get("AlarmActions", ())]
    return [{"AlarmName": name, "AlarmARN": region.arn("cloudwatch", f"alarm:{name}")} for name in names]


@operation(_SERVICE, "DeleteScalingPolicy", write=True, resource="ResourceId")
def delete_scaling_policy(call: Call) -> JSON:
    resource, name = resource_of(call), call.params["PolicyName"]
    policy = store_of(call).policy(resource, name)
    if policy is None:
        raise call.refuse("autoscaling.policy-missing", name=resource, policy=name)
    store_of(call).drop_policy(policy)
    return {}


@operation(_SERVICE, "DescribeScalingPolicies", resource="ResourceId")
def describe_scaling_policies(call: Call) -> JSON:
    check_scope(call)
    names, resource = call.params.get("PolicyNames"), call.params.get("ResourceId")
    found = [
        policy
        for policy in store_of(call).policies.all(call.as_of)
        if (not names or policy.name in names) and resource in {None, str(policy.resource)}
    ]
    some, following = paged(call, found, limit_row="autoscaling.policy-page")
    return {"ScalingPolicies": [_described(call.region, policy) for policy in some], **following}


def _described(region: Region, policy: ScalingPolicy) -> JSON:
    return {
        "PolicyARN": policy.arn,
        "PolicyName": policy.name,
        "ServiceNamespace": NAMESPACE,
        "ResourceId": str(policy.resource),
        "ScalableDimension": DIMENSION,
        "PolicyType": str(policy.type),
        CONFIGURATIONS[policy.type]: policy.config,
        "Alarms": _alarms(region, policy),
        "CreationTime": policy.created,
    }
