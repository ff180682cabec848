"""The ``status`` of a SageMakerABEndpoint (v1alpha1): the observed state, written by the operator.

A value that AWS did not return is absent, never zero. Fractions are decimal strings, because CRDs should not
have floats (Kubernetes API conventions, "Primitive types"). Field names contain the unit.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_SET, ApiModel, CutTo, ListMap, Timestamp
from sagemaker_ab.api.scaling_status import MOST_VARIANTS, ScalingStatus
from sagemaker_ab.api.traffic_status import TrafficStatus

LARGEST: Final = 2**53 - 1
ANNOTATION_LENGTH: Final = 256 * 1024
CONTENT_LENGTH: Final = 32 * 1024
RELEASED_LENGTH: Final = 128 * 1024
"""Room for the 200 scheduled actions and 50 policies that a scalable target may have."""
MOST_TAG_KEYS: Final = 95
"""The 45 tags that a spec can have, and up to 50 that AWS still has from earlier specs."""
Count = Annotated[int, Field(ge=0, le=LARGEST)]
DecimalString = Annotated[str, Field(max_length=32, pattern=r"^[0-9]+(\.[0-9]+)?$")]
Name = Annotated[str, Field(max_length=63)]
Words = Annotated[str, CutTo(2048)]


class Condition(ApiModel):
    """A condition, with the fields of metav1.Condition."""

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
    """The type of the condition."""

    status: Literal["True", "False", "Unknown"]
    """The status of the condition: True, False or Unknown."""

    reason: Annotated[
        str, Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")
    ]
    """The reason of the current status, as one word from a closed list."""

    message: Annotated[str, Field(max_length=32768)]
    """A message for people: what happened, and what AWS reported."""

    last_transition_time: Timestamp
    """The time at which status last changed, by the operator's clock."""

    observed_generation: Count | None = None
    """The generation of the spec that the condition describes."""


class EndpointStatus(ApiModel):
    """The endpoint as DescribeEndpoint last returned it."""

    arn: Words | None = None
    """The ARN of the endpoint. It contains the endpoint name in lower case. AWS field: EndpointArn."""

    status: Annotated[str, Field(max_length=64)] | None = None
    """The status of the endpoint in AWS, such as InService or Updating. AWS field: EndpointStatus."""

    config_name: Name | None = None
    """The name of the endpoint config in use. AWS field: EndpointConfigName."""

    config_content: Annotated[str, Field(max_length=CONTENT_LENGTH)] | None = None
    """The content of the endpoint config in use, as JSON with the members of CreateEndpointConfig. The
    operator creates the config again from it if the config is deleted while the endpoint uses it.
    """

    pending_config_name: Name | None = None
    """The name of the endpoint config that AWS is deploying. AWS field:
    PendingDeploymentSummary.EndpointConfigName.
    """

    failure_reason: Words | None = None
    """The reason that AWS gives for the last failure. AWS field: FailureReason."""

    since: Timestamp | None = None
    """The time at which the operator first read this endpoint status, by the operator's clock."""

    tag_keys: (
        Annotated[
            list[Annotated[str, Field(max_length=128)]],
            Field(max_length=MOST_TAG_KEYS, json_schema_extra=LIST_SET),
        ]
        | None
    ) = None
    """The keys of the tags in spec.tags that the operator has set on the endpoint. When a key is removed from
    spec.tags, the operator deletes the tag. It deletes no other tags.
    """


class DeploymentStatus(ApiModel):
    """The latest deployment of an endpoint config that is not yet verified as successful."""

    fingerprint: Annotated[str, Field(max_length=64)]
    """A hash of the names, models, instance types and instance counts of the variants. Attempts with the same
    fingerprint are attempts of one deployment.
    """

    content_fingerprint: Annotated[str, Field(max_length=64)] | None = None
    """A hash of the variants, models and instance types, without instance counts. A failed deployment is not
    repeated while it stays the same.
    """

    config_name: Name
    """The name of the endpoint config to deploy."""

    attempts: Count
    """The number of times that the operator requested this deployment from AWS."""

    state: Literal["Requested", "Refused", "Accepted", "InProgress", "Failed"]
    """The progress of the deployment. Requested: the operator is about to call AWS, or does not know whether
    the call arrived. Accepted: AWS accepted the call. InProgress: AWS reported that it is deploying the
    config. Failed: the deployment failed.
    """

    since: Timestamp
    """The time at which the deployment entered its state, by the clock of AWS."""

    previous_config_name: Name | None = None
    """The endpoint config that was in use before the deployment was requested."""

    previous_failure_reason: Words | None = None
    """The FailureReason that the endpoint had before the deployment was requested."""

    last_modified_time: Timestamp | None = None
    """LastModifiedTime of the endpoint before the request. Absent if the deployment creates the endpoint."""

    message: Words | None = None
    """The reason of the failure that AWS reported."""


