"""The metrics that scaling policies follow: their names for people, and how to read them from CloudWatch.

The members of requests have the names of the API reference:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from sagemaker_ab.api.autoscaling import Autoscaling
from sagemaker_ab.planning.charts import PERIOD
from sagemaker_ab.planning.desired_scaling import DesiredPolicy, desired_scaling
from sagemaker_ab.planning.variant_metrics import INVOCATIONS, INVOCATIONS_PER_INSTANCE

Members = Mapping[str, Any]

_MINUTE: Final = int(PERIOD.total_seconds())
_PREDEFINED: Final = MappingProxyType(
    {
        "SageMakerVariantInvocationsPerInstance": ("InvocationsPerInstance", "Sum"),
        # SageMaker documents only Min and Max for this metric.
        "SageMakerVariantConcurrentRequestsPerModelHighResolution": ("ConcurrentRequestsPerModel", "Maximum"),
    }
)
_COMPARISONS: Final = MappingProxyType(
    {
        "GreaterThanOrEqualToThreshold": "at or above",
        "GreaterThanThreshold": "above",
        "LessThanThreshold": "below",
        "LessThanOrEqualToThreshold": "at or below",
    }
)
_METRIC: Final = ("Namespace", "MetricName", "Dimensions")
_TOTALS: Final = ("Sum", "SampleCount")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRequest:
    """A metric as GetMetricData returns it: MetricDataQueries, of which one returns data.

    CloudWatch's values divided by `divisor` are the values of a chart.
    """

    queries: tuple[Members, ...]
    period: timedelta = PERIOD
    divisor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyMetric:
    """The metric of a scaling policy. `level` is the target, or the threshold of the alarm.

    `level_name` says which of the two: "target", or "alarm above", for instance. `caption` names the
    statistic and the unit.
    """

    policy: str
    name: str
    caption: str
    level: float
    level_name: str
    request: MetricRequest


def policy_metrics(autoscaling: Autoscaling, *, endpoint_name: str, variant: str) -> tuple[PolicyMetric, ...]:
    """Return the metrics of all scaling policies of a variant, in the order of the spec."""
    policies = desired_scaling(autoscaling, variant=variant, alarm_prefix="").policies
    return tuple(_policy_metric(policy, _dimensions(endpoint_name, variant)) for policy in policies)


def traffic_requests(endpoint_name: str, variant: str) -> tuple[MetricRequest, MetricRequest]:
    """Return the requests of Invocations and InvocationsPerInstance of a variant."""
    dimensions = _dimensions(endpoint_name, variant)
    total, per_instance = (
        single_metric(
            {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions},
            statistic=metric.statistic,
        )
        for metric in (INVOCATIONS, INVOCATIONS_PER_INSTANCE)
    )
    return total, per_instance


def _dimensions(endpoint_name: str, variant: str) -> list[Members]:
    return [{"Name": "EndpointName", "Value": endpoint_name}, {"Name": "VariantName", "Value": variant}]


def single_metric(metric: Members, *, statistic: str, period: timedelta = PERIOD) -> MetricRequest:
    """Return the request of one metric: `metric` has MetricName, Namespace, Dimensions and perhaps Unit.

    CloudWatch keeps periods under a minute for three hours only. They are read as minutes, and totals are
    divided so that they stay totals of one period.
    """
    read = max(period, PERIOD)
    unit = {"Unit": metric["Unit"]} if "Unit" in metric else {}
    named = {member: metric[member] for member in _METRIC if member in metric}
    stat = {"Metric": named, "Period": int(read.total_seconds()), "Stat": statistic, **unit}
    divisor = read / period if statistic in _TOTALS else 1.0
    return MetricRequest(queries=({"Id": "m", "MetricStat": stat},), period=read, divisor=divisor)


def _policy_metric(policy: DesiredPolicy, dimensions: Sequence[Members]) -> PolicyMetric:
    if policy.alarm is not None:
        return _alarm_metric(policy.name, policy.alarm.members)
    target = policy.configuration["TargetValue"]
    specification = policy.configuration.get("CustomizedMetricSpecification")
    if specification is None:
        predefined = policy.configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]
        name, statistic = _PREDEFINED[predefined]
        specification = {
            "Namespace": "AWS/SageMaker",
            "MetricName": name,
            "Dimensions": dimensions,
            "Statistic": statistic,
        }
    if "Metrics" in specification:
        return _metric_math(policy.name, specification["Metrics"], target=target)
    return PolicyMetric(
        policy=policy.name,
        name=specification["MetricName"],
        caption=_caption(specification["Statistic"], specification.get("Unit"), _MINUTE),
        level=target,
        level_name="target",
        request=single_metric(specification, statistic=specification["Statistic"]),
    )


def _metric_math(policy: str, queries: Sequence[Members], *, target: float) -> PolicyMetric:
    tracked = next(query for query in queries if query.get("ReturnData", True))
    name = tracked.get("Label") or tracked.get("Expression") or tracked["MetricStat"]["Metric"]["MetricName"]
    return PolicyMetric(
        policy=policy,
        name=name,
        caption="metric math",
        level=target,
        level_name="target",
        request=MetricRequest(queries=tuple(_per_minute(query) for query in queries)),
    )


def _per_minute(query: Members) -> Members:
    """Return a query of a policy, which has no period, as GetMetricData takes it."""
    if "MetricStat" not in query:
        return query
    return {**query, "MetricStat": {**query["MetricStat"], "Period": _MINUTE}}


def _alarm_metric(policy: str, alarm: Members) -> PolicyMetric:
    statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    return PolicyMetric(
        policy=policy,
        name=alarm["MetricName"],
        caption=_caption(statistic, alarm.get("Unit"), alarm["Period"]),
        level=alarm["Threshold"],
        level_name=f"alarm {_COMPARISONS[alarm['ComparisonOperator']]}",
        request=single_metric(alarm, statistic=statistic, period=timedelta(seconds=alarm["Period"])),
    )


def _caption(statistic: str, unit: str | None, seconds: int) -> str:
    words = [statistic if statistic.startswith("p") else statistic.lower()]
    if unit not in {None, "None", "Count"}:
        words.append(str(unit).lower())
    if statistic in _TOTALS:
        words.append("per minute" if seconds == _MINUTE else f"per {seconds} s")
    return ", ".join(words)
