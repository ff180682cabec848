"""The writes that a plan is made of: plain objects, one AWS call each, with the API reference's names.

This is the only module that knows request shapes:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Service.html
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Operations.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sagemaker_ab.planning.desired import Desired, DesiredModel
from sagemaker_ab.planning.names import content_hash


class Service(StrEnum):
    """AWS services by boto3's names."""

    SAGEMAKER = "sagemaker"
    AUTOSCALING = "application-autoscaling"
    CLOUDWATCH = "cloudwatch"


@dataclass(frozen=True, slots=True)
class Command:
    """One write: AWS's name of the operation, the members of its request, and a description for people.

    `attempt` identifies requests that are attempts at the same, though they differ in details.
    """

    service: Service
    operation: str
    request: Mapping[str, Any]
    description: str
    attempt: str = ""

    @property
    def identity(self) -> str:
        """Equal for equal writes, so that a write that was just sent is recognized."""
        return f"{self.operation}-{content_hash(self.request)}"

    @property
    def subject(self) -> str:
        """What a refusal counts for, and its backoff: the request, or the attempt that it is part of."""
        return f"{self.operation}-{self.attempt}" if self.attempt else self.identity


def create_model(model: DesiredModel, tags: Mapping[str, str]) -> Command:
    request = {"ModelName": model.name, **model.content, "Tags": _tag_list({**tags, **model.tags})}
    return Command(Service.SAGEMAKER, "CreateModel", request, f"create model {model.name}")


def create_endpoint_config(name: str, content: Mapping[str, Any], tags: Mapping[str, str]) -> Command:
    """Create a config; `content` is the request without name and tags."""
    request = {"EndpointConfigName": name, **content, "Tags": _tag_list(tags)}
    return Command(Service.SAGEMAKER, "CreateEndpointConfig", request, f"create endpoint config {name}")


def create_endpoint(desired: Desired) -> Command:
    request = {
        "EndpointName": desired.endpoint_name,
        "EndpointConfigName": desired.config_name,
        "Tags": _tag_list(desired.all_tags),
    }
    description = f"create endpoint {desired.endpoint_name} with config {desired.config_name}"
    return Command(Service.SAGEMAKER, "CreateEndpoint", request, description)


def update_endpoint(desired: Desired) -> Command:
    """Deploy a new config, and keep the live counts and weights that the desired state retains.

    All updates to the same content are one attempt: the counts with which a new variant starts follow the
    autoscaler, and a refused update must not release scalable targets again at each of its moves.

    By default AWS resets weights and counts to the config's initial ones. An autoscaled variant must keep its
    live count, and a strategy has moved the weights since the config was named. What is not retained comes
    from the config, also for variants that are new.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    """
    request: dict[str, Any] = {
        "EndpointName": desired.endpoint_name,
        "EndpointConfigName": desired.config_name,
    }
    retained = {"DesiredInstanceCount": desired.retains_counts, "DesiredWeight": desired.retains_weights}
    if any(retained.values()):
        request["RetainAllVariantProperties"] = True
        excluded = [{"VariantPropertyType": name} for name, kept in retained.items() if not kept]
        if excluded:
            request["ExcludeRetainedVariantProperties"] = excluded
    description = f"update endpoint {desired.endpoint_name} to config {desired.config_name}"
    attempt = desired.content_fingerprint
    return Command(Service.SAGEMAKER, "UpdateEndpoint", request, description, attempt=attempt)