class Instances(ApiModel):
    """The instance counts of a variant."""

    current: Count | None = None
    """The number of instances that serve. AWS field: CurrentInstanceCount."""

    desired: Count | None = None
    """The number of instances that the spec or Application Auto Scaling requested. AWS field:
    DesiredInstanceCount.
    """

    min: Count | None = None
    """The minimum of the scalable target. AWS field: MinCapacity."""

    max: Count | None = None
    """The maximum of the scalable target. AWS field: MaxCapacity."""


class VariantStatus(ApiModel):
    """A production variant as DescribeEndpoint and DescribeEndpointConfig last returned it."""

    name: Name
    """The name of the variant."""

    model_name: Name | None = None
    """The name of the SageMaker model that the variant serves. AWS field: ModelName."""

    image_digest: Annotated[str, Field(max_length=512)] | None = None
    """The digest of the image that AWS deployed; of the first container's image in a pipeline. AWS field:
    DeployedImages.ResolvedImage.
    """

    desired_weight: DecimalString | None = None
    """The weight that was last requested. AWS field: DesiredWeight."""

    current_weight: DecimalString | None = None
    """The weight by which AWS splits the traffic now. AWS field: CurrentWeight."""

    instances: Instances | None = None
    """The instance counts of the variant."""


class LatencyMicros(ApiModel):
    """Statistics of a latency over the window, in microseconds."""

    average: Count | None = None
    """The mean, in microseconds."""

    p50: Count | None = None
    """The median, in microseconds."""

    p90: Count | None = None
    """The 90th percentile, in microseconds."""

    p99: Count | None = None
    """The 99th percentile, in microseconds."""


class MeanLatencyMicros(ApiModel):
    """The mean of a latency over the window, in microseconds."""

    average: Count | None = None
    """The mean, in microseconds."""


class VariantMetrics(ApiModel):
    """The CloudWatch metrics of a variant over the window. A metric without datapoints is absent."""

    name: Name
    """The name of the variant."""

    invocations: Count | None = None
    """The number of requests to the variant. CloudWatch metric: Invocations (Sum)."""

    invocations_per_instance: DecimalString | None = None
    """The number of requests per instance. CloudWatch metric: InvocationsPerInstance (Sum)."""

    invocation_4xx_errors: Count | None = Field(default=None, alias="invocation4XXErrors")
    """The number of requests for which the model returned a 4xx status code. CloudWatch metric:
    Invocation4XXErrors (Sum).
    """

    invocation_5xx_errors: Count | None = Field(default=None, alias="invocation5XXErrors")
    """The number of requests for which the model returned a 5xx status code. CloudWatch metric:
    Invocation5XXErrors (Sum).
    """

    invocation_model_errors: Count | None = None
    """The number of requests without a 2xx response from the model, including the 4xx and 5xx errors,
    timeouts and malformed responses. CloudWatch metric: InvocationModelErrors (Sum).
    """

    model_latency_micros: LatencyMicros | None = None
    """The time that the model took to respond, in microseconds. CloudWatch metric: ModelLatency."""

    overhead_latency_micros: MeanLatencyMicros | None = None
    """The time that SageMaker added to the response time of the model, in microseconds. CloudWatch metric:
    OverheadLatency.
    """

    cpu_utilization_percent: DecimalString | None = None
    """The CPU utilization of the instances, in percent: up to 100 per core. CloudWatch metric: CPUUtilization
    (Average).
    """

    memory_utilization_percent: DecimalString | None = None
    """The memory utilization of the instances, in percent. CloudWatch metric: MemoryUtilization (Average)."""

    disk_utilization_percent: DecimalString | None = None
    """The disk utilization of the instances, in percent. CloudWatch metric: DiskUtilization (Average)."""

    gpu_utilization_percent: DecimalString | None = None
    """The GPU utilization of the instances, in percent: up to 100 per GPU. Present only on GPU instances.
    CloudWatch metric: GPUUtilization (Average).
    """

    gpu_memory_utilization_percent: DecimalString | None = None
    """The GPU memory utilization of the instances, in percent: up to 100 per GPU. Present only on GPU
    instances. CloudWatch metric: GPUMemoryUtilization (Average).
    """


