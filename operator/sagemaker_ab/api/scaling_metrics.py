"""The CloudWatch metrics that scaling policies track, and the alarms that fire them.

Names and limits are those of the Application Auto Scaling API reference (CustomizedMetricSpecification) and
of the CloudWatch API reference (PutMetricAlarm).
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from sagemaker_ab.api.fields import SIGNED_DECIMAL, ApiModel, DecimalIntOrString, ListMap

SignedDecimal = Annotated[
    int | str, DecimalIntOrString(minimum=-999_999_999, maximum=999_999_999, pattern=SIGNED_DECIMAL)
]
MetricText = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[!-~]([ -~]*[!-~])?$")]
MetricNamespace = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=r"^[a-zA-Z0-9_./#-]([a-zA-Z0-9_./#: -]*[a-zA-Z0-9_./#:-])?$",
    ),
]
_NUMBER: Final = r"[0-9]{1,9}(\.[0-9]{1,10})?"
_PERCENT: Final = r"[0-9]{1,2}(\.[0-9]{1,10})?"
EXTENDED_STATISTICS: Final = (
    rf"(p|tm|tc|ts|wm)(100|{_PERCENT})|IQM"
    rf"|PR\(({_NUMBER}:({_NUMBER})?|:{_NUMBER})\)"
    rf"|(TC|TM|TS|WM)\(({_NUMBER}:({_NUMBER})?|:{_NUMBER}|{_PERCENT}%:((100|{_PERCENT})%)?|:(100|{_PERCENT})%)\)"
)
"""Percentiles, trimmed and winsorized statistics, the interquartile mean and the percentile rank. Source:
CloudWatch user guide, "Statistics definitions".
"""
Statistic = Literal["Average", "Minimum", "Maximum", "SampleCount", "Sum"]
Unit = Literal[
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
]


class Dimension(ApiModel):
    """A dimension of a CloudWatch metric."""

    name: MetricText
    """The name of the dimension, such as EndpointName or VariantName. AWS field: Dimension.Name."""

    value: Annotated[str, Field(min_length=1, max_length=1024, pattern=r"^[!-~]([ -~]*[!-~])?$")]
    """The value of the dimension. AWS field: Dimension.Value."""


Dimensions = Annotated[list[Dimension], Field(min_length=1, max_length=30), ListMap("name")]


class MetricStat(ApiModel):
    """A metric and its statistic, as an input of metric math."""

    namespace: MetricNamespace
    """The namespace of the metric. AWS field: Metric.Namespace."""

    metric_name: MetricText
    """The name of the metric. AWS field: Metric.MetricName."""

    dimensions: Dimensions = Field(default_factory=list)
    """The dimensions of the metric. AWS field: Metric.Dimensions."""

    stat: Annotated[
        str,
        Field(max_length=64, pattern=rf"^(Average|Minimum|Maximum|SampleCount|Sum|{EXTENDED_STATISTICS})$"),
    ]
    """The statistic, such as Average, Sum or p90. AWS field: MetricStat.Stat."""

    unit: Unit | None = None
    """The unit of the datapoints. If it is not set, all units count. AWS field: MetricStat.Unit."""


class MetricQuery(ApiModel):
    """A metric or a math expression. Exactly one of expression and metricStat must be set."""

    id: Annotated[str, Field(max_length=255, pattern=r"^[a-z][a-zA-Z0-9_]*$")]
    """The name by which expressions refer to this result. AWS field: Id."""

    expression: Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^[ -~]+$")] | None = None
    """A math expression over the other results, such as "m1 / m2". AWS field: Expression."""

    metric_stat: MetricStat | None = None
    """The metric to read. AWS field: MetricStat."""

    label: MetricText | None = None
    """A description of the result. AWS field: Label."""

    return_data: bool | None = None
    """Whether this result is the metric to track; true if it is not set. It must be true for one result and
    false for all others. AWS field: ReturnData.
    """


class CustomizedMetric(ApiModel):
    """A metric of your own to track. AWS type: CustomizedMetricSpecification.

    It is either one metric, with metricName, namespace and statistic, or the result of metric math over
    metrics. It must go down when the number of instances goes up.
    """

    metric_name: MetricText | None = None
    """The name of the metric. AWS field: MetricName."""

    namespace: MetricNamespace | None = None
    """The namespace of the metric. AWS field: Namespace."""

    dimensions: Dimensions = Field(default_factory=list)
    """The dimensions of the metric, exactly as it was published. SageMaker publishes metrics of a variant
    with EndpointName and VariantName. AWS field: Dimensions.
    """

    statistic: Statistic | None = None
    """The statistic of the metric. AWS field: Statistic."""

    unit: Unit | None = None
    """The unit of the datapoints. If it is not set, all units count. AWS field: Unit."""

    metrics: Annotated[list[MetricQuery], Field(min_length=1, max_length=10), ListMap("id")] | None = None
    """The metrics and expressions of metric math. One of them returns the metric to track. AWS field:
    Metrics.
    """


class Alarm(ApiModel):
    """The CloudWatch alarm that fires a step scaling policy. The operator manages it with the policy.

    Exactly one of statistic and extendedStatistic must be set.
    """

    namespace: MetricNamespace
    """The namespace of the metric. AWS field: Namespace."""

    metric_name: MetricText
    """The name of the metric. AWS field: MetricName."""

    dimensions: Dimensions = Field(default_factory=list)
    """The dimensions of the metric, exactly as it was published. SageMaker publishes metrics of a variant
    with EndpointName and VariantName. AWS field: Dimensions.
    """

    statistic: Statistic | None = None
    """The statistic of the metric. AWS field: Statistic."""

    extended_statistic: Annotated[str, Field(max_length=64, pattern=f"^({EXTENDED_STATISTICS})$")] | None = (
        None
    )
    """A percentile or another extended statistic, such as p90 or TM(10%:90%). AWS field:
    ExtendedStatistic.
    """

    unit: Unit | None = None
    """The unit of the datapoints. If it is not set, all units count. AWS field: Unit."""

    comparison_operator: Literal[
        "GreaterThanOrEqualToThreshold",
        "GreaterThanThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
    ]
    """How the metric is compared with the threshold. AWS field: ComparisonOperator."""

    threshold: SignedDecimal
    """The threshold, in the unit of the metric: an integer, or a quoted decimal such as "70.5". AWS field:
    Threshold.
    """

    period_seconds: Annotated[int, Field(ge=10, le=86400)] = 60
    """The length of a period in seconds: 10, 20, 30 or a multiple of 60. If it is not set, it is 60. AWS
    field: Period.
    """

    evaluation_periods: Annotated[int, Field(ge=1, le=1440)] = 1
    """The number of the latest periods to look at. If it is not set, it is 1. AWS field:
    EvaluationPeriods.
    """

    datapoints_to_alarm: Annotated[int, Field(ge=1, le=1440)] | None = None
    """The number of periods that must breach the threshold. If it is not set, all of evaluationPeriods. AWS
    field: DatapointsToAlarm.
    """

    treat_missing_data: Literal["breaching", "notBreaching", "ignore", "missing"] = "missing"
    """How periods without datapoints count. If it is not set, they count as missing. AWS field:
    TreatMissingData.
    """