def update_weights(endpoint_name: str, weights: Mapping[str, float]) -> Command:
    """Shift traffic: all weights in one call, without any count."""
    changes = [{"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()]
    description = "set weights " + ", ".join(f"{name}={weight}" for name, weight in weights.items())
    return _weights_and_capacities(endpoint_name, changes, description)


def update_instance_count(endpoint_name: str, variant: str, count: int) -> Command:
    """Set the count of one variant: AWS accepts the capacity of one variant per call."""
    changes = [{"VariantName": variant, "DesiredInstanceCount": count}]
    return _weights_and_capacities(endpoint_name, changes, f"set the instance count of {variant} to {count}")


def _weights_and_capacities(endpoint_name: str, changes: list[dict[str, Any]], description: str) -> Command:
    request = {"EndpointName": endpoint_name, "DesiredWeightsAndCapacities": changes}
    return Command(Service.SAGEMAKER, "UpdateEndpointWeightsAndCapacities", request, description)


def delete_endpoint(endpoint_name: str) -> Command:
    request = {"EndpointName": endpoint_name}
    return Command(Service.SAGEMAKER, "DeleteEndpoint", request, f"delete endpoint {endpoint_name}")


def delete_endpoint_config(name: str) -> Command:
    request = {"EndpointConfigName": name}
    return Command(Service.SAGEMAKER, "DeleteEndpointConfig", request, f"delete endpoint config {name}")


def delete_model(name: str) -> Command:
    return Command(Service.SAGEMAKER, "DeleteModel", {"ModelName": name}, f"delete model {name}")


def add_tags(arn: str, tags: Mapping[str, str]) -> Command:
    request = {"ResourceArn": arn, "Tags": _tag_list(tags)}
    return Command(Service.SAGEMAKER, "AddTags", request, "tag the endpoint with " + ", ".join(sorted(tags)))


def tag_model(arn: str, tags: Mapping[str, str]) -> Command:
    request = {"ResourceArn": arn, "Tags": _tag_list(tags)}
    return Command(Service.SAGEMAKER, "AddTags", request, f"tag {arn.rpartition(':')[2]} with its image pin")


def delete_tags(arn: str, keys: Iterable[str]) -> Command:
    request = {"ResourceArn": arn, "TagKeys": sorted(keys)}
    return Command(
        Service.SAGEMAKER,
        "DeleteTags",
        request,
        "remove from the endpoint the tags " + ", ".join(request["TagKeys"]),
    )


def register_scalable_target(  # noqa: PLR0913 - a request has that many members
    endpoint_name: str,
    variant: str,
    *,
    min_capacity: int,
    max_capacity: int,
    suspended: Mapping[str, bool] | None = None,
    tags: Mapping[str, str] | None,
) -> Command:
    """Register or change a scalable target; AWS accepts tags only with the first registration.

    `suspended` is SuspendedState; without it, AWS leaves it as it is.
    """
    request: dict[str, Any] = {
        **_dimension(endpoint_name, variant),
        "MinCapacity": min_capacity,
        "MaxCapacity": max_capacity,
    }
    if suspended:
        request["SuspendedState"] = dict(suspended)
    if tags is not None:
        request["Tags"] = dict(tags)
    description = f"register {variant} for scaling between {min_capacity} and {max_capacity} instances"
    kinds = [_SUSPENSIONS[member] for member, state in (suspended or {}).items() if state]
    if kinds:
        description += f" with {', '.join(kinds)} suspended"
    return Command(Service.AUTOSCALING, "RegisterScalableTarget", request, description)


_SUSPENSIONS: Final = {
    "DynamicScalingInSuspended": "scaling in",
    "DynamicScalingOutSuspended": "scaling out",
    "ScheduledScalingSuspended": "scheduled scaling",
}


def deregister_scalable_target(endpoint_name: str, variant: str) -> Command:
    """Deregister a scalable target; AWS deletes its policies with it."""
    request = _dimension(endpoint_name, variant)
    return Command(
        Service.AUTOSCALING, "DeregisterScalableTarget", request, f"deregister {variant} from scaling"
    )


def put_scaling_policy(
    endpoint_name: str, variant: str, name: str, policy_type: str, configuration: Mapping[str, Any]
) -> Command:
    """Put a policy; `configuration` is the member of the request that belongs to its type."""
    request = {
        **_dimension(endpoint_name, variant),
        "PolicyName": name,
        "PolicyType": policy_type,
        f"{policy_type}PolicyConfiguration": dict(configuration),
    }
    description = f"put scaling policy {name} on {variant}"
    return Command(Service.AUTOSCALING, "PutScalingPolicy", request, description)


def put_scheduled_action(endpoint_name: str, variant: str, name: str, members: Mapping[str, Any]) -> Command:
    """Put a scheduled action; `members` is the request without its target and name."""
    request = {**_dimension(endpoint_name, variant), "ScheduledActionName": name, **members}
    description = f"put scheduled action {name} on {variant}"
    return Command(Service.AUTOSCALING, "PutScheduledAction", request, description)


def delete_scheduled_action(endpoint_name: str, variant: str, name: str) -> Command:
    request = {**_dimension(endpoint_name, variant), "ScheduledActionName": name}
    description = f"delete scheduled action {name} of {variant}"
    return Command(Service.AUTOSCALING, "DeleteScheduledAction", request, description)


def put_metric_alarm(name: str, members: Mapping[str, Any], tags: Mapping[str, str] | None) -> Command:
    """Put an alarm; `members` is the request without name and tags. AWS ignores the tags of an update."""
    request = {"AlarmName": name, **members}
    if tags is not None:
        request["Tags"] = _tag_list(tags)
    return Command(Service.CLOUDWATCH, "PutMetricAlarm", request, f"put alarm {name}")


def delete_alarms(names: Iterable[str]) -> Command:
    request = {"AlarmNames": sorted(names)}
    description = "delete alarm " + ", ".join(request["AlarmNames"])
    return Command(Service.CLOUDWATCH, "DeleteAlarms", request, description)


def delete_scaling_policy(endpoint_name: str, variant: str, policy_name: str) -> Command:
    request = {**_dimension(endpoint_name, variant), "PolicyName": policy_name}
    description = f"delete scaling policy {policy_name} of {variant}"
    return Command(Service.AUTOSCALING, "DeleteScalingPolicy", request, description)


SCALABLE_DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"


def scalable_resource_id(endpoint_name: str, variant: str) -> str:
    """Return the ResourceId by which Application Auto Scaling identifies a variant."""
    return f"endpoint/{endpoint_name}/variant/{variant}"


def _dimension(endpoint_name: str, variant: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": scalable_resource_id(endpoint_name, variant),
        "ScalableDimension": SCALABLE_DIMENSION,
    }


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
