"""Reading a metric as CloudWatch does: by dimensions, over a range, in periods aligned to the clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.functions import Grid
from sandbox.aws.engine.cloudwatch.statistics import merged
from sandbox.aws.engine.metrics.catalogue import METRICS
from sandbox.aws.engine.metrics.store import MetricsStore
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.aws.engine.core import Call, Region
    from sandbox.aws.engine.metrics.catalogue import Metric
    from sandbox.aws.engine.metrics.distribution import Distribution
    from sandbox.aws.engine.metrics.series import VariantSeries

ENDPOINT, VARIANT, CONFIG = "EndpointName", "VariantName", "EndpointConfigName"
MINUTE = 60
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Found:
    """A metric of one variant that CloudWatch knows."""

    metric: Metric
    series: VariantSeries


@dataclass(frozen=True, slots=True)
class Range:
    """The range of time that a request means: [start, end), in whole seconds."""

    start: int
    end: int


@holds("metrics.names")
def find(region: Region, raw: Mapping[str, Any]) -> Found | None:
    """Return what namespace, name and dimensions name exactly; None when there is no such metric."""
    metric = METRICS.get((raw.get("Namespace", ""), raw.get("MetricName", "")))
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in raw.get("Dimensions", ())}
    if metric is None or dimensions.keys() - {CONFIG} != {ENDPOINT, VARIANT}:
        return None
    config = dimensions.get(CONFIG, "")
    series = region.store(MetricsStore).find(dimensions[ENDPOINT], dimensions[VARIANT], config)
    if series is None or (config and not metric.exists_for(series)):
        return None
    return Found(metric, series)


def dimensions_of(series: VariantSeries) -> dict[str, str]:
    """Return the dimensions by which a series is read."""
    known = {ENDPOINT: series.endpoint, VARIANT: series.variant}
    return known | ({CONFIG: series.config} if series.config else {})


def time_range(call: Call) -> Range:
    """Return the range that a call asks for, its start rounded down. Raises the refusal of a reversed one."""
    start, end = float(call.params["StartTime"]), float(call.params["EndTime"])
    if start >= end:
        raise call.refuse("cloudwatch.time-order")
    age = call.now - start
    steps = call.ledger.value("cloudwatch.start-rounding")
    grain = next((grain for limit, grain in steps if age < limit), _HOUR)
    return Range(int(start // grain * grain), int(-(-end // 1)))


def check_period(call: Call, period: int) -> None:
    if period % MINUTE:
        raise call.refuse("cloudwatch.period", period=period)


def periods(
    call: Call, found: Found, *, within: Range, period: int, unit: str | None
) -> Sequence[tuple[int, Distribution]]:
    """Return the published values of each period that has any, by the period's start, oldest first."""
    return in_grid(call.region, found, grid_of(call, within, period), at=call.as_of, unit=unit)


def grid_of(call: Call, within: Range, period: int) -> Grid:
    """Return the periods, aligned to the clock, that a call's range means; none if too fine for its age."""
    start = within.start // period * period
    if start < within.start and call.ledger.value("cloudwatch.period-alignment") == "left-out":
        start += period
    age = call.now - within.start
    grains = call.ledger.value("cloudwatch.coarse-periods")
    too_fine = any(age >= limit and period % grain for limit, grain in grains)
    return Grid(start, start if too_fine else min(within.end, math.ceil(call.as_of)), period)


def in_grid(
    region: Region, found: Found, grid: Grid, *, at: float, unit: str | None = None
) -> Sequence[tuple[int, Distribution]]:
    """Return what is readable at a time of each period that has any values, oldest first."""
    if unit is not None and unit != found.metric.unit:
        return []
    datapoints = region.store(MetricsStore).datapoints(
        found.series, found.metric, start=grid.start, end=grid.end, at=at
    )
    groups = groupby(datapoints, key=lambda point: (point[0] - grid.start) // grid.period)
    return [
        (grid.start + number * grid.period, merged(values for _, values in group)) for number, group in groups
    ]
