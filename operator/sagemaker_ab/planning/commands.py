"""The writes that a plan is made of: plain objects, one AWS call each, in the words of the API reference.

Request shapes stand here and nowhere else:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Operations_Amazon_SageMaker_Service.html
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Operations.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sagemaker_ab.planning.desired import Desired, DesiredModel, DesiredPolicy, DesiredScaling
from sagemaker_ab.planning.names import content_hash


class Service(StrEnum):
    """AWS services by boto3's names."""

    SAGEMAKER = "sagemaker"
    AUTOSCALING = "application-autoscaling"


@dataclass(frozen=True, slots=True)
class Command:
    """One write. `operation` is AWS's name, `request` its members; `says` tells a person what it does."""

    service: Service
    operation: str
    request: Mapping[str, Any]
    says: str

    @property
    def identity(self) -> str:
        """Equal for equal writes, to know one that was just sent."""
        return f"{self.operation}-{content_hash(self.request)}"


def create_model(model: DesiredModel, tags: Mapping[str, str]) -> Command:
    request = {"ModelName": model.name, **model.content, "Tags": _tag_list(tags)}
    return Command(Service.SAGEMAKER, "CreateModel", request, f"create model {model.name}")


def create_endpoint_config(desired: Desired) -> Command:
    request = {
        "EndpointConfigName": desired.config_name,
        "ProductionVariants": list(desired.production_variants),
        "Tags": _tag_list(desired.all_tags),
    }
    return Command(
        Service.SAGEMAKER, "CreateEndpointConfig", request, f"create endpoint config {desired.config_name}"
    )


def create_endpoint(desired: Desired) -> Command:
    request = {
        "EndpointName": desired.endpoint_name,
        "EndpointConfigName": desired.config_name,
        "Tags": _tag_list(desired.all_tags),
    }
    says = f"create endpoint {desired.endpoint_name} with config {desired.config_name}"
    return Command(Service.SAGEMAKER, "CreateEndpoint", request, says)


def update_endpoint(desired: Desired) -> Command:
    """Deploy a new config and keep what must not jump.

    By default AWS resets weights and counts to the config's initial ones. A variant that scales must keep its
    live count, so with any of them all properties are retained, except weights: those come from the config,
    whose initial weights are the intended ones.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    """
    request: dict[str, Any] = {
        "EndpointName": desired.endpoint_name,
        "EndpointConfigName": desired.config_name,
    }
    if any(variant.scaling for variant in desired.variants):
        request["RetainAllVariantProperties"] = True
        request["ExcludeRetainedVariantProperties"] = [{"VariantPropertyType": "DesiredWeight"}]
    says = f"update endpoint {desired.endpoint_name} to config {desired.config_name}"
    return Command(Service.SAGEMAKER, "UpdateEndpoint", request, says)


def update_weights(endpoint_name: str, weights: Mapping[str, int]) -> Command:
    """Shift traffic: all weights in one call, no count among them."""
    changes = [{"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()]
    says = "set weights " + ", ".join(f"{name}={weight}" for name, weight in weights.items())
    return _weights_and_capacities(endpoint_name, changes, says)


def update_instance_count(endpoint_name: str, variant: str, count: int) -> Command:
    """Set the count of one variant: AWS takes the capacity of one variant a call."""
    changes = [{"VariantName": variant, "DesiredInstanceCount": count}]
    return _weights_and_capacities(endpoint_name, changes, f"set the instance count of {variant} to {count}")


def _weights_and_capacities(endpoint_name: str, changes: list[dict[str, Any]], says: str) -> Command:
    request = {"EndpointName": endpoint_name, "DesiredWeightsAndCapacities": changes}
    return Command(Service.SAGEMAKER, "UpdateEndpointWeightsAndCapacities", request, says)


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


def delete_tags(arn: str, keys: Iterable[str]) -> Command:
    request = {"ResourceArn": arn, "TagKeys": sorted(keys)}
    return Command(
        Service.SAGEMAKER, "DeleteTags", request, "untag the endpoint of " + ", ".join(request["TagKeys"])
    )


def register_scalable_target(
    endpoint_name: str, variant: str, scaling: DesiredScaling, tags: Mapping[str, str] | None
) -> Command:
    """Register or change a target; AWS takes tags only with the first registration."""
    request: dict[str, Any] = {
        **_dimension(endpoint_name, variant),
        "MinCapacity": scaling.min_capacity,
        "MaxCapacity": scaling.max_capacity,
    }
    if tags is not None:
        request["Tags"] = dict(tags)
    says = f"let {variant} scale between {scaling.min_capacity} and {scaling.max_capacity} instances"
    return Command(Service.AUTOSCALING, "RegisterScalableTarget", request, says)


def deregister_scalable_target(endpoint_name: str, variant: str) -> Command:
    """Stop scaling a variant; its policies go with the target."""
    request = _dimension(endpoint_name, variant)
    return Command(Service.AUTOSCALING, "DeregisterScalableTarget", request, f"stop scaling {variant}")


def put_scaling_policy(endpoint_name: str, variant: str, policy: DesiredPolicy) -> Command:
    request = {
        **_dimension(endpoint_name, variant),
        "PolicyName": policy.name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": dict(policy.configuration),
    }
    says = f"put scaling policy {policy.name} on {variant}"
    return Command(Service.AUTOSCALING, "PutScalingPolicy", request, says)


def delete_scaling_policy(endpoint_name: str, variant: str, policy_name: str) -> Command:
    request = {**_dimension(endpoint_name, variant), "PolicyName": policy_name}
    says = f"delete scaling policy {policy_name} of {variant}"
    return Command(Service.AUTOSCALING, "DeleteScalingPolicy", request, says)


SCALABLE_DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"


def scalable_resource_id(endpoint_name: str, variant: str) -> str:
    """Name a variant as Application Auto Scaling does."""
    return f"endpoint/{endpoint_name}/variant/{variant}"


def _dimension(endpoint_name: str, variant: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": scalable_resource_id(endpoint_name, variant),
        "ScalableDimension": SCALABLE_DIMENSION,
    }


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
