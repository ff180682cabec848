"""The charts of an autoscaled variant: its instances within their bounds, and each policy's metric."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sagemaker_ab.planning.charts import PERIOD, ChartData, Point, Series, TimeRange
from sagemaker_ab.planning.policy_metrics import PolicyMetric
from sagemaker_ab.planning.scaling_history import (
    Activity,
    LiveVariant,
    SpecBounds,
    bounds_over_time,
    counts_from_activities,
    counts_from_traffic,
)
from sagemaker_ab.planning.variant_metrics import DELAY_SECONDS

DERIVED: Final = (
    "CloudWatch has no instance count. It is derived from traffic (Invocations / InvocationsPerInstance) and "
    "from scaling activities. Bounds are those of the spec, of scheduled actions that ran, and now of AWS."
)


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a chart."""

    title: str
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantHistory:
    """What was read about an autoscaled variant: `metrics` has one series for each policy of the spec."""

    name: str
    live: LiveVariant
    spec: SpecBounds | None
    activities: tuple[Activity, ...]
    invocations: Series
    invocations_per_instance: Series
    policies: tuple[PolicyMetric, ...]
    metrics: tuple[Series, ...]
    activities_complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantCharts:
    """An autoscaled variant now, its charts, and the activities within their time range that failed."""

    name: str
    live: LiveVariant
    charts: tuple[ChartData, ...]
    failed: tuple[Activity, ...]


def variant_charts(history: VariantHistory, *, time_range: TimeRange) -> VariantCharts:
    """Return the chart of the instances, followed by one for each policy."""
    metrics = zip(history.policies, history.metrics, strict=True)
    return VariantCharts(
        name=history.name,
        live=history.live,
        charts=(
            _instances(history, time_range=time_range),
            *(_metric(policy, series, time_range=time_range) for policy, series in metrics),
        ),
        failed=tuple(
            activity
            for activity in sorted(history.activities, key=lambda each: each.started)
            if activity.failed and activity.started >= time_range.start
        ),
    )


def _instances(history: VariantHistory, *, time_range: TimeRange) -> ChartData:
    traffic = (history.invocations, history.invocations_per_instance)
    low, high = bounds_over_time(
        history.activities, spec=history.spec, live=history.live, time_range=time_range
    )
    return ChartData(
        chart=Heading("Instances", "count, derived"),
        series=(
            Series(
                name="from activities",
                points=counts_from_activities(history.activities, live=history.live, time_range=time_range),
                complete=history.activities_complete,
            ),
            Series(
                name="from traffic",
                points=counts_from_traffic(*(series.points for series in traffic)),
                complete=all(series.complete for series in traffic),
            ),
            Series(name="max", points=high, limit=True),
            Series(name="min", points=low, limit=True),
        ),
    )


def _settled(series: Series, *, time_range: TimeRange) -> Series:
    """Leave out periods, longer than a minute, of which CloudWatch does not yet show every minute."""
    if series.period == PERIOD:
        return series
    end = time_range.end - timedelta(seconds=DELAY_SECONDS)
    points = tuple(point for point in series.points if point.at + series.period <= end)
    return replace(series, points=points)


def _metric(policy: PolicyMetric, series: Series, *, time_range: TimeRange) -> ChartData:
    level = Point(at=time_range.start, value=policy.level)
    span = time_range.end - time_range.start
    return ChartData(
        chart=Heading(f"{policy.policy}: {policy.name}", policy.caption),
        series=(
            replace(_settled(series, time_range=time_range), name=policy.name),
            Series(name=policy.level_name, points=(level,), period=max(span, PERIOD), limit=True),
        ),
    )
