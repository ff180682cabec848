"""What a request needs: its own action on its resources, and the actions that it implies.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsapplicationautoscaling.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.records import ResourceId
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.iam.documents import Permission
from sandbox.aws.engine.sagemaker.store import arn_of, store_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sandbox.aws.engine.core import Call
    from sandbox.aws.engine.iam.conditions import Context

EVERYTHING = "*"
"""The resource of an action that knows none."""

PREFIXES = {"sagemaker-runtime": "sagemaker", "resourcegroupstaggingapi": "tag"}
"""What IAM calls a service, where that is not botocore's name of it."""

_NAMED = {"EndpointName": "endpoint", "EndpointConfigName": "endpoint-config", "ModelName": "model"}


def own(call: Call, service: str, operation: str) -> Iterator[Permission]:
    """Yield the action of an operation on each of the resources that it names."""
    action = f"{PREFIXES.get(service, service)}:{operation}"
    request_tags = _request_tags(call.params)
    for resource in _resources(call, service, operation):
        yield permission(call, action, resource, _resource_tags(call, resource) | request_tags)


def permission(call: Call, action: str, resource: str, context: Context | None = None) -> Permission:
    known = {"aws:requestedregion": [call.region.name], **(context or {})}
    return Permission(action=action, resource=resource, context=known)


def _resources(call: Call, service: str, operation: str) -> Iterable[str]:
    if service in {"sagemaker", "sagemaker-runtime"}:
        return _of_sagemaker(call, operation)
    if service == "application-autoscaling":
        return [_of_autoscaling(call, operation)]
    if service == "cloudwatch" and operation == "DescribeAlarms":
        return [call.region.arn("cloudwatch", "alarm:*")]
    if service == "cloudwatch" and "Alarm" in operation:
        return [call.region.arn("cloudwatch", f"alarm:{name}") for name in _alarms(call)]
    return [str(call.params.get("RoleArn", EVERYTHING)) if service == "sts" else EVERYTHING]


def _alarms(call: Call) -> Iterable[str]:
    """Return the alarms that a call names to change them; to describe some takes a permission for all."""
    name, names = call.params.get("AlarmName"), call.params.get("AlarmNames", ())
    return ([name] if name else list(names)) or ["*"]


def _of_sagemaker(call: Call, operation: str) -> Iterable[str]:
    if "ResourceArn" in call.params:
        return [str(call.params["ResourceArn"])]
    named = [
        arn_of(call.region, kind, call.params[key]) for key, kind in _NAMED.items() if key in call.params
    ]
    both = operation in call.ledger.value("iam.endpoint-config-too")
    return (named if both else named[:1]) or [EVERYTHING]


def _of_autoscaling(call: Call, operation: str) -> str:
    if operation.startswith("Describe"):
        return EVERYTHING
    if "ResourceARN" in call.params:
        return str(call.params["ResourceARN"])
    return target_arn(call)


def target_arn(call: Call) -> str:
    """Return the ARN of the target that a call names; for one that is not there yet it ends in ``*``."""
    resource = ResourceId.parse(str(call.params.get("ResourceId", "")))
    target = call.region.store(AutoScalingStore).target(resource) if resource else None
    return target.arn if target else call.region.arn("application-autoscaling", "scalable-target/*")


def _request_tags(params: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what conditions may ask about the tags that a request brings, or takes away."""
    given = params.get("Tags", {})
    tags = given if isinstance(given, dict) else {tag.get("Key", ""): tag.get("Value", "") for tag in given}
    keys = [*tags, *params.get("TagKeys", ())]
    found = {f"aws:requesttag/{key.lower()}": [value] for key, value in tags.items()}
    return found | ({"aws:tagkeys": keys} if keys else {}) | _scaling(params)


def _scaling(params: Mapping[str, Any]) -> dict[str, list[str]]:
    keys = {"service-namespace": "ServiceNamespace", "scalable-dimension": "ScalableDimension"}
    return {
        f"application-autoscaling:{name}": [params[member]]
        for name, member in keys.items()
        if member in params
    }


def _resource_tags(call: Call, resource: str) -> dict[str, list[str]]:
    tags = dict(store_of(call.region).tags.get(resource.lower()) or ())
    tags |= call.region.store(AutoScalingStore).tags.get(resource) or {}
    return {f"aws:resourcetag/{key.lower()}": [value] for key, value in tags.items()}
