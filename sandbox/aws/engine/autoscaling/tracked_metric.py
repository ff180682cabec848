"""The metric that a target-tracking policy follows, as queries to CloudWatch and as the minutes published.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_CustomizedMetricSpecification.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.autoscaling.records import HIGH_RESOLUTION, METRIC_TYPE
from sandbox.aws.engine.cloudwatch.calculation import Calculation, refusal
from sandbox.aws.engine.cloudwatch.functions import Grid, MathError
from sandbox.aws.engine.cloudwatch.reading import ENDPOINT, MINUTE, VARIANT
from sandbox.aws.engine.metrics.catalogue import INVOCATION_NAMESPACE
from sandbox.aws.engine.metrics.store import MetricsStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.aws.engine.autoscaling.records import ScalingPolicy
    from sandbox.aws.engine.core import Region

_PREDEFINED = {
    METRIC_TYPE: ("InvocationsPerInstance", "Sum"),
    HIGH_RESOLUTION: ("ConcurrentRequestsPerModel", "Average"),
}
_ONE_METRIC = ("Namespace", "MetricName", "Dimensions", "Statistic", "Unit")


def shown(policy: ScalingPolicy) -> dict[str, Any]:
    """Return the metric of a policy as its alarms tell it."""
    if not policy.predefined:
        specification = policy.config["CustomizedMetricSpecification"]
        if "Metrics" in specification:
            return {"Metrics": _timed(specification["Metrics"])}
        given = {key: specification[key] for key in _ONE_METRIC if key in specification}
        return {"Dimensions": [], **given, "Period": MINUTE}
    name, statistic = _PREDEFINED[policy.predefined]
    dimensions = ((ENDPOINT, policy.resource.endpoint), (VARIANT, policy.resource.variant))
    return {
        "Namespace": INVOCATION_NAMESPACE,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
        "Statistic": statistic,
        "Period": MINUTE,
    }


def _timed(queries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a policy's queries, which have no period, as CloudWatch takes them."""
    return [
        {
            **query,
            **({"MetricStat": {**query["MetricStat"], "Period": MINUTE}} if "MetricStat" in query else {}),
        }
        for query in queries
    ]


def _queries(metric: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if "Metrics" in metric:
        return list(metric["Metrics"])
    unit = {"Unit": metric["Unit"]} if "Unit" in metric else {}
    stat = {"Metric": metric, "Period": metric["Period"], "Stat": metric["Statistic"], **unit}
    return [{"Id": "m1", "MetricStat": stat}]


def problem(region: Region, specification: Mapping[str, Any]) -> str:
    """Say what is wrong with a customised metric; empty if it is well."""
    if "Metrics" not in specification:
        lacking = [key for key in ("MetricName", "Namespace", "Statistic") if key not in specification]
        return f"{lacking[0]} is required." if lacking else ""
    if any(key in specification for key in _ONE_METRIC):
        return "Metrics stands alone."
    queries = specification["Metrics"]
    if any("Id" not in query for query in queries):
        return "Every query has an Id."
    if sum(query.get("ReturnData", True) for query in queries) != 1:
        return "Exactly one query returns data."
    wrong = refusal(region, _timed(queries))
    return wrong.message if wrong else ""


def published_minutes(region: Region, policy: ScalingPolicy, *, count: int) -> list[float | None]:
    """Return the newest minutes of the metric that a policy tracks, oldest first."""
    metrics, now = region.store(MetricsStore), region.clock.now()
    newest = metrics.newest_minute(now)
    grid = Grid(newest - MINUTE * (count - 1), newest + MINUTE, MINUTE)
    if policy.predefined != METRIC_TYPE:
        return _calculated(region, policy, grid)
    series = metrics.series(policy.resource.endpoint, policy.resource.variant)
    return [metrics.invocations_per_instance(series, start=start, at=now) for start in grid.starts()]


def _calculated(region: Region, policy: ScalingPolicy, grid: Grid) -> list[float | None]:
    queries = _queries(shown(policy))
    calculation = Calculation(region=region, queries=queries, grid=lambda _: grid, at=region.clock.now())
    watched = next(query for query in queries if query.get("ReturnData", True))
    try:
        lines = calculation.lines(watched)
    except MathError:
        lines = ()
    values = lines[0].values if len(lines) == 1 else {}
    return [values.get(start) for start in grid.starts()]
