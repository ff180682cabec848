"""The desired autoscaling of one variant, as requests to Application Auto Scaling and CloudWatch need it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from sagemaker_ab.api.autoscaling import (
    Autoscaling,
    ScalingPolicy,
    ScheduledAction,
    StepScaling,
    Suspended,
    TargetTrackingScaling,
)
from sagemaker_ab.api.scaling_metrics import Alarm, CustomizedMetric, Dimension, MetricQuery, MetricStat
from sagemaker_ab.api.spec import EndpointSpec
from sagemaker_ab.planning.names import content_hash
from sagemaker_ab.planning.schedules import parse_schedule

Members = Mapping[str, Any]

TARGET_TRACKING: Final = "TargetTrackingScaling"
STEP_SCALING: Final = "StepScaling"
SUSPENDED_MEMBERS: Final = MappingProxyType(
    {
        "scaleIn": "DynamicScalingInSuspended",
        "scaleOut": "DynamicScalingOutSuspended",
        "scheduled": "ScheduledScalingSuspended",
    }
)
"""The kinds of scaling by their names in the spec, and the members of SuspendedState."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The minimum and the maximum number of instances of a scalable target."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class DesiredAlarm:
    """The alarm of a step scaling policy. `members` is PutMetricAlarm without its name, actions and tags."""

    name: str
    members: Members


@dataclass(frozen=True, slots=True)
class DesiredPolicy:
    """A scaling policy. `configuration` is the member of PutScalingPolicy that belongs to its type."""

    name: str
    type: str
    configuration: Members
    alarm: DesiredAlarm | None = None


@dataclass(frozen=True, slots=True)
class DesiredScaling:
    """A scalable target and all that belongs to it.

    `declared` are the bounds in the spec, `bounds` those that are intended now: a scheduled action may have
    changed them since. `initial_instance_count` is the number of instances that the spec gives a new variant,
    None if it gives none. `scheduled_actions` holds the members of PutScheduledAction by name,
    `declared_suspended` those members of SuspendedState that the spec governs. `kept_by` is the ID of the run
    that keeps the variant's instances; empty if there is none.
    """

    declared: Bounds
    bounds: Bounds
    initial_instance_count: int | None = None
    policies: tuple[DesiredPolicy, ...] = ()
    scheduled_actions: Mapping[str, Members] = field(default_factory=dict)
    declared_suspended: Mapping[str, bool] = field(default_factory=dict)
    removes_foreign: bool = False
    kept_by: str = ""

    @property
    def suspended(self) -> Mapping[str, bool]:
        """The members of SuspendedState that the spec or a run governs. A run suspends scale-in."""
        kept = {SUSPENDED_MEMBERS["scaleIn"]: True} if self.kept_by else {}
        return {**self.declared_suspended, **kept}


def alarm_prefix_of(endpoint_name: str, owner: str) -> str:
    """Return how the names of an endpoint's alarms begin; `owner` is a hash of who owns the endpoint.

    The hash keeps them apart from those of another owner, because an alarm that is listed shows no tags.
    """
    return f"sagemaker-ab/{owner}/{endpoint_name}/"


def alarm_name(prefix: str, variant: str, policy: str) -> str:
    """Return the name of the alarm of a step policy, of at most 255 characters like all alarms' names."""
    return f"{prefix}{variant}/{content_hash(policy)}"


def desired_scaling(autoscaling: Autoscaling, *, variant: str, alarm_prefix: str) -> DesiredScaling:
    """Resolve the autoscaling of a variant."""
    declared = Bounds(autoscaling.min_capacity, autoscaling.max_capacity)
    return DesiredScaling(
        declared=declared,
        bounds=declared,
        initial_instance_count=autoscaling.initial_instance_count,
        policies=tuple(_policy(policy, variant, alarm_prefix) for policy in autoscaling.policies),
        scheduled_actions={action.name: _action(action) for action in autoscaling.scheduled_actions},
        declared_suspended=_suspended(autoscaling.suspended),
        removes_foreign=autoscaling.foreign_scaling == "Remove",
    )


def _policy(policy: ScalingPolicy, variant: str, alarm_prefix: str) -> DesiredPolicy:
    if policy.step_scaling is not None:
        name = alarm_name(alarm_prefix, variant, policy.name)
        alarm = DesiredAlarm(name, _alarm(policy.step_scaling.alarm))
        return DesiredPolicy(policy.name, STEP_SCALING, _steps(policy.step_scaling), alarm)
    if policy.target_tracking_scaling is None:
        raise ValueError(f"policy {policy.name} has no settings")
    return DesiredPolicy(policy.name, TARGET_TRACKING, _tracking(policy.target_tracking_scaling))


