"""What a spec says of policies, alarms and scheduled actions, and what AWS holds of them, in the same words.

Both sides become plain values with AWS's defaults filled in, so that equal ones are equal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.safety.aws_state import Raw

STEPS, TRACKING = "StepScaling", "TargetTrackingScaling"
_COOLDOWN = 300
_DEFAULT_ZONES = frozenset({"", "UTC", "Etc/UTC"})


def declared_policy(raw: Raw) -> Raw:
    """Return a policy of a spec."""
    if raw["type"] == STEPS:
        return {"type": STEPS, **_declared_steps(raw["stepScaling"])}
    tracking = raw["targetTrackingScaling"]
    return {
        "type": TRACKING,
        "target": float(tracking["targetValue"]),
        "metric": tracking.get("predefinedMetricType") or _declared_metric(tracking["customizedMetric"]),
        "out": tracking.get("scaleOutCooldownSeconds", _COOLDOWN),
        "in": tracking.get("scaleInCooldownSeconds", _COOLDOWN),
        "only out": bool(tracking.get("disableScaleIn", False)),
    }


def live_policy(raw: Raw) -> Raw:
    """Return a policy of AWS."""
    config = raw["config"]
    if raw["type"] == STEPS:
        return {"type": STEPS, **_live_steps(config)}
    predefined = config.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    return {
        "type": raw["type"],
        "target": float(config["TargetValue"]),
        "metric": predefined or _live_metric(config.get("CustomizedMetricSpecification", {})),
        "out": config.get("ScaleOutCooldown", _COOLDOWN),
        "in": config.get("ScaleInCooldown", _COOLDOWN),
        "only out": config.get("DisableScaleIn", False),
    }


def tracked_metric(policy: Raw) -> Any:
    """Return what a policy tracks, of which AWS allows one policy only; None for a step policy."""
    return policy.get("metric")


def declared_alarm(raw: Raw) -> Raw:
    """Return the alarm of a step policy of a spec."""
    alarm = raw["stepScaling"]["alarm"]
    periods = alarm.get("evaluationPeriods", 1)
    return {
        "namespace": alarm["namespace"],
        "metric": alarm["metricName"],
        "dimensions": _pairs(alarm.get("dimensions", ()), "name", "value"),
        "statistic": alarm.get("statistic") or alarm.get("extendedStatistic"),
        "unit": alarm.get("unit"),
        "comparison": alarm["comparisonOperator"],
        "threshold": float(alarm["threshold"]),
        "period": alarm.get("periodSeconds", 60),
        "periods": periods,
        "datapoints": alarm.get("datapointsToAlarm", periods),
        "missing": alarm.get("treatMissingData", "missing"),
    }


def live_alarm(raw: Raw) -> Raw:
    """Return an alarm of AWS."""
    periods = raw["EvaluationPeriods"]
    return {
        "namespace": raw.get("Namespace"),
        "metric": raw.get("MetricName"),
        "dimensions": _pairs(raw.get("Dimensions", ()), "Name", "Value"),
        "statistic": raw.get("Statistic") or raw.get("ExtendedStatistic"),
        "unit": raw.get("Unit"),
        "comparison": raw["ComparisonOperator"],
        "threshold": float(raw["Threshold"]),
        "period": raw.get("Period"),
        "periods": periods,
        "datapoints": raw.get("DatapointsToAlarm", periods),
        "missing": raw.get("TreatMissingData", "missing"),
    }


def declared_action(raw: Raw) -> Raw:
    """Return a scheduled action of a spec."""
    return {
        "schedule": raw["schedule"],
        "timezone": _zone(raw.get("timezone")),
        "start": epoch(raw.get("startTime")),
        "end": epoch(raw.get("endTime")),
        "minimum": raw.get("minCapacity"),
        "maximum": raw.get("maxCapacity"),
    }


def live_action(raw: Raw) -> Raw:
    """Return a scheduled action of AWS."""
    return {
        "schedule": raw["schedule"],
        "timezone": _zone(raw.get("timezone")),
        "start": epoch(raw.get("start")),
        "end": epoch(raw.get("end")),
        "minimum": raw.get("MinCapacity"),
        "maximum": raw.get("MaxCapacity"),
    }


def epoch(time: Any) -> float | None:
    """Return whole epoch seconds of a text as the API server holds it, or of a number."""
    if isinstance(time, str):
        found = datetime.fromisoformat(time)
        time = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return None if time is None else float(int(time))


def _zone(name: str | None) -> str:
    return "" if name is None or name in _DEFAULT_ZONES else name


def _declared_steps(raw: Raw) -> Raw:
    return {
        "adjustment": raw["adjustmentType"],
        "steps": sorted(
            (
                _bound(step.get("metricIntervalLowerBound"), "-inf"),
                _bound(step.get("metricIntervalUpperBound"), "inf"),
                step["scalingAdjustment"],
            )
            for step in raw["stepAdjustments"]
        ),
        "cooldown": raw.get("cooldownSeconds", _COOLDOWN),
        "least": raw.get("minAdjustmentMagnitude"),
        "aggregation": raw.get("metricAggregationType", "Average"),
    }


def _live_steps(config: Raw) -> Raw:
    return {
        "adjustment": config["AdjustmentType"],
        "steps": sorted(
            (
                _bound(step.get("MetricIntervalLowerBound"), "-inf"),
                _bound(step.get("MetricIntervalUpperBound"), "inf"),
                step["ScalingAdjustment"],
            )
            for step in config["StepAdjustments"]
        ),
        "cooldown": config.get("Cooldown", _COOLDOWN),
        "least": config.get("MinAdjustmentMagnitude"),
        "aggregation": config.get("MetricAggregationType", "Average"),
    }


def _bound(value: Any, absent: str) -> float:
    return float(absent if value is None else value)


def _declared_metric(raw: Raw) -> Any:
    if raw.get("metrics") is None:
        dimensions = _pairs(raw.get("dimensions", ()), "name", "value")
        return raw["metricName"], raw["namespace"], dimensions, raw["statistic"], raw.get("unit")
    return [
        (
            query["id"],
            query.get("expression"),
            _declared_stat(query.get("metricStat")),
            query.get("label"),
            query.get("returnData", True),
        )
        for query in sorted(raw["metrics"], key=lambda query: str(query["id"]))
    ]


def _declared_stat(raw: Raw | None) -> Any:
    if raw is None:
        return None
    dimensions = _pairs(raw.get("dimensions", ()), "name", "value")
    return raw["namespace"], raw["metricName"], dimensions, raw["stat"], raw.get("unit")


def _live_metric(raw: Raw) -> Any:
    if "Metrics" not in raw:
        dimensions = _pairs(raw.get("Dimensions", ()), "Name", "Value")
        return raw.get("MetricName"), raw.get("Namespace"), dimensions, raw.get("Statistic"), raw.get("Unit")
    return [
        (
            query.get("Id"),
            query.get("Expression"),
            _live_stat(query.get("MetricStat")),
            query.get("Label"),
            query.get("ReturnData", True),
        )
        for query in sorted(raw["Metrics"], key=lambda query: str(query.get("Id")))
    ]


def _live_stat(raw: Raw | None) -> Any:
    if raw is None:
        return None
    metric = raw["Metric"]
    dimensions = _pairs(metric.get("Dimensions", ()), "Name", "Value")
    return metric.get("Namespace"), metric.get("MetricName"), dimensions, raw.get("Stat"), raw.get("Unit")


def _pairs(dimensions: Iterable[Raw], name: str, value: str) -> list[tuple[str, str]]:
    return sorted((one[name], one[value]) for one in dimensions)
