"""Renders a scaling policy in one line: the metric that it follows, its target, or its alarm and steps."""

from decimal import Decimal
from typing import Final

from sagemaker_ab.api.autoscaling import Autoscaling, StepAdjustment, StepScaling, TargetTrackingScaling
from sagemaker_ab.api.scaling_metrics import Alarm
from sagemaker_ab.planning.policy_metrics import PolicyMetric, policy_metrics

_UNITS: Final = {"ChangeInCapacity": "", "PercentChangeInCapacity": "%", "ExactCapacity": ""}


def policy_lines(autoscaling: Autoscaling, *, endpoint_name: str, variant: str) -> list[str]:
    """Return one line for each policy, in the order of the spec."""
    metrics = policy_metrics(autoscaling, endpoint_name=endpoint_name, variant=variant)
    lines = []
    for policy, metric in zip(autoscaling.policies, metrics, strict=True):
        words = [f"{policy.name}: {metric.name} ({metric.caption})"]
        if policy.target_tracking_scaling is not None:
            words += _tracking(policy.target_tracking_scaling)
        if policy.step_scaling is not None:
            words += _steps(policy.step_scaling, metric)
        lines.append(", ".join(words))
    return lines


def _tracking(tracking: TargetTrackingScaling) -> list[str]:
    only_out = ["scales out only"] if tracking.disable_scale_in else []
    return [f"target {tracking.target_value}", *only_out]


def _steps(scaling: StepScaling, metric: PolicyMetric) -> list[str]:
    unit = _UNITS[scaling.adjustment_type]
    sign = "=" if scaling.adjustment_type == "ExactCapacity" else ""
    steps = "; ".join(
        f"{sign}{_adjustment(step, signed=not sign)}{unit} {_interval(step, scaling.alarm)}"
        for step in scaling.step_adjustments
    )
    return [f"{metric.level_name} {scaling.alarm.threshold} for {_periods(scaling.alarm)}: {steps}"]


def _periods(alarm: Alarm) -> str:
    of = alarm.evaluation_periods
    breaching = of if alarm.datapoints_to_alarm is None else alarm.datapoints_to_alarm
    count = str(of) if breaching == of else f"{breaching} of {of}"
    return f"{count} × {alarm.period_seconds} s"


def _adjustment(step: StepAdjustment, *, signed: bool) -> str:
    return f"{step.scaling_adjustment:+d}" if signed else str(step.scaling_adjustment)


def _interval(step: StepAdjustment, alarm: Alarm) -> str:
    """Return the values of the metric, which are the threshold plus the bounds of the step."""
    threshold = Decimal(alarm.threshold)
    lower, upper = step.metric_interval_lower_bound, step.metric_interval_upper_bound
    low = None if lower is None else threshold + Decimal(lower)
    high = None if upper is None else threshold + Decimal(upper)
    if low is None:
        return f"to {high}"
    return f"from {low}" if high is None else f"from {low} to {high}"
