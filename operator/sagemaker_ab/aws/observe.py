"""Reads the state of one endpoint from AWS.

A reconcile reads its own endpoint. An implementation that reads many endpoints at once is another `Observer`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from sagemaker_ab.aws.alarms import describe_alarms
from sagemaker_ab.aws.failures import FailureKind, classified, classify
from sagemaker_ab.aws.scalable_targets import read_targets
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.aws.tags import tags_of
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.image_pins import IMAGE_PIN, PinnedImages
from sagemaker_ab.planning.observed import (
    EndpointStatus,
    Observed,
    ObservedConfig,
    ObservedEndpoint,
    ObservedVariant,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef, ProductionVariantSummaryTypeDef

Request = ParamSpec("Request")
Answer = TypeVar("Answer")


class Observer(Protocol):
    """The source of the AWS state that a reconcile works on."""

    def observe(self, clients: AwsClients, endpoint_name: str, *, deleting: bool = False) -> Observed:
        """Read an endpoint, its config in use, and the scalable targets of its variants.

        For a deletion, the config of a pending update is read as well. Raises AwsError.
        """

    def observe_endpoint(self, clients: AwsClients, endpoint_name: str, known: Observed | None) -> Observed:
        """Read an endpoint alone: no scalable targets, and no other objects.

        If its tags or its config in use cannot be read, they are those of `known`, an earlier read of the
        same endpoint. A config that was not known before stays unknown. Raises AwsError.
        """

    def observe_prerequisites(self, clients: AwsClients, observed: Observed, desired: Desired) -> Observed:
        """Add the tags of the desired models and config that exist; only a deployment needs them.

        Raises AwsError.
        """

    def observe_alarms(self, clients: AwsClients, observed: Observed, names: Collection[str]) -> Observed:
        """Add those alarms of these names that exist. Raises AwsError."""

    def pinned_images(self, clients: AwsClients, model_name: str) -> PinnedImages:
        """Return the images of a model by its pin; nothing if it has none. Raises AwsError."""


class DirectObserver:
    """Reads one endpoint with its own calls: four, two more for each scalable target, and one for alarms.

    A deployment needs two more for the desired config and two more for each desired model.
    """

    @classified()
    def observe(self, clients: AwsClients, endpoint_name: str, *, deleting: bool = False) -> Observed:
        began = clients.clock.local_clock()
        endpoint = _endpoint(clients, endpoint_name)
        config = _config(clients, endpoint.config_name) if endpoint else None
        pending = _config(clients, endpoint.pending_config_name) if endpoint and deleting else None
        variants = {variant.name for variant in endpoint.variants} if endpoint else set()
        if config is not None:
            variants |= {variant["VariantName"] for variant in config.production_variants}
        return Observed(
            now=clients.clock.now(),
            read_at=clients.clock.at(began),
            endpoint=endpoint,
            config_in_use=config,
            pending_config=pending,
            targets=dict(read_targets(clients, endpoint_name, variants)),
        )

    @classified()
    def observe_endpoint(self, clients: AwsClients, endpoint_name: str, known: Observed | None) -> Observed:
        began = clients.clock.local_clock()
        described = _unless_gone(clients.sagemaker.describe_endpoint, EndpointName=endpoint_name)
        endpoint = _observed_endpoint(described) if described is not None else None
        config = None
        if endpoint is not None:
            endpoint = replace(
                endpoint, tags=_known_tags(clients, endpoint, known.endpoint if known else None)
            )
            config = _known_config(clients, endpoint.config_name, known.config_in_use if known else None)
        return Observed(
            now=clients.clock.now(),
            read_at=clients.clock.at(began),
            endpoint=endpoint,
            config_in_use=config,
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
    def observe_alarms(self, clients: AwsClients, observed: Observed, names: Collection[str]) -> Observed:
        return replace(observed, now=clients.clock.now(), alarms=dict(describe_alarms(clients, names)))

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
    return replace(_observed_endpoint(described), tags=tags_of(clients, described["EndpointArn"]))


def _observed_endpoint(described: "DescribeEndpointOutputTypeDef") -> ObservedEndpoint:
    """Return an endpoint without its tags, which DescribeEndpoint does not show."""
    return ObservedEndpoint(
        arn=described["EndpointArn"],
        status=EndpointStatus(described["EndpointStatus"]),
        config_name=described.get("EndpointConfigName"),
        last_modified=described["LastModifiedTime"].timestamp(),
        variants=tuple(_variant(variant) for variant in described.get("ProductionVariants", ())),
        pending_config_name=_pending(described),
        failure_reason=described.get("FailureReason"),
        created=described["CreationTime"].timestamp(),
    )


def _known_tags(
    clients: AwsClients, endpoint: ObservedEndpoint, known: ObservedEndpoint | None
) -> Mapping[str, str]:
    """Return the tags of an endpoint; if they cannot be read, those of an earlier read of the same one."""
    try:
        return tags_of(clients, endpoint.arn)
    except (ClientError, BotoCoreError):
        if known is None or (known.arn, known.created) != (endpoint.arn, endpoint.created):
            raise
        return known.tags


def _known_config(
    clients: AwsClients, name: str | None, known: ObservedConfig | None
) -> ObservedConfig | None:
    """Return an endpoint config; if it cannot be read, the earlier read of it. Configs are immutable."""
    try:
        return _config(clients, name)
    except (ClientError, BotoCoreError):
        return known if known is not None and known.name == name else None


def _pending(described: "DescribeEndpointOutputTypeDef") -> str | None:
    pending = described.get("PendingDeploymentSummary")
    return pending["EndpointConfigName"] if pending else None


def _variant(described: "ProductionVariantSummaryTypeDef") -> ObservedVariant:
    images = described.get("DeployedImages", [])
    return ObservedVariant(
        name=described["VariantName"],
        # In JSON, a whole weight may have no fraction and is then read as an int.
        current_weight=float(described.get("CurrentWeight", 0.0)),
        desired_weight=float(described.get("DesiredWeight", 0.0)),
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


def _unless_gone(
    read: Callable[Request, Answer], *args: Request.args, **request: Request.kwargs
) -> Answer | None:
    try:
        return read(*args, **request)
    except ClientError as error:
        if classify(error).kind is FailureKind.GONE:
            return None
        raise
