"""Reads the state of one endpoint from AWS.

A reconcile reads its own endpoint. An implementation that reads many endpoints at once is another `Observer`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from botocore.exceptions import ClientError

from sagemaker_ab.aws.failures import FailureKind, classified, classify
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.aws.tags import tags_of
from sagemaker_ab.planning.commands import SCALABLE_DIMENSION, scalable_resource_id
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.image_pins import IMAGE_PIN, PinnedImages
from sagemaker_ab.planning.observed import (
    EndpointStatus,
    Observed,
    ObservedConfig,
    ObservedEndpoint,
    ObservedPolicy,
    ObservedTarget,
    ObservedVariant,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef, ProductionVariantSummaryTypeDef

Request = ParamSpec("Request")
Answer = TypeVar("Answer")


class Observer(Protocol):
    """The source of the AWS state that a reconcile works on."""

    def observe(self, clients: AwsClients, endpoint_name: str, *, deleting: bool = False) -> Observed:
        """Read an endpoint, its config in use, and the scalable targets and policies of its variants.

        For a deletion, the config of a pending update is read as well. Raises AwsError.
        """

    def observe_prerequisites(self, clients: AwsClients, observed: Observed, desired: Desired) -> Observed:
        """Add the tags of the desired models and config that exist; only a deployment needs them.

        Raises AwsError.
        """

    def observe_scheduled_actions(
        self, clients: AwsClients, observed: Observed, endpoint_name: str, variants: Collection[str]
    ) -> Observed:
        """Add the scheduled actions of these variants' scalable targets. Raises AwsError."""

    def pinned_images(self, clients: AwsClients, model_name: str) -> PinnedImages:
        """Return the images of a model by its pin; nothing if it has none. Raises AwsError."""


class DirectObserver:
    """Reads one endpoint with its own calls: four, and one more for each scalable target.

    A deployment needs two more for the desired config and two more for each desired model.
    """

    @classified()
    def observe(self, clients: AwsClients, endpoint_name: str, *, deleting: bool = False) -> Observed:
        began = clients.clock.local_clock()
        endpoint = _endpoint(clients, endpoint_name)
        config = _config(clients, endpoint.config_name) if endpoint else None
        pending = _config(clients, endpoint.pending_config_name) if endpoint and deleting else None
        targets = dict(_targets(clients, endpoint_name, endpoint, config)) if endpoint else {}
        return Observed(
            now=clients.clock.now(),
            read_at=clients.clock.at(began),
            endpoint=endpoint,
            config_in_use=config,
            pending_config=pending,
            targets=targets,
        )

    @classified()
    def observe_prerequisites(self, clients: AwsClients, observed: Observed, desired: Desired) -> Observed:
        models = {}
        for model in desired.models:
            described = _unless_gone(clients.sagemaker.describe_model, ModelName=model.name)
            if described is not None:
                models[model.name] = tags_of(clients, described["ModelArn"])
        config = _unless_gone(
            clients.sagemaker.describe_endpoint_config, EndpointConfigName=desired.config_name
        )
        return replace(
            observed,
            now=clients.clock.now(),
            owners_of_models=models,
            owner_of_config=tags_of(clients, config["EndpointConfigArn"]) if config is not None else None,
        )

    @classified()
    def observe_scheduled_actions(
        self, clients: AwsClients, observed: Observed, endpoint_name: str, variants: Collection[str]
    ) -> Observed:
        targets = {
            name: replace(target, scheduled_actions=dict(_scheduled_actions(clients, endpoint_name, name)))
            if name in variants
            else target
            for name, target in observed.targets.items()
        }
        return replace(observed, now=clients.clock.now(), targets=targets)

    @classified()
    def pinned_images(self, clients: AwsClients, model_name: str) -> PinnedImages:
        described = _unless_gone(clients.sagemaker.describe_model, ModelName=model_name)
        if described is None:
            return {}
        pin = tags_of(clients, described["ModelArn"]).get(IMAGE_PIN)
        primary = described.get("PrimaryContainer")
        containers = [primary] if primary else described.get("Containers", [])
        return {pin: tuple(container.get("Image", "") for container in containers)} if pin else {}


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


def _config(clients: AwsClients, name: str | None) -> ObservedConfig | None:
    if not name:
        return None
    described = _unless_gone(clients.sagemaker.describe_endpoint_config, EndpointConfigName=name)
    if described is None:
        return None
    content = {member: value for member, value in described.items() if member not in _NOT_CONTENT}
    return ObservedConfig(name=name, content=content)


_NOT_CONTENT = {"EndpointConfigName", "EndpointConfigArn", "CreationTime", "ResponseMetadata"}
"""The members of DescribeEndpointConfig that are not part of a config's content."""


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
            observed = ObservedTarget(
                min_capacity=target["MinCapacity"],
                max_capacity=target["MaxCapacity"],
                policies=dict(_policies(clients, target["ResourceId"])),
                suspended={name: bool(state) for name, state in target.get("SuspendedState", {}).items()},
            )
            yield variants[target["ResourceId"]], observed


def _policies(clients: AwsClients, resource_id: str) -> Iterator[tuple[str, ObservedPolicy]]:
    pages = clients.autoscaling.get_paginator("describe_scaling_policies").paginate(
        ServiceNamespace="sagemaker", ResourceId=resource_id, ScalableDimension=SCALABLE_DIMENSION
    )
    for page in pages:
        for policy in page["ScalingPolicies"]:
            members: Mapping[str, Any] = policy
            configuration = members.get(f"{policy['PolicyType']}PolicyConfiguration", {})
            yield policy["PolicyName"], ObservedPolicy(policy["PolicyType"], configuration)


def _scheduled_actions(
    clients: AwsClients, endpoint_name: str, variant: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    pages = clients.autoscaling.get_paginator("describe_scheduled_actions").paginate(
        ServiceNamespace="sagemaker",
        ResourceId=scalable_resource_id(endpoint_name, variant),
        ScalableDimension=SCALABLE_DIMENSION,
    )
    for page in pages:
        for action in page["ScheduledActions"]:
            members: Mapping[str, Any] = action
            kept = {member: _text(members[member]) for member in _SCHEDULED_ACTION if member in members}
            yield action["ScheduledActionName"], kept


_SCHEDULED_ACTION = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")
"""The members of DescribeScheduledActions that PutScheduledAction takes."""


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _unless_gone(
    read: Callable[Request, Answer], *args: Request.args, **request: Request.kwargs
) -> Answer | None:
    try:
        return read(*args, **request)
    except ClientError as error:
        if classify(error).kind is FailureKind.GONE:
            return None
        raise
