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
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
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
    policy = _changed(call, present, asked) if present else _new(call, target.resource, asked)
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
        alarm_high=_alarm_name(call, resource, "High"),
        alarm_low=_alarm_name(call, resource, "Low"),
    )


def _changed(call: Call, present: ScalingPolicy, asked: Configuration) -> ScalingPolicy:
    """Return a policy with another configuration; an alarm of it that was deleted is made anew."""
    policy = replace(present, config=asked.config)
    if not present.tracks or call.ledger.value("autoscaling.alarm-remade") == "same name":
        return policy
    kept = store_of(call).alarms_of(present)
    if present.alarm_high not in kept:
        policy = replace(policy, alarm_high=_alarm_name(call, present.resource, "High"))
    if present.scales_in and present.alarm_low not in kept:
        policy = replace(policy, alarm_low=_alarm_name(call, present.resource, "Low"))
    return policy


def _alarm_name(call: Call, resource: ResourceId, which: str) -> str:
    return f"TargetTracking-{resource}-Alarm{which}-{store_of(call).new_id()}"


def _alarms(region: Region, policy: ScalingPolicy) -> list[JSON]:
    """Return the alarms that a policy keeps, or those that call it."""
    names = _kept(region, policy) if policy.tracks else _calling(region, policy)
    return [{"AlarmName": name, "AlarmARN": region.arn("cloudwatch", f"alarm:{name}")} for name in names]


def _kept(region: Region, policy: ScalingPolicy) -> list[str]:
    if region.ledger.value("autoscaling.alarm-deleted-listed"):
        return [policy.alarm_high] + ([policy.alarm_low] if policy.scales_in else [])
    return region.store(AutoScalingStore).alarms_of(policy)


def _calling(region: Region, policy: ScalingPolicy) -> list[str]:
    if not region.ledger.value("autoscaling.step-alarms-listed"):
        return []
    alarms = region.store(AlarmStore).alarms.values()
    return [alarm.name for alarm in alarms if policy.arn in alarm.config.get("AlarmActions", ())]


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
