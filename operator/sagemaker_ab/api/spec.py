"""What the user asks for: the ``spec`` of a SageMakerABEndpoint (v1alpha1).

Names and limits are AWS's own (SageMaker API reference: CreateModel, CreateEndpointConfig, CreateEndpoint,
AddTags; Application Auto Scaling API reference: RegisterScalableTarget, PutScalingPolicy). Rules that span
fields stand in ``rules``.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel, DecimalIntOrString, ListMap

EndpointName = Annotated[str, Field(max_length=63, pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$")]
ModelName = Annotated[str, Field(max_length=63, pattern=r"^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$")]
VariantName = Annotated[str, Field(max_length=63, pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$")]
InstanceCount = Annotated[int, Field(ge=1, le=10000)]
CooldownSeconds = Annotated[int, Field(ge=0, le=86400)]
EnvironmentValue = Annotated[str, Field(max_length=1024)]


class Framework(ApiModel):
    """A framework whose serving image AWS publishes; region and instance type decide which image."""

    name: Literal["pytorch"]
    """The framework."""

    version: Annotated[str, Field(max_length=16, pattern=r"^[0-9]+(\.[0-9]+){0,2}$")]
    """The framework's version, such as "1.6.0"."""

    python_version: Annotated[str, Field(max_length=8, pattern=r"^py[0-9]+$")]
    """The image's Python, such as py3 or py310."""


class Container(ApiModel):
    """What one container of a model serves: exactly one of framework, image and modelPackageName."""

    framework: Framework | None = None
    """Take the serving image that AWS publishes for this framework."""

    image: Annotated[str, Field(max_length=255, pattern=r"^[!-~]+$")] | None = None
    """The serving image, by its registry path and tag or digest."""

    model_package_name: (
        Annotated[
            str,
            Field(
                max_length=176,
                pattern=(
                    r"^(arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:[a-z-]*/)?"
                    r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(/[0-9]{1,9})?$"
                ),
            ),
        ]
        | None
    ) = None
    """The model package, by name or ARN, that brings image and artefacts."""

    model_data_url: Annotated[str, Field(max_length=1024, pattern=r"^(https|s3)://[^/]+(/.*)?$")] | None = (
        None
    )
    """The model artefacts: one archive, such as s3://bucket/path/model.tar.gz."""

    environment: Annotated[dict[str, EnvironmentValue], Field(max_length=100)] = Field(default_factory=dict)
    """Environment variables of the container. Not for secrets: AWS shows them to readers of the model."""


class Model(ApiModel):
    """A SageMaker model: exactly one of primaryContainer, containers and existingModelName."""

    name: ModelName
    """The name by which variants refer to it."""

    primary_container: Container | None = None
    """The container of a model that has one."""

    containers: (
        Annotated[list[Container], Field(min_length=1, max_length=15, json_schema_extra=LIST_ATOMIC)] | None
    ) = None
    """The containers of an inference pipeline, in their order."""

    existing_model_name: ModelName | None = None
    """A SageMaker model that is in the account and region already; it is used, never changed or deleted."""

    revision: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """Any text. A change of it redeploys the model though its URL or image tag is the same as before."""


class TargetTrackingScaling(ApiModel):
    """Holds a metric near a target by changing the instance count."""

    predefined_metric_type: Literal[
        "SageMakerVariantInvocationsPerInstance", "SageMakerVariantConcurrentRequestsPerModelHighResolution"
    ]
    """The metric: invocations per minute and instance, or concurrent requests per model (10-second data)."""

    target_value: Annotated[int | str, DecimalIntOrString(minimum=1, maximum=999_999_999)]
    """The metric's target: an integer, or a decimal in quotes such as "70.5"; more than 0."""

    scale_out_cooldown_seconds: CooldownSeconds = 300
    """Seconds after a scale-out before the next one."""

    scale_in_cooldown_seconds: CooldownSeconds = 300
    """Seconds after a scale-in before the next one."""

    @property
    def target(self) -> Decimal:
        """The target as a number."""
        return Decimal(self.target_value)


