"""Scaling policies: putting, deleting, describing; and the alarms that they bring.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.evaluation import wake
from sandbox.aws.engine.autoscaling.records import DIMENSION, METRIC_TYPE, NAMESPACE, ScalingPolicy
from sandbox.aws.engine.autoscaling.requests import check_scope, paged, resource_of, store_of, target_of
from sandbox.aws.engine.core import operation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sandbox.aws.engine.autoscaling.records import ResourceId
    from sandbox.aws.engine.core import JSON, Call, Region

_SERVICE = "application-autoscaling"
_TRACKING = "TargetTrackingScaling"
_CONFIG = "TargetTrackingScalingPolicyConfiguration"


@operation(_SERVICE, "PutScalingPolicy", write=True, resource="ResourceId")
def put_scaling_policy(call: Call) -> JSON:
    target = target_of(call)
    name = call.params["PolicyName"]
    store = store_of(call)
    present = store.policy(target.resource, name)
    config = _config(call, present)
    if any(policy.name != name for policy in store.policies_of(target.resource)):
        raise call.refuse("autoscaling.one-policy-per-metric")
    policy = replace(present, config=config) if present else _new(call, target.resource, config)
    store.put_policy(policy)
    wake(call.region, target.resource)
    return {"PolicyARN": policy.arn, "Alarms": _alarms(call.region, policy)}


def _config(call: Call, present: ScalingPolicy | None) -> Mapping[str, Any]:
    """Return the configuration that a request gives or leaves, or refuse it."""
    kind = call.params.get("PolicyType", _TRACKING if present else "StepScaling")
    config: Mapping[str, Any] | None = call.params.get(_CONFIG, present.config if present else None)
    if kind != _TRACKING or config is None:
        raise call.refuse("autoscaling.only-predefined", what=kind)
    predefined = config.get("PredefinedMetricSpecification")
    if predefined is None:
        raise call.refuse("autoscaling.only-predefined", what="a customized metric")
    if predefined["PredefinedMetricType"] != METRIC_TYPE:
        raise call.refuse("autoscaling.metric-type")
    if config["TargetValue"] <= 0:
        raise call.refuse("autoscaling.target-value", value=config["TargetValue"])
    return config


def _new(call: Call, resource: ResourceId, config: Mapping[str, Any]) -> ScalingPolicy:
    store, name = store_of(call), call.params["PolicyName"]
    what = f"scalingPolicy:{store.new_id()}:resource/{NAMESPACE}/{resource}:policyName/{name}"
    return ScalingPolicy(
        resource=resource,
        name=name,
        arn=call.region.arn("autoscaling", what),
        config=config,
        created=call.now,
        alarm_high=f"TargetTracking-{resource}-AlarmHigh-{store.new_id()}",
        alarm_low=f"TargetTracking-{resource}-AlarmLow-{store.new_id()}",
    )


def _alarms(region: Region, policy: ScalingPolicy) -> list[JSON]:
    names = [policy.alarm_high] + ([policy.alarm_low] if policy.scales_in else [])
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
        "PolicyType": _TRACKING,
        _CONFIG: policy.config,
        "Alarms": _alarms(region, policy),
        "CreationTime": policy.created,
    }
