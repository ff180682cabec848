"""The validation rules of scaling policies, the metrics that they track and the alarms that fire them.

Sources: Application Auto Scaling API reference (PutScalingPolicy, StepAdjustment,
CustomizedMetricSpecification, TargetTrackingMetricDataQuery) and CloudWatch API reference (PutMetricAlarm).
"""

from typing import Any, Final

from sagemaker_ab.api.autoscaling import (
    Autoscaling,
    ScalingPolicy,
    StepAdjustment,
    StepScaling,
    Suspended,
    TargetTrackingScaling,
)
from sagemaker_ab.api.rule import Rule, at_least_one_of, exactly_one_of, member_of_type
from sagemaker_ab.api.scaling_metrics import Alarm, CustomizedMetric, MetricQuery

SHORT_PERIODS: Final = (10, 20, 30)
HOUR, DAY, WEEK = 3600, 86400, 604800


def _one_policy_for_each_predefined_metric(autoscaling: Autoscaling) -> bool:
    tracking = [policy.target_tracking_scaling for policy in autoscaling.policies]
    metrics = [each.predefined_metric_type for each in tracking if each and each.predefined_metric_type]
    return len(metrics) == len(set(metrics))


def _one_policy_for_each_customized_metric(autoscaling: Autoscaling) -> bool:
    tracking = [policy.target_tracking_scaling for policy in autoscaling.policies]
    metrics = [_unordered(each.customized_metric) for each in tracking if each and each.customized_metric]
    return all(metrics.count(metric) == 1 for metric in metrics)


def _unordered(value: Any) -> Any:
    """Return a metric without the order of its lists: all of them are maps, and CEL compares them as such."""
    if isinstance(value, list):
        return sorted((_unordered(item) for item in value), key=repr)
    if isinstance(value, CustomizedMetric):
        return _unordered(value.model_dump(exclude_none=True))
    return {key: _unordered(child) for key, child in value.items()} if isinstance(value, dict) else value


def _has_all_of_one_metric(metric: CustomizedMetric) -> bool:
    return metric.metrics is not None or None not in (metric.metric_name, metric.namespace, metric.statistic)


def _has_metrics_alone(metric: CustomizedMetric) -> bool:
    one = (metric.metric_name, metric.namespace, metric.statistic, metric.unit)
    return metric.metrics is None or (all(member is None for member in one) and not metric.dimensions)


def _returned(metric: CustomizedMetric) -> int:
    return sum(query.return_data is not False for query in metric.metrics or ())


def _has_period(alarm: Alarm) -> bool:
    return alarm.period_seconds in SHORT_PERIODS or alarm.period_seconds % 60 == 0


def _datapoints(alarm: Alarm) -> int:
    return alarm.datapoints_to_alarm or alarm.evaluation_periods


def _span(alarm: Alarm) -> int:
    return alarm.period_seconds * alarm.evaluation_periods


def _longest_span(alarm: Alarm) -> int:
    return WEEK if alarm.period_seconds >= HOUR else DAY


def _in_order(step: StepAdjustment) -> bool:
    return step.lower is None or step.upper is None or step.lower < step.upper


def _adjoin(scaling: StepScaling) -> bool:
    """Check that the intervals form one chain: lower bounds are unique, and all but one are upper bounds."""
    lowers = [step.lower for step in scaling.step_adjustments]
    uppers = {step.upper for step in scaling.step_adjustments} - {None}
    return len(lowers) == len(set(lowers)) and sum(lower not in uppers for lower in lowers) == 1


def _open_below(scaling: StepScaling) -> bool:
    return any(step.lower is None for step in scaling.step_adjustments)


def _open_above(scaling: StepScaling) -> bool:
    return any(step.upper is None for step in scaling.step_adjustments)


def _fires_above(scaling: StepScaling) -> bool:
    return scaling.alarm.comparison_operator.startswith("Greater")


def _reaches_below(scaling: StepScaling) -> bool:
    return any(step.lower is not None and step.lower < 0 for step in scaling.step_adjustments)


def _reaches_above(scaling: StepScaling) -> bool:
    return any(step.upper is not None and step.upper > 0 for step in scaling.step_adjustments)


def _bound(step: str, which: str, *, unset: str) -> str:
    """Return a CEL expression for a bound of a step as a double."""
    field = f"{step}.metricInterval{which}Bound"
    return f"(has({field}) ? double({field}) : double('{unset}'))"