def _tracking(tracking: TargetTrackingScaling) -> Members:
    metric: dict[str, Any] = {}
    if tracking.predefined_metric_type is not None:
        metric["PredefinedMetricSpecification"] = {"PredefinedMetricType": tracking.predefined_metric_type}
    if tracking.customized_metric is not None:
        metric["CustomizedMetricSpecification"] = dict(_customized(tracking.customized_metric))
    return {
        "TargetValue": float(tracking.target),
        **metric,
        "ScaleOutCooldown": tracking.scale_out_cooldown_seconds,
        "ScaleInCooldown": tracking.scale_in_cooldown_seconds,
        "DisableScaleIn": tracking.disable_scale_in,
    }


def _customized(metric: CustomizedMetric) -> Iterator[tuple[str, Any]]:
    if metric.metrics is not None:
        yield "Metrics", [dict(_query(query)) for query in metric.metrics]
        return
    yield "MetricName", metric.metric_name
    yield "Namespace", metric.namespace
    if metric.dimensions:
        yield "Dimensions", _dimensions(metric.dimensions)
    yield "Statistic", metric.statistic
    if metric.unit is not None:
        yield "Unit", metric.unit


def _query(query: MetricQuery) -> Iterator[tuple[str, Any]]:
    yield "Id", query.id
    if query.expression is not None:
        yield "Expression", query.expression
    if query.metric_stat is not None:
        yield "MetricStat", _metric_stat(query.metric_stat)
    if query.label is not None:
        yield "Label", query.label
    if query.return_data is not None:
        yield "ReturnData", query.return_data


def _metric_stat(stat: MetricStat) -> Members:
    metric: dict[str, Any] = {"MetricName": stat.metric_name, "Namespace": stat.namespace}
    if stat.dimensions:
        metric["Dimensions"] = _dimensions(stat.dimensions)
    unit = {"Unit": stat.unit} if stat.unit is not None else {}
    return {"Metric": metric, "Stat": stat.stat, **unit}


def _dimensions(dimensions: list[Dimension]) -> list[Members]:
    return [{"Name": each.name, "Value": each.value} for each in dimensions]


def _steps(scaling: StepScaling) -> Members:
    magnitude = scaling.min_adjustment_magnitude
    return {
        "AdjustmentType": scaling.adjustment_type,
        "StepAdjustments": [
            {
                **({} if step.lower is None else {"MetricIntervalLowerBound": float(step.lower)}),
                **({} if step.upper is None else {"MetricIntervalUpperBound": float(step.upper)}),
                "ScalingAdjustment": step.scaling_adjustment,
            }
            for step in scaling.step_adjustments
        ],
        **({} if magnitude is None else {"MinAdjustmentMagnitude": magnitude}),
        "Cooldown": scaling.cooldown_seconds,
        "MetricAggregationType": scaling.metric_aggregation_type,
    }


def _alarm(alarm: Alarm) -> Members:
    optional = {
        "Statistic": alarm.statistic,
        "ExtendedStatistic": alarm.extended_statistic,
        "Unit": alarm.unit,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
    }
    return {
        "Namespace": alarm.namespace,
        "MetricName": alarm.metric_name,
        "Dimensions": _dimensions(alarm.dimensions),
        **{member: value for member, value in optional.items() if value is not None},
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": float(alarm.threshold),
        "Period": alarm.period_seconds,
        "EvaluationPeriods": alarm.evaluation_periods,
        "TreatMissingData": alarm.treat_missing_data,
    }


def _action(action: ScheduledAction) -> Members:
    """Return the members of PutScheduledAction; times as text, because they are hashed and kept in status."""
    bounds = {"MinCapacity": action.min_capacity, "MaxCapacity": action.max_capacity}
    times = {"StartTime": action.start_time, "EndTime": action.end_time}
    return {
        "Schedule": action.schedule,
        **({"Timezone": action.timezone} if action.timezone else {}),
        **{member: time.isoformat() for member, time in times.items() if time is not None},
        "ScalableTargetAction": {member: count for member, count in bounds.items() if count is not None},
    }


def schedule_errors(spec: EndpointSpec) -> tuple[str, ...]:
    """Return what is wrong with the schedules of a spec, each with its path: what no schema can express."""
    return tuple(
        f"spec.variants[{at}].autoscaling.scheduledActions[{position}].schedule: {action.schedule}"
        f"{f' in {action.timezone}' if action.timezone else ''} is not valid: {problem}"
        for at, variant in enumerate(spec.variants)
        for position, action in enumerate(
            variant.autoscaling.scheduled_actions if variant.autoscaling else ()
        )
        if (problem := _problem(action))
    )


def _problem(action: ScheduledAction) -> str:
    try:
        parse_schedule(action.schedule, action.timezone or "")
    except ValueError as error:
        return str(error)
    return ""


def _suspended(suspended: Suspended | None) -> Mapping[str, bool]:
    if suspended is None:
        return {}
    kinds = {
        "scaleIn": suspended.scale_in,
        "scaleOut": suspended.scale_out,
        "scheduled": suspended.scheduled,
    }
    return {SUSPENDED_MEMBERS[kind]: value for kind, value in kinds.items() if value is not None}
