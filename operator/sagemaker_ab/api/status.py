"""What the operator reports: the ``status`` of a SageMakerABEndpoint (v1alpha1).

Absent is absent: a number that AWS did not give has no field. Fractions are decimal strings, for CRDs hold
no floats (Kubernetes API conventions, "Primitive types"); units stand in the names.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_SET, ApiModel, CutTo, ListMap, Timestamp

LARGEST: Final = 2**53 - 1
ANNOTATION_LENGTH: Final = 256 * 1024
MOST_TAG_KEYS: Final = 96
"""As many as a spec may ask for, and as many as AWS may hold beside them until they are taken away."""
Count = Annotated[int, Field(ge=0, le=LARGEST)]
DecimalString = Annotated[str, Field(max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?$")]
Name = Annotated[str, Field(max_length=63)]
Words = Annotated[str, CutTo(2048)]


class Condition(ApiModel):
    """One condition, as metav1.Condition has it."""

    type: Annotated[
        str,
        Field(
            max_length=316,
            pattern=(
                r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
                r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
            ),
        ),
    ]
    """The condition's type."""

    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""

    reason: Annotated[
        str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    ]
    """Why, in one word of a closed list."""

    message: Annotated[str, Field(max_length=32768)]
    """Why, for people."""

    last_transition_time: Timestamp
    """When status last flipped."""

    observed_generation: Count | None = None
    """The generation of the spec that this speaks of."""


class EndpointStatus(ApiModel):
    """The SageMaker endpoint as AWS last described it."""

    arn: Words | None = None
    """The endpoint's ARN; it holds the name in lower case."""

    status: Annotated[str, Field(max_length=64)] | None = None
    """AWS's word for it, such as InService or Updating."""

    config_name: Name | None = None
    """The endpoint config in use."""

    pending_config_name: Name | None = None
    """The endpoint config that a deployment under way will bring."""

    failure_reason: Words | None = None
    """AWS's words about the last failure."""

    since: Timestamp | None = None
    """When this status was first seen."""

    tag_keys: (
        Annotated[
            list[Annotated[str, Field(max_length=128)]],
            Field(max_length=MOST_TAG_KEYS, json_schema_extra=LIST_SET),
        ]
        | None
    ) = None
    """The keys of the tags that the operator set, so that it can take away those no longer asked for."""


class DeploymentStatus(ApiModel):
    """A deployment asked for and not yet proven a success."""

    fingerprint: Annotated[str, Field(max_length=64)]
    """What was asked for, in short; another fingerprint is another deployment."""

    config_name: Name
    """The endpoint config asked for."""

    attempts: Count
    """How often it was asked for."""

    state: Literal["Requested", "Accepted", "InProgress", "Failed"]
    """How far it is."""

    since: Timestamp
    """When it came into its state, by AWS's clock."""

    last_modified_time: Timestamp | None = None
    """The endpoint's LastModifiedTime before it was asked for."""

    message: Words | None = None
    """What AWS said when it failed."""


class Instances(ApiModel):
    """Instance counts of a variant."""

    current: Count | None = None
    """Instances that serve."""

    desired: Count | None = None
    """Instances asked for, by spec or by the autoscaler."""

    min: Count | None = None
    """The autoscaler's lower bound."""

    max: Count | None = None
    """The autoscaler's upper bound."""


class VariantStatus(ApiModel):
    """A production variant as AWS last described it."""

    name: Name
    """The variant's name."""

    model_name: Name | None = None
    """The SageMaker model that it serves."""

    image_digest: Annotated[str, Field(max_length=512)] | None = None
    """The image as AWS resolved it at deployment."""

    desired_weight: DecimalString | None = None
    """The weight asked for."""

    current_weight: DecimalString | None = None
    """The weight by which traffic is split now."""

    instances: Instances | None = None
    """Instance counts."""


class LatencyMicros(ApiModel):
    """A distribution of latency in microseconds over the window."""

    average: Count | None = None
    """Mean, in microseconds."""

    p50: Count | None = None
    """Median, in microseconds."""

    p90: Count | None = None
    """90th percentile, in microseconds."""

    p99: Count | None = None
    """99th percentile, in microseconds."""


class MeanLatencyMicros(ApiModel):
    """A latency of which only the mean is read, in microseconds."""

    average: Count | None = None
    """Mean, in microseconds."""


class VariantMetrics(ApiModel):
    """CloudWatch's numbers for one variant over the window."""

    name: Name
    """The variant's name."""

    invocations: Count | None = None
    """Requests sent to the variant."""

    invocations_per_instance: DecimalString | None = None
    """Requests per instance."""

    invocation_4xx_errors: Count | None = Field(default=None, alias="invocation4XXErrors")
    """Requests answered with a 4xx code."""

    invocation_5xx_errors: Count | None = Field(default=None, alias="invocation5XXErrors")
    """Requests answered with a 5xx code."""

    invocation_model_errors: Count | None = None
    """Requests that the model did not answer with a 2xx code."""

    model_latency_micros: LatencyMicros | None = None
    """Time that the model took."""

    overhead_latency_micros: MeanLatencyMicros | None = None
    """Time that SageMaker added."""

    cpu_utilization_percent: DecimalString | None = None
    """CPU use over all cores of an instance: 100 for each core."""

    memory_utilization_percent: DecimalString | None = None
    """Memory use."""

    disk_utilization_percent: DecimalString | None = None
    """Disk use."""

    gpu_utilization_percent: DecimalString | None = None
    """GPU use: 100 for each GPU."""

    gpu_memory_utilization_percent: DecimalString | None = None
    """GPU memory use: 100 for each GPU."""


class Metrics(ApiModel):
    """CloudWatch's numbers over the last complete window."""

    window_start: Timestamp
    """The window's start, by AWS's clock."""

    window_end: Timestamp
    """The window's end, by AWS's clock; written only together with a changed number."""

    period_seconds: Annotated[int, Field(ge=60, le=3600)]
    """The window's length in seconds."""

    variants: Annotated[list[VariantMetrics], Field(max_length=10), ListMap("name")]
    """The variants' numbers."""


class TrafficStatus(ApiModel):
    """Who chose the weights."""

    strategy: Annotated[str, Field(max_length=32)]
    """The strategy in force."""


class Status(ApiModel):
    """The resource as it is."""

    observed_generation: Annotated[int, Field(ge=-1, le=LARGEST)] = -1
    """The generation of the spec that this status speaks of; -1 before the first pass."""

    summary: Annotated[str, Field(max_length=1024)] | None = None
    """Variants and their shares in one line."""

    account: Annotated[str, Field(max_length=12, pattern=r"^[0-9]{12}$")] | None = None
    """The AWS account, pinned at the first write to AWS."""

    region: Annotated[str, Field(max_length=32)] | None = None
    """The AWS region, pinned at the first write to AWS."""

    last_handled_reconcile_at: Annotated[str, Field(max_length=ANNOTATION_LENGTH)] | None = None
    """The last reconcile request that was heeded."""

    endpoint: EndpointStatus | None = None
    """The endpoint."""

    deployment: DeploymentStatus | None = None
    """A deployment asked for and not yet proven a success."""

    variants: Annotated[list[VariantStatus], Field(max_length=20), ListMap("name")] | None = None
    """The production variants."""

    metrics: Metrics | None = None
    """The last complete window of CloudWatch metrics."""

    traffic: TrafficStatus | None = None
    """Who chose the weights."""

    conditions: Annotated[list[Condition], Field(max_length=16), ListMap("type")] | None = None
    """The conditions."""