def _lower(step: str) -> str:
    return _bound(step, "Lower", unset="-Infinity")


def _upper(step: str) -> str:
    return _bound(step, "Upper", unset="Infinity")


def _unique(metric: str) -> str:
    """Return a CEL expression: no two policies have an equal ``metric`` of target tracking."""

    def has(policy: str) -> str:
        return f"has({policy}.targetTrackingScaling) && has({policy}.targetTrackingScaling.{metric})"

    equal = f"other.targetTrackingScaling.{metric} == one.targetTrackingScaling.{metric}"
    return (
        f"!has(self.policies) || self.policies.all(one, !({has('one')})"
        f" || self.policies.exists_one(other, {has('other')} && {equal}))"
    )


RETURNED: Final = "self.metrics.filter(query, !has(query.returnData) || query.returnData).size()"
PERIOD: Final = "(has(self.periodSeconds) ? self.periodSeconds : 60)"
PERIODS: Final = "(has(self.evaluationPeriods) ? self.evaluationPeriods : 1)"
LONGEST_SPAN: Final = f"({PERIOD} >= {HOUR} ? {WEEK} : {DAY})"
OPEN_BELOW: Final = "self.stepAdjustments.exists(step, !has(step.metricIntervalLowerBound))"
OPEN_ABOVE: Final = "self.stepAdjustments.exists(step, !has(step.metricIntervalUpperBound))"
FIRES_ABOVE: Final = "self.alarm.comparisonOperator.startsWith('Greater')"

