"""Reads the state of one endpoint from AWS.

A reconcile reads its own endpoint. An implementation that reads many endpoints at once is another `Observer`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from botocore.exceptions import ClientError

from sagemaker_ab.aws.failures import FailureKind, classified, classify
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.aws.tags import tags_of
from sagemaker_ab.planning.commands import SCALABLE_DIMENSION, scalable_resource_id
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.observed import (
    EndpointStatus,
    Observed,
    ObservedConfig,
    ObservedEndpoint,
    ObservedTarget,
    ObservedVariant,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef, ProductionVariantSummaryTypeDef

Request = ParamSpec("Request")
Answer = TypeVar("Answer")


class Observer(Protocol):
    """The source of the AWS state that a reconcile works on."""

    def observe(self, clients: AwsClients, endpoint_name: str, desired: Desired | None) -> Observed:
        """Read an endpoint, its config, and the scalable targets and policies of its variants.

        `desired` is None for a deletion. Raises AwsError.
        """


class DirectObserver:
    """Reads one endpoint with its own calls: four, and one more for each scalable target.

    A deployment needs two more for the desired config and two more for each desired model.
    """

    @classified()
    def observe(self, clients: AwsClients, endpoint_name: str, desired: Desired | None) -> Observed:
        endpoint = _endpoint(clients, endpoint_name)
        config = _config(clients, endpoint.config_name) if endpoint and endpoint.config_name else None
        seen = Observed(
            now=clients.clock.now(),
            endpoint=endpoint,
            config_in_use=config,
            targets=dict(_targets(clients, endpoint_name, endpoint, config)) if endpoint else {},
        )
        if desired is None or seen.deploys(desired):
            return seen
        return _with_groundwork(clients, seen, desired)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEndpoint:
    """The variants of an endpoint, and the time on AWS's clock when they were read."""

    variants: tuple[str, ...]
    at: datetime


@classified()
def live_endpoint(clients: AwsClients, *, endpoint_name: str) -> LiveEndpoint:
    """Describe an endpoint for a command. Raises AwsError, also when there is no such endpoint."""
    response = clients.sagemaker.describe_endpoint(EndpointName=endpoint_name)
    return LiveEndpoint(
        variants=tuple(variant["VariantName"] for variant in response.get("ProductionVariants", [])),
        at=datetime.fromtimestamp(clients.clock.now(), UTC),
    )


def _with_groundwork(clients: AwsClients, seen: Observed, desired: Desired) -> Observed:
    """Add the tags of the desired models and config that exist; only a deployment needs them."""
    models = {}
    for model in desired.models:
        described = _unless_gone(clients.sagemaker.describe_model, ModelName=model.name)
        if described is not None:
            models[model.name] = tags_of(clients, described["ModelArn"])
    config = _unless_gone(clients.sagemaker.describe_endpoint_config, EndpointConfigName=desired.config_name)
    return Observed(
        now=clients.clock.now(),
        endpoint=seen.endpoint,
        config_in_use=seen.config_in_use,
        targets=seen.targets,
        owners_of_models=models,
        owner_of_config=tags_of(clients, config["EndpointConfigArn"]) if config is not None else None,
    )


def _endpoint(clients: AwsClients, name: str) -> ObservedEndpoint | None:
    described = _unless_gone(clients.sagemaker.describe_endpoint, EndpointName=name)
    if described is None:
        return None
    return ObservedEndpoint(
        arn=described["EndpointArn"],
        status=EndpointStatus(described["EndpointStatus"]),
        config_name=described.get("EndpointConfigName"),
        last_modified=described["LastModifiedTime"].timestamp(),
        variants=tuple(_variant(variant) for variant in described.get("ProductionVariants", ())),
        pending_config_name=_pending(described),
        failure_reason=described.get("FailureReason"),
        tags=tags_of(clients, described["EndpointArn"]),
    )


def _pending(described: "DescribeEndpointOutputTypeDef") -> str | None:
    pending = described.get("PendingDeploymentSummary")
    return pending["EndpointConfigName"] if pending else None


def _variant(described: "ProductionVariantSummaryTypeDef") -> ObservedVariant:
    images = described.get("DeployedImages", [])
    return ObservedVariant(
        name=described["VariantName"],
        current_weight=described.get("CurrentWeight", 0.0),
        desired_weight=described.get("DesiredWeight", 0.0),
        current_count=described.get("CurrentInstanceCount", 0),
        desired_count=described.get("DesiredInstanceCount", 0),
        image_digest=images[0].get("ResolvedImage", "").partition("@")[2] or None if images else None,
    )


def _config(clients: AwsClients, name: str) -> ObservedConfig | None:
    described = _unless_gone(clients.sagemaker.describe_endpoint_config, EndpointConfigName=name)
    if described is None:
        return None
    return ObservedConfig(name=name, production_variants=described["ProductionVariants"])


def _targets(
    clients: AwsClients, endpoint_name: str, endpoint: ObservedEndpoint, config: ObservedConfig | None
) -> Iterator[tuple[str, ObservedTarget]]:
    names = {variant.name for variant in endpoint.variants}
    names |= {variant["VariantName"] for variant in config.production_variants} if config else set()
    variants = {scalable_resource_id(endpoint_name, name): name for name in sorted(names)}
    if not variants:
        return
    pages = clients.autoscaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker", ResourceIds=list(variants), ScalableDimension=SCALABLE_DIMENSION
    )
    for page in pages:
        for target in page["ScalableTargets"]:
            policies = dict(_policies(clients, target["ResourceId"]))
            observed = ObservedTarget(target["MinCapacity"], target["MaxCapacity"], policies)
            yield variants[target["ResourceId"]], observed


def _policies(clients: AwsClients, resource_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    pages = clients.autoscaling.get_paginator("describe_scaling_policies").paginate(
        ServiceNamespace="sagemaker", ResourceId=resource_id, ScalableDimension=SCALABLE_DIMENSION
    )
    for page in pages:
        for policy in page["ScalingPolicies"]:
            yield policy["PolicyName"], policy.get("TargetTrackingScalingPolicyConfiguration", {})


def _unless_gone(
    read: Callable[Request, Answer], *args: Request.args, **request: Request.kwargs
) -> Answer | None:
    try:
        return read(*args, **request)
    except ClientError as error:
        if classify(error).kind is FailureKind.GONE:
            return None
        raise