class Metrics(ApiModel):
    """The CloudWatch metrics of the latest window. A later window with the same numbers is not written."""

    window_start: Timestamp
    """The start of the window, by the clock of AWS."""

    window_end: Timestamp
    """The end of the window, by the clock of AWS."""

    period_seconds: Annotated[int, Field(ge=60, le=3600)]
    """The length of the window in seconds, and the period of the metrics."""

    variants: Annotated[list[VariantMetrics], Field(max_length=10), ListMap("name")]
    """The metrics of the variants. A variant without datapoints is absent."""


class InstanceCount(ApiModel):
    """A number of instances of one production variant."""

    name: Name
    """The name of the variant."""

    count: Count
    """The number of instances."""


class ReleasedTarget(ApiModel):
    """A scalable target that was deregistered for an update of the endpoint."""

    name: Name
    """The name of the variant."""

    content: Annotated[str, Field(max_length=RELEASED_LENGTH)]
    """The target with its policies, scheduled actions and suspended state, as JSON."""

    since: Timestamp
    """The time at which the target was deregistered, by AWS's clock."""


class Status(ApiModel):
    """The observed state of the resource. Only the operator writes it."""

    observed_generation: Annotated[int, Field(ge=-1, le=LARGEST)] = -1
    """The generation of the spec that this status describes; -1 before the first reconcile."""

    summary: Annotated[str, Field(max_length=1024)] | None = None
    """The variants and their current shares of the traffic, in one line."""

    account: Annotated[str, Field(max_length=12, pattern=r"^[0-9]{12}$")] | None = None
    """The ID of the AWS account of the endpoint. The operator records it before the first write to AWS, and
    never changes it.
    """

    region: Annotated[str, Field(max_length=32)] | None = None
    """The AWS region of the endpoint. The operator records it before the first write to AWS, and never
    changes it.
    """

    last_handled_reconcile_at: Annotated[str, Field(max_length=ANNOTATION_LENGTH)] | None = None
    """The value of the annotation sagemaker-ab.dev/reconcile-requested-at that the operator handled last."""

    endpoint: EndpointStatus | None = None
    """The endpoint as DescribeEndpoint last returned it. Absent if it does not exist or has another owner."""

    deployment: DeploymentStatus | None = None
    """The latest deployment of an endpoint config. Absent once the operator has verified its success."""

    variants: Annotated[list[VariantStatus], Field(max_length=20), ListMap("name")] | None = None
    """The production variants of the endpoint, with their weights and instance counts."""

    last_instance_counts: Annotated[list[InstanceCount], Field(max_length=20), ListMap("name")] | None = None
    """The last known instance counts of autoscaled variants. The operator starts with them if it has to
    create the endpoint again.
    """

    released_scaling: Annotated[list[ReleasedTarget], Field(max_length=20), ListMap("name")] | None = None
    """Scalable targets that are deregistered for an update of the endpoint. The operator restores them
    afterwards.
    """

    scaling: Annotated[list[ScalingStatus], Field(max_length=MOST_VARIANTS), ListMap("name")] | None = None
    """The autoscaling of the variants."""

    metrics: Metrics | None = None
    """The CloudWatch metrics of the latest window. A later window with the same numbers is not written."""

    traffic: TrafficStatus | None = None
    """The strategy that sets the weights of the variants, and the run that it is in."""

    conditions: Annotated[list[Condition], Field(max_length=16), ListMap("type")] | None = None
    """The conditions of the resource, by type."""