SCALING_RULES: Final[tuple[Rule[Any], ...]] = (
    Rule(
        scope=Autoscaling,
        field="policies",
        cel=_unique("predefinedMetricType"),
        holds=_one_policy_for_each_predefined_metric,
        message="each policy must have a predefinedMetricType of its own; AWS allows one policy per metric",
    ),
    Rule(
        scope=Autoscaling,
        field="policies",
        cel=_unique("customizedMetric"),
        holds=_one_policy_for_each_customized_metric,
        message="each policy must have a customizedMetric of its own; AWS allows one policy per metric",
    ),
    at_least_one_of(Suspended, "scaleIn", "scaleOut", "scheduled"),
    member_of_type(ScalingPolicy, "targetTrackingScaling", type_name="TargetTrackingScaling"),
    member_of_type(ScalingPolicy, "stepScaling", type_name="StepScaling"),
    exactly_one_of(TargetTrackingScaling, "predefinedMetricType", "customizedMetric"),
    Rule(
        scope=TargetTrackingScaling,
        field="targetValue",
        cel="type(self.targetValue) == int || double(self.targetValue) > 0.0",
        holds=lambda tracking: tracking.target > 0,
        message="must be greater than 0",
    ),
    Rule(
        scope=CustomizedMetric,
        cel="has(self.metrics) || (has(self.metricName) && has(self.namespace) && has(self.statistic))",
        holds=_has_all_of_one_metric,
        message="metricName, namespace and statistic are required unless metrics is set",
    ),
    Rule(
        scope=CustomizedMetric,
        field="metrics",
        cel=(
            "!has(self.metrics) || !(has(self.metricName) || has(self.namespace) || has(self.dimensions)"
            " || has(self.statistic) || has(self.unit))"
        ),
        holds=_has_metrics_alone,
        message="cannot be set together with metricName, namespace, dimensions, statistic or unit",
    ),
    Rule(
        scope=CustomizedMetric,
        field="metrics",
        cel=f"!has(self.metrics) || {RETURNED} == 1",
        holds=lambda metric: metric.metrics is None or _returned(metric) == 1,
        message="exactly one must have returnData true, which is the default, not %s of them",
        given=((RETURNED, _returned),),
    ),
    Rule(
        scope=CustomizedMetric,
        field="metrics",
        cel="!has(self.metrics) || self.metrics.exists(query, has(query.metricStat))",
        holds=lambda metric: metric.metrics is None or any(query.metric_stat for query in metric.metrics),
        message="at least one must have metricStat",
    ),
    exactly_one_of(MetricQuery, "expression", "metricStat"),
    Rule(
        scope=StepAdjustment,
        cel="has(self.metricIntervalLowerBound) || has(self.metricIntervalUpperBound)",
        holds=lambda step: step.lower is not None or step.upper is not None,
        message="metricIntervalLowerBound or metricIntervalUpperBound must be set",
    ),
    Rule(
        scope=StepAdjustment,
        field="metricIntervalUpperBound",
        cel=f"{_lower('self')} < {_upper('self')}",
        holds=_in_order,
        message="must be greater than metricIntervalLowerBound",
    ),
    Rule(
        scope=StepAdjustment,
        field="scalingAdjustment",
        cel="self.scalingAdjustment != 0",
        holds=lambda step: step.scaling_adjustment != 0,
        message="must not be 0, which has no effect",
    ),
    Rule(
        scope=StepScaling,
        field="stepAdjustments",
        cel=(
            f"self.stepAdjustments.all(one, self.stepAdjustments.exists_one(other,"
            f" {_lower('other')} == {_lower('one')}))"
            f" && self.stepAdjustments.exists_one(one, !self.stepAdjustments.exists(other,"
            f" {_upper('other')} == {_lower('one')}))"
        ),
        holds=_adjoin,
        message="intervals must not overlap and must not leave gaps",
    ),
    Rule(
        scope=StepScaling,
        field="stepAdjustments",
        cel=f"{OPEN_BELOW} || self.stepAdjustments.all(step, {_lower('step')} >= 0.0)",
        holds=lambda scaling: _open_below(scaling) or not _reaches_below(scaling),
        message="one must have no metricIntervalLowerBound, because another has a negative one",
    ),
    Rule(
        scope=StepScaling,
        field="stepAdjustments",
        cel=f"{OPEN_ABOVE} || self.stepAdjustments.all(step, {_upper('step')} <= 0.0)",
        holds=lambda scaling: _open_above(scaling) or not _reaches_above(scaling),
        message="one must have no metricIntervalUpperBound, because another has a positive one",
    ),
    Rule(
        scope=StepScaling,
        field="stepAdjustments",
        cel=f"{FIRES_ABOVE} ? {OPEN_ABOVE} : {OPEN_BELOW}",
        holds=lambda scaling: _open_above(scaling) if _fires_above(scaling) else _open_below(scaling),
        message=(
            "one must be open on the side of the threshold on which the alarm fires: above, without"
            " metricIntervalUpperBound, or below, without metricIntervalLowerBound"
        ),
    ),
    Rule(
        scope=StepScaling,
        field="stepAdjustments",
        cel=(
            "self.adjustmentType != 'ExactCapacity'"
            " || self.stepAdjustments.all(step, step.scalingAdjustment > 0)"
        ),
        holds=lambda scaling: (
            scaling.adjustment_type != "ExactCapacity"
            or all(step.scaling_adjustment > 0 for step in scaling.step_adjustments)
        ),
        message="with ExactCapacity, each scalingAdjustment must be at least 1",
    ),
    Rule(
        scope=StepScaling,
        field="minAdjustmentMagnitude",
        cel="!has(self.minAdjustmentMagnitude) || self.adjustmentType == 'PercentChangeInCapacity'",
        holds=lambda scaling: (
            scaling.min_adjustment_magnitude is None or scaling.adjustment_type == "PercentChangeInCapacity"
        ),
        message="can only be set if adjustmentType is PercentChangeInCapacity",
    ),
    exactly_one_of(Alarm, "statistic", "extendedStatistic"),
    Rule(
        scope=Alarm,
        field="periodSeconds",
        cel=f"{PERIOD} in [10, 20, 30] || {PERIOD} % 60 == 0",
        holds=_has_period,
        message="must be 10, 20, 30 or a multiple of 60, not %s",
        given=((PERIOD, lambda alarm: alarm.period_seconds),),
    ),
    Rule(
        scope=Alarm,
        field="datapointsToAlarm",
        cel=f"!has(self.datapointsToAlarm) || self.datapointsToAlarm <= {PERIODS}",
        holds=lambda alarm: _datapoints(alarm) <= alarm.evaluation_periods,
        message="must be less than or equal to evaluationPeriods, but %s is greater than %s",
        given=(
            ("self.datapointsToAlarm", _datapoints),
            (PERIODS, lambda alarm: alarm.evaluation_periods),
        ),
    ),
    Rule(
        scope=Alarm,
        field="evaluationPeriods",
        cel=f"{PERIOD} * {PERIODS} <= {LONGEST_SPAN}",
        holds=lambda alarm: _span(alarm) <= _longest_span(alarm),
        message=(
            f"evaluationPeriods * periodSeconds must be at most {DAY}, or {WEEK} if periodSeconds is at least"
            f" {HOUR}, but it is %s"
        ),
        given=((f"{PERIOD} * {PERIODS}", _span),),
    ),
)
