"""``spec.variants[].autoscaling``: the scalable target of a variant, and all that belongs to it.

Names and limits are those of the Application Auto Scaling API reference (RegisterScalableTarget,
PutScalingPolicy, PutScheduledAction).
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel, DecimalIntOrString, ListMap, TimeToTheSecond
from sagemaker_ab.api.scaling_metrics import Alarm, CustomizedMetric, SignedDecimal

InstanceCount = Annotated[int, Field(ge=1, le=10000)]
CooldownSeconds = Annotated[int, Field(ge=0, le=86400)]


class TargetTrackingScaling(ApiModel):
    """A target tracking policy, which changes the instance count to keep a metric near a target.

    Exactly one of predefinedMetricType and customizedMetric must be set. AWS type:
    TargetTrackingScalingPolicyConfiguration.
    """

    predefined_metric_type: (
        Literal[
            "SageMakerVariantInvocationsPerInstance",
            "SageMakerVariantConcurrentRequestsPerModelHighResolution",
        ]
        | None
    ) = None
    """The metric to track. SageMakerVariantInvocationsPerInstance is the average number of invocations per
    minute and instance. SageMakerVariantConcurrentRequestsPerModelHighResolution is the number of concurrent
    requests per model, published every 10 seconds. AWS field:
    PredefinedMetricSpecification.PredefinedMetricType.
    """

    customized_metric: CustomizedMetric | None = None
    """A metric of your own to track. AWS field: CustomizedMetricSpecification."""

    target_value: Annotated[int | str, DecimalIntOrString(minimum=1, maximum=999_999_999)]
    """The target of the metric, in the unit of the metric: an integer, or a quoted decimal such as "70.5". It
    must be greater than 0. AWS field: TargetValue.
    """

    scale_out_cooldown_seconds: CooldownSeconds = 300
    """Seconds to wait for a scale-out to take effect before the next one. If it is not set, it is 300,
    the default of AWS. AWS field: ScaleOutCooldown.
    """

    scale_in_cooldown_seconds: CooldownSeconds = 300
    """Seconds to wait after a scale-in before the next one. If it is not set, it is 300, the default
    of AWS. AWS field: ScaleInCooldown.
    """

    disable_scale_in: bool = False
    """Whether the policy only scales out. If it is not set, the policy also scales in. AWS field:
    DisableScaleIn.
    """

    @property
    def target(self) -> Decimal:
        """The target value as a number."""
        return Decimal(self.target_value)


class StepAdjustment(ApiModel):
    """What to do while the metric is within an interval of distances from the alarm's threshold.

    At least one bound of the interval must be set.
    """

    metric_interval_lower_bound: SignedDecimal | None = None
    """The lower bound: an integer, or a quoted decimal. If it is not set, the interval has none. AWS field:
    MetricIntervalLowerBound.
    """

    metric_interval_upper_bound: SignedDecimal | None = None
    """The upper bound: an integer, or a quoted decimal. If it is not set, the interval has none. AWS field:
    MetricIntervalUpperBound.
    """

    scaling_adjustment: Annotated[int, Field(ge=-10000, le=10000)]
    """By how much to change the number of instances, in the unit of adjustmentType; with ExactCapacity, the
    number of instances. It must not be 0. AWS field: ScalingAdjustment.
    """

    @property
    def lower(self) -> float | None:
        bound = self.metric_interval_lower_bound
        return None if bound is None else float(bound)

    @property
    def upper(self) -> float | None:
        bound = self.metric_interval_upper_bound
        return None if bound is None else float(bound)


class StepScaling(ApiModel):
    """A step scaling policy, which changes the instance count in steps when its alarm fires.

    AWS type: StepScalingPolicyConfiguration.
    """

    adjustment_type: Literal["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]
    """What scalingAdjustment means: a difference, a difference in percent, or a number of instances. AWS
    field: AdjustmentType.
    """

    step_adjustments: Annotated[
        list[StepAdjustment], Field(min_length=1, max_length=20, json_schema_extra=LIST_ATOMIC)
    ]
    """The steps. Their intervals must not overlap and must not leave gaps, and the outermost interval on the
    side on which the alarm fires must be open. AWS field: StepAdjustments.
    """

    cooldown_seconds: CooldownSeconds = 300
    """Seconds to wait after a scaling activity before the next one. If it is not set, it is 300, the default
    of AWS. AWS field: Cooldown.
    """

    min_adjustment_magnitude: InstanceCount | None = None
    """The smallest number of instances to add or remove, with PercentChangeInCapacity only. AWS field:
    MinAdjustmentMagnitude.
    """

    metric_aggregation_type: Literal["Average", "Minimum", "Maximum"] = "Average"
    """How the datapoints of the alarm are aggregated. If it is not set, it is Average. AWS field:
    MetricAggregationType.
    """

    alarm: Alarm
    """The CloudWatch alarm that fires the policy."""


class ScalingPolicy(ApiModel):
    """A scaling policy. The field with the name of its type contains its settings."""

    name: Annotated[str, Field(max_length=256, pattern=r"^[!-~]([ -~]*[!-~])?$")]
    """The name of the policy. After a change, the operator deletes the policy with the old name and creates
    one with the new name. AWS field: PutScalingPolicy.PolicyName.
    """

    type: Literal["TargetTrackingScaling", "StepScaling"]
    """The type of the policy. After a change, the operator deletes the policy and creates it again. AWS
    field: PutScalingPolicy.PolicyType.
    """

    target_tracking_scaling: TargetTrackingScaling | None = None
    """The settings of a policy of type TargetTrackingScaling."""

    step_scaling: StepScaling | None = None
    """The settings of a policy of type StepScaling."""


class ScheduledAction(ApiModel):
    """A change of the bounds at set times. At least one of minCapacity and maxCapacity must be set.

    AWS changes the bounds when the action is due, and they stay until another action or the spec changes
    them. AWS type: ScheduledAction.
    """

    name: Annotated[str, Field(max_length=256, pattern=r"^[!-.0-9;-{}~]([ -.0-9;-{}~]*[!-.0-9;-{}~])?$")]
    """The name of the action. It must not contain colons, slashes or vertical bars. AWS field:
    ScheduledActionName.
    """

    schedule: Annotated[
        str,
        Field(
            max_length=256,
            pattern=(
                r"^(at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\)"
                r"|rate\([1-9][0-9]{0,8} (minutes?|hours?|days?)\)"
                r"|cron\([0-9A-Za-z*?,/#-]+( [0-9A-Za-z*?,/#-]+){5}\))$"
            ),
        ),
    ]
    """When the action is due: at(yyyy-mm-ddThh:mm:ss), rate(value unit), or cron with the fields minutes,
    hours, day of month, month, day of week and year, such as cron(0 8 ? * MON-FRI *). Days of the week are
    numbered from 1 for Sunday. AWS field: Schedule.
    """

    timezone: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")] | None = None
    """The IANA name of the time zone of at and cron, such as Europe/Berlin. If it is not set, times are in
    UTC. It cannot be set with rate. AWS field: Timezone.
    """

    start_time: TimeToTheSecond | None = None
    """The time before which the action is never due, such as 2027-01-31T06:00:00Z. AWS field: StartTime."""

    end_time: TimeToTheSecond | None = None
    """The time after which the action is no longer due. AWS field: EndTime."""

    min_capacity: InstanceCount | None = None
    """The minimum number of instances from then on. AWS field: ScalableTargetAction.MinCapacity."""

    max_capacity: InstanceCount | None = None
    """The maximum number of instances from then on. AWS field: ScalableTargetAction.MaxCapacity."""


class Suspended(ApiModel):
    """Which kinds of scaling are suspended. At least one must be set.

    What is not set is left as it is in AWS. AWS type: SuspendedState.
    """

    scale_in: bool | None = None
    """Whether scaling policies must not scale in. AWS field: DynamicScalingInSuspended."""

    scale_out: bool | None = None
    """Whether scaling policies must not scale out. AWS field: DynamicScalingOutSuspended."""

    scheduled: bool | None = None
    """Whether scheduled actions must not change the bounds. AWS field: ScheduledScalingSuspended."""


class Autoscaling(ApiModel):
    """The scalable target of a variant in Application Auto Scaling, its scaling policies and its schedule."""

    min_capacity: InstanceCount
    """The minimum number of instances. A scheduled action changes it until the next change of the spec's
    bounds. AWS field: RegisterScalableTarget.MinCapacity.
    """

    max_capacity: InstanceCount
    """The maximum number of instances. A scheduled action changes it until the next change of the spec's
    bounds. AWS field: RegisterScalableTarget.MaxCapacity.
    """

    initial_instance_count: InstanceCount | None = None
    """The number of instances that a new variant starts with, from minCapacity to maxCapacity. If it is not
    set, a new variant starts with minCapacity. If a scheduled action has changed the bounds, the number is
    brought within them. A variant that exists keeps its current number during a deployment. AWS field:
    ProductionVariant.InitialInstanceCount.
    """

    policies: Annotated[list[ScalingPolicy], Field(max_length=4), ListMap("name")] = Field(
        default_factory=list
    )
    """The scaling policies. AWS allows one target tracking policy per metric. At least one policy or one
    scheduled action is required.
    """

    scheduled_actions: Annotated[list[ScheduledAction], Field(max_length=20), ListMap("name")] = Field(
        default_factory=list
    )
    """Changes of the bounds at set times. An action that sets only one bound must not cross any other bound
    that can be in effect when it is due.
    """

    suspended: Suspended | None = None
    """Which kinds of scaling are suspended, for instance during an incident."""

    foreign_scaling: Literal["Report", "Remove"] = "Report"
    """What happens to scaling policies, scheduled actions and suspensions of this variant that are not in the
    spec. Report: the operator names them in the condition AutoscalingApplied and leaves them alone. Remove:
    the operator deletes them, and resumes what is suspended. If it is not set, it is Report.
    """
