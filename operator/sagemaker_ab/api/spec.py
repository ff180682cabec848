"""The ``spec`` of a SageMakerABEndpoint (v1alpha1): the desired state of one SageMaker endpoint.

The docstrings of models and fields are the descriptions in the CRD, which ``kubectl explain`` prints.
Validation rules across fields are in ``rules``.

Names and limits are those of the SageMaker API reference (CreateModel, CreateEndpointConfig, CreateEndpoint,
AddTags). Autoscaling is in ``autoscaling``, and traffic policies are in ``policies``.
"""

from typing import Annotated, Literal

from pydantic import Field

from sagemaker_ab.api.autoscaling import Autoscaling, InstanceCount
from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel, ListMap, VariantName
from sagemaker_ab.api.policies.stepped import Stepped

EndpointName = Annotated[str, Field(max_length=63, pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$")]
ModelName = Annotated[str, Field(max_length=63, pattern=r"^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$")]
EnvironmentValue = Annotated[str, Field(max_length=1024)]


class Framework(ApiModel):
    """A machine learning framework for which AWS publishes serving images (AWS Deep Learning Containers)."""

    name: Literal["pytorch"]
    """The name of the framework."""

    version: Annotated[str, Field(max_length=16, pattern=r"^[0-9]+(\.[0-9]+){0,2}$")]
    """The framework version, such as "1.6.0" or "1.6". Quote it, because YAML reads 1.6 as a number."""

    python_version: Annotated[str, Field(max_length=8, pattern=r"^py[0-9]+$")]
    """The Python version of the image, such as py3 or py310."""


class Container(ApiModel):
    """A container of a model. Exactly one of framework, image and modelPackageName must be set."""

    framework: Framework | None = None
    """The framework whose serving image the container runs. The operator selects the image by the framework
    version, the Python version, the region and the instance type of the variant.
    """

    image: Annotated[str, Field(max_length=255, pattern=r"^[!-~]+$")] | None = None
    """The serving image: its registry path with a tag or a digest. AWS field: ContainerDefinition.Image."""

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
    """The name or ARN of a model package, which provides image and model artifacts. AWS field:
    ContainerDefinition.ModelPackageName.
    """

    model_data_url: Annotated[str, Field(max_length=1024, pattern=r"^(https|s3)://[^/]+(/.*)?$")] | None = (
        None
    )
    """The URL of the model artifacts: one gzip-compressed tar archive, such as s3://bucket/path/model.tar.gz.
    After overwriting the archive in place, change revision to deploy it. AWS field:
    ContainerDefinition.ModelDataUrl.
    """

    environment: Annotated[dict[str, EnvironmentValue], Field(max_length=100)] = Field(default_factory=dict)
    """Environment variables of the container. They must not contain secrets, because DescribeModel returns
    them. AWS field: ContainerDefinition.Environment.
    """


class Model(ApiModel):
    """A SageMaker model. Exactly one of primaryContainer, containers and existingModelName must be set.

    SageMaker models are immutable. After a change, the operator creates another SageMaker model and deploys a
    new fleet of instances with it.
    """

    name: ModelName
    """The name that variants refer to. It is part of the name of the SageMaker model that the operator
    creates.
    """

    primary_container: Container | None = None
    """The container of a model with a single container. AWS field: CreateModel.PrimaryContainer."""

    containers: (
        Annotated[list[Container], Field(min_length=1, max_length=15, json_schema_extra=LIST_ATOMIC)] | None
    ) = None
    """The containers of an inference pipeline, in the order in which they process a request. AWS field:
    CreateModel.Containers.
    """

    existing_model_name: ModelName | None = None
    """The name of a SageMaker model that exists in the account and region. The operator uses it and never
    changes or deletes it. AWS field: ProductionVariant.ModelName.
    """

    revision: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    """Any text. A change deploys the model again, even if its URLs and image tags are the same. Change it
    after overwriting an archive or an image tag in place.
    """

    @property
    def all_containers(self) -> list[Container]:
        """The containers in the order in which they process a request."""
        return [self.primary_container] if self.primary_container else list(self.containers or ())


class Variant(ApiModel):
    """A production variant: a model that serves a share of the traffic on instances of its own.

    Adding, removing or renaming a variant deploys a new fleet of instances.
    """

    name: VariantName
    """The name of the variant. Clients can address it as TargetVariant, and CloudWatch reports it as the
    dimension VariantName. AWS field: ProductionVariant.VariantName.
    """

    model: ModelName
    """The name of the entry in spec.models that the variant serves."""

    instance_type: Annotated[str, Field(max_length=63, pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$")]
    """The ML instance type, such as ml.m5.large. A change deploys a new fleet of instances. AWS field:
    ProductionVariant.InstanceType.
    """

    instance_count: InstanceCount | None = None
    """The number of instances of a variant without autoscaling. Exactly one of instanceCount and autoscaling
    must be set. A change does not deploy a new fleet. AWS field:
    DesiredWeightAndCapacity.DesiredInstanceCount.
    """

    weight: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """The variant's share of the traffic, relative to the sum of all weights: with weights 90 and 10, the
    second variant gets 10% of the requests. A variant with weight 0 gets no traffic. It is required with the
    strategy Manual and cannot be set with any other, because then the strategy sets the weights. A change
    does not deploy a new fleet. AWS field: DesiredWeightAndCapacity.DesiredWeight.
    """

    autoscaling: Autoscaling | None = None
    """Autoscaling of the variant by Application Auto Scaling. Exactly one of instanceCount and autoscaling
    must be set.

    The scalable target is owned together with the endpoint: the operator registers it, changes its bounds,
    and deregisters it once the spec sets instanceCount, even if another tool registered it.
    """


class Monitoring(ApiModel):
    """How often the operator reads CloudWatch metrics into status.metrics."""

    interval_seconds: Annotated[int, Field(ge=60, le=3600, multiple_of=60)] = 300
    """Seconds between two reads of CloudWatch, and also the length of the window that a read covers; a
    multiple of 60. By default, the operator reads CloudWatch every five minutes. CloudWatch bills every
    metric that is read, so a shorter interval costs more.
    """


class Traffic(ApiModel):
    """The strategy that sets the weights of the variants. The field of the same name has its settings."""

    strategy: Literal["Manual", "Stepped"] = "Manual"
    """The name of the strategy. Manual, the default, applies the weights in spec.variants. Stepped shifts the
    traffic from one variant to another in steps, and back if the other does harm.
    """

    stepped: Stepped | None = None
    """The settings of the strategy Stepped."""

    @property
    def policy(self) -> Stepped | None:
        """The settings of the strategy; None for Manual, which has none."""
        return self.stepped


class Tag(ApiModel):
    """A tag on the AWS objects that the operator creates."""

    key: Annotated[str, Field(max_length=128, pattern=r"^[\p{L}\p{Z}\p{N}_.:/=+@-]+$")]
    """The key of the tag. The prefixes aws: and sagemaker-ab.dev/ are reserved, regardless of case. AWS
    field: Tag.Key.
    """

    value: Annotated[str, Field(max_length=256, pattern=r"^[\p{L}\p{Z}\p{N}_.:/=+@-]*$")]
    """The value of the tag; it may be empty. AWS field: Tag.Value."""


class EndpointSpec(ApiModel):
    """The desired state of the SageMaker endpoint."""

    endpoint_name: EndpointName
    """The name of the SageMaker endpoint, which clients invoke. It must be unique in the account and region,
    regardless of case. Immutable. AWS field: CreateEndpoint.EndpointName.
    """

    region: Annotated[str, Field(max_length=32, pattern=r"^[a-z]{2,8}(-[a-z]+)+-[0-9]{1,2}$")] | None = None
    """The AWS region of the endpoint. If it is not set, the operator uses its own region and records it in
    status.region. Immutable.
    """

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
    """The ARN of the IAM role with which SageMaker reads images and model artifacts and runs the models.
    Required unless every model sets existingModelName. AWS field: CreateModel.ExecutionRoleArn.
    """

    models: Annotated[list[Model], Field(min_length=1, max_length=20), ListMap("name")]
    """The models that variants can serve. The operator does not create a model that no variant refers to."""

    variants: Annotated[list[Variant], Field(min_length=1, max_length=10), ListMap("name")]
    """The production variants, among which AWS splits the traffic. AWS field:
    CreateEndpointConfig.ProductionVariants.
    """

    monitoring: Monitoring = Monitoring()
    """How often the operator reads CloudWatch metrics into status.metrics."""

    traffic: Traffic = Traffic()
    """The strategy that sets the weights of the variants."""

    deletion_policy: Literal["Delete", "Retain"] = "Delete"
    """What happens in AWS when this resource is deleted. Delete, the default: the operator deletes the
    endpoint, the autoscaling of its variants, and the endpoint configs and models that it created. Retain:
    all of them remain, and the endpoint keeps serving.
    """

    tags: Annotated[list[Tag], Field(max_length=45), ListMap("key")] = Field(default_factory=list)
    """Tags of the AWS objects that the operator creates. AWS allows 50 tags, and the operator keeps five of
    them for its own. A later change applies to the tags of the endpoint; models, endpoint configs and
    scalable targets keep the tags of their creation.
    """

    @property
    def manual_weights(self) -> dict[str, int]:
        """The weights in the spec by variant. All variants have one with the strategy Manual, else none."""
        return {each.name: each.weight for each in self.variants if each.weight is not None}
