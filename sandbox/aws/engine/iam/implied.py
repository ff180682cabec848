"""What requests do in other services' names, and need a permission for, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.engine.autoscaling.records import DIMENSION, NAMESPACE, PolicyType, ResourceId
from sandbox.aws.engine.autoscaling.store import AutoScalingStore
from sandbox.aws.engine.core import partition
from sandbox.aws.engine.iam.identities import identities_of
from sandbox.aws.engine.iam.permissions import own, permission, target_arn
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.engine.core import Call
    from sandbox.aws.engine.iam.documents import Permission

_SCALING = "application-autoscaling"


def implied(call: Call, service: str, operation: str) -> Iterator[tuple[Permission, str]]:
    """Yield what an operation implies, with the row that refuses it; empty for the usual words."""
    if service == "sagemaker" and operation.startswith("Create"):
        yield from _tagging(call, service, operation)
        yield from _passing(call)
    elif operation == "DeleteEndpoint":
        yield from _deregistering(call)
    elif operation == "PutMetricAlarm":
        yield from _tagging_alarm(call, service, operation)
    elif operation == "RegisterScalableTarget":
        yield from _registering(call)
    elif operation in {"DeleteScalingPolicy", "DeregisterScalableTarget"} or _tracks(call, operation):
        yield from _keeping_alarms(call, operation)


@holds("iam.tags-at-creation")
def _tagging(call: Call, service: str, operation: str) -> Iterator[tuple[Permission, str]]:
    if call.params.get("Tags"):
        wanted = next(iter(own(call, service, operation)))
        context = {**wanted.context, "sagemaker:taggingaction": [operation]}
        yield permission(call, "sagemaker:AddTags", wanted.resource, context), ""


@holds("iam.tags-of-alarms")
def _tagging_alarm(call: Call, service: str, operation: str) -> Iterator[tuple[Permission, str]]:
    if call.params.get("Tags"):
        wanted = next(iter(own(call, service, operation)))
        yield permission(call, "cloudwatch:TagResource", wanted.resource, wanted.context), ""


@holds("iam.pass-role")
def _passing(call: Call) -> Iterator[tuple[Permission, str]]:
    role = call.params.get("ExecutionRoleArn")
    if role:
        to = {"iam:passedtoservice": ["sagemaker.amazonaws.com"]}
        yield permission(call, "iam:PassRole", role, to), ""


def _deregistering(call: Call) -> Iterator[tuple[Permission, str]]:
    context = {
        "application-autoscaling:service-namespace": [NAMESPACE],
        "application-autoscaling:scalable-dimension": [DIMENSION],
    }
    for target in call.region.store(AutoScalingStore).targets_of(call.params.get("EndpointName", "")):
        wanted = permission(call, f"{_SCALING}:DeregisterScalableTarget", target.arn, context)
        yield wanted, "iam.delete-needs-deregister"


@holds("iam.service-linked-role")
def _registering(call: Call) -> Iterator[tuple[Permission, str]]:
    if call.params.get("Tags"):
        context = next(iter(own(call, _SCALING, "RegisterScalableTarget"))).context
        yield permission(call, f"{_SCALING}:TagResource", target_arn(call), context), ""
    if not identities_of(call.region.engine, call.region.account).has_service_linked_role:
        text = call.ledger.text(
            "autoscaling.role", account=call.region.account, partition=partition(call.region.name)
        )
        to = {"iam:awsservicename": ["sagemaker.application-autoscaling.amazonaws.com"]}
        yield permission(call, "iam:CreateServiceLinkedRole", text, to), ""


def _tracks(call: Call, operation: str) -> bool:
    """Say whether a call puts a policy that keeps alarms of its own."""
    return operation == "PutScalingPolicy" and call.params.get("PolicyType") != PolicyType.STEPS


@holds("iam.alarms")
def _keeping_alarms(call: Call, operation: str) -> Iterator[tuple[Permission, str]]:
    name = str(call.params.get("ResourceId", ""))
    resource, alarms = ResourceId.parse(name), call.region.arn("cloudwatch", f"alarm:TargetTracking-{name}-*")
    if operation == "PutScalingPolicy":
        actions = ["PutMetricAlarm", "DescribeAlarms"]
    else:
        found = call.region.store(AutoScalingStore).policies_of(resource) if resource else []
        actions = ["DeleteAlarms"] if any(policy.tracks for policy in found) else []
    for action in actions:
        yield permission(call, f"cloudwatch:{action}", alarms), "iam.alarms-denied"