class ScalingPolicy(ApiModel):
    """A scaling policy; the member named like its type holds its settings."""

    name: Annotated[str, Field(max_length=256, pattern=r"^[!-~]([ -~]*[!-~])?$")]
    """The policy's name in Application Auto Scaling."""

    type: Literal["TargetTrackingScaling"]
    """The kind of policy."""

    target_tracking_scaling: TargetTrackingScaling
    """The settings of a target-tracking policy."""


class Autoscaling(ApiModel):
    """Bounds and policies by which Application Auto Scaling sets the instance count."""

    min_capacity: InstanceCount
    """The fewest instances; new deployments start with this many."""

    max_capacity: InstanceCount
    """The most instances."""

    policies: Annotated[list[ScalingPolicy], Field(min_length=1, max_length=2), ListMap("name")]
    """The scaling policies: one target-tracking policy for a metric, as AWS allows."""


class Variant(ApiModel):
    """A production variant: a model on instances with a share of the traffic."""

    name: VariantName
    """The variant's name, as clients and metrics know it."""

    model: ModelName
    """The name of one of spec.models."""

    instance_type: Annotated[str, Field(max_length=63, pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$")]
    """The ML instance type, such as ml.m5.large."""

    instance_count: InstanceCount | None = None
    """How many instances. Either this or autoscaling."""

    weight: Annotated[int, Field(ge=0, le=1_000_000)]
    """The variant's share of the traffic, relative to the sum of all weights."""

    autoscaling: Autoscaling | None = None
    """Let Application Auto Scaling set the number of instances. Either this or instanceCount.

    The operator owns all autoscaling of its endpoint's variants: scalable targets and policies that are not
    in the spec are taken away, whoever made them.
    """


class Monitoring(ApiModel):
    """How CloudWatch's metrics come into status."""

    interval_seconds: Annotated[int, Field(ge=60, le=3600, multiple_of=60)] = 300
    """Seconds between two readings, and the period of each: a multiple of 60."""


class Traffic(ApiModel):
    """Who chooses the weights."""

    strategy: Literal["Manual"] = "Manual"
    """Manual: the weights of spec.variants hold."""


class Tag(ApiModel):
    """A tag on every AWS object that the operator makes."""

    key: Annotated[str, Field(max_length=128, pattern=r"^[\p{L}\p{Z}\p{N}_.:/=+@-]+$")]
    """The tag's key; prefixes aws: and sagemaker-ab.dev/ are reserved."""

    value: Annotated[str, Field(max_length=256, pattern=r"^[\p{L}\p{Z}\p{N}_.:/=+@-]*$")]
    """The tag's value."""


class EndpointSpec(ApiModel):
    """The endpoint as it should be."""

    endpoint_name: EndpointName
    """The SageMaker endpoint's name, which clients invoke. Immutable."""

    region: Annotated[str, Field(max_length=32, pattern=r"^[a-z]{2,8}(-[a-z]+)+-[0-9]{1,2}$")] | None = None
    """The AWS region; without it, the operator's. Immutable."""

    execution_role_arn: (
        Annotated[
            str,
            Field(
                max_length=2048,
                pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9_+=,.@/-]+$",
            ),
        ]
        | None
    ) = None
    """The IAM role that the models run as. Required unless every model is an existing one."""

    models: Annotated[list[Model], Field(min_length=1, max_length=20), ListMap("name")]
    """The models that variants may serve. One that no variant serves is not created."""

    variants: Annotated[list[Variant], Field(min_length=1, max_length=10), ListMap("name")]
    """The production variants, between which the traffic is split."""

    monitoring: Monitoring = Monitoring()
    """How CloudWatch's metrics come into status."""

    traffic: Traffic = Traffic()
    """Who chooses the weights."""

    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """Delete: the AWS objects go with this resource. Retain: they stay, and serve on."""

    tags: Annotated[list[Tag], Field(max_length=46), ListMap("key")] = Field(default_factory=list)
    """Tags for every AWS object that the operator makes, beside its own four."""
