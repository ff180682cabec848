"""Reads metrics from CloudWatch: the operator's windows, the minutes of runs, and the command line's charts.

API: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.aws.failures import classified
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.charts import CHARTS, PERIOD, ChartData, Point, Series, TimeRange
from sagemaker_ab.planning.policy_metrics import MetricRequest
from sagemaker_ab.planning.run_minutes import MinuteRange
from sagemaker_ab.planning.variant_metrics import Query, Window

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricDataResultTypeDef

MAX_QUERIES = 500
"""The size of MetricDataQueries in the API reference."""

_COMPLETE = "Complete"


@dataclass(frozen=True, slots=True)
class WindowValues:
    """The values of a window, and the queries that failed although the call succeeded.

    `failed` holds the StatusCode of each of these, such as InternalError or Forbidden. A query that is in
    neither has no datapoint.
    """

    values: Mapping[Query, float]
    failed: Mapping[Query, str]


@dataclass(frozen=True, slots=True)
class MinuteValues:
    """The values of each query by minute, and the queries that failed although the call succeeded.

    Minutes are counted since 1970-01-01 UTC. `failed` holds the StatusCode of each failed query, such as
    InternalError or Forbidden; nothing is known of its minutes. A minute that is in neither has no datapoint.
    """

    values: Mapping[Query, Mapping[int, float]]
    failed: Mapping[Query, str]


@classified()
def read_window(clients: AwsClients, window: Window, queries: Iterable[Query]) -> WindowValues:
    """Read each query's value over the window.

    Sends one GetMetricData for each 500 queries, and follows its pages. Raises AwsError.
    """
    points, failed = _points_of(
        clients, list(queries), start=window.start, end=window.end, period_seconds=window.seconds
    )
    values = {query: found[window.start] for query, found in points.items() if window.start in found}
    return WindowValues(values, failed)


@classified()
def read_minutes(clients: AwsClients, minutes: MinuteRange, queries: Sequence[Query]) -> MinuteValues:
    """Read each query's values in these minutes.

    Sends one GetMetricData for each 500 queries, and follows its pages. Raises AwsError.
    """
    points, failed = _points_of(
        clients,
        queries,
        start=minutes.first * SECONDS_PER_MINUTE,
        end=(minutes.last + 1) * SECONDS_PER_MINUTE,
        period_seconds=SECONDS_PER_MINUTE,
    )
    values = {
        query: {int(at) // SECONDS_PER_MINUTE: value for at, value in found.items()}
        for query, found in points.items()
    }
    return MinuteValues(values, failed)


def _points_of(
    clients: AwsClients, queries: Sequence[Query], *, start: int, end: int, period_seconds: int
) -> tuple[Mapping[Query, Mapping[float, float]], Mapping[Query, str]]:
    """Return the values of each query by time, and the StatusCode of each query that failed."""
    by_id = {f"q{position}": query for position, query in enumerate(queries)}
    results = _results(
        clients.cloudwatch,
        [
            _metric_data_query(query_id, query, period_seconds=period_seconds)
            for query_id, query in by_id.items()
        ],
        start=datetime.fromtimestamp(start, UTC),
        end=datetime.fromtimestamp(end, UTC),
    )
    points: dict[Query, dict[float, float]] = {query: {} for query in queries}
    # Every page but the last one has the status PartialData; a query that never gets a result was not read.
    status = dict.fromkeys(queries, "InternalError")
    for result in results:
        query = by_id[result["Id"]]
        status[query] = result.get("StatusCode", _COMPLETE)
        for timestamp, value in zip(result["Timestamps"], result["Values"], strict=True):
            points[query][timestamp.timestamp()] = value
    failed = {query: code for query, code in status.items() if code != _COMPLETE}
    return {query: found for query, found in points.items() if query not in failed}, failed


@classified()
def read_charts(
    cloudwatch: "CloudWatchClient", *, endpoint_name: str, variants: Sequence[str], time_range: TimeRange
) -> tuple[ChartData, ...]:
    """Read the series of all charts and variants, with one GetMetricData for each 500. Raises AwsError."""
    period = int(PERIOD.total_seconds())
    queries = [
        _metric_data_query(
            _chart_query_id(c, v), Query(endpoint_name, variant, chart.metric), period_seconds=period
        )
        for c, chart in enumerate(CHARTS)
        for v, variant in enumerate(variants)
    ]
    pages: dict[str, list[MetricDataResultTypeDef]] = {query["Id"]: [] for query in queries}
    for result in _results(cloudwatch, queries, start=time_range.start, end=time_range.end):
        pages[result["Id"]].append(result)
    return tuple(
        ChartData(
            chart=chart,
            series=tuple(
                _series(pages[_chart_query_id(c, v)], name=variant, divisor=chart.divisor)
                for v, variant in enumerate(variants)
            ),
        )
        for c, chart in enumerate(CHARTS)
    )


@classified()
def read_series(
    cloudwatch: "CloudWatchClient", requests: Sequence[MetricRequest], *, time_range: TimeRange
) -> tuple[Series, ...]:
    """Read one series for each request, without names. Raises AwsError.

    Requests of one metric share calls. Metric math has a call of its own, because its expressions name other
    queries of the same call.
    """
    queries: dict[str, MetricDataQueryTypeDef] = {}
    results: dict[int, list[MetricDataResultTypeDef]] = {}
    for position, request in enumerate(requests):
        results[position] = []
        if len(request.queries) == 1:
            queries[f"q{position}"] = _single_query(f"q{position}", request)
        else:
            asked = cast("Sequence[MetricDataQueryTypeDef]", request.queries)
            results[position] += _results(cloudwatch, asked, start=time_range.start, end=time_range.end)
    for result in _results(cloudwatch, list(queries.values()), start=time_range.start, end=time_range.end):
        results[int(result["Id"].removeprefix("q"))].append(result)
    return tuple(
        _series(results[position], name="", divisor=request.divisor, period=request.period)
        for position, request in enumerate(requests)
    )


def _single_query(query_id: str, request: MetricRequest) -> "MetricDataQueryTypeDef":
    return cast("MetricDataQueryTypeDef", {**request.queries[0], "Id": query_id})


def _chart_query_id(chart: int, variant: int) -> str:
    return f"chart{chart}variant{variant}"


def _series(
    pages: Sequence["MetricDataResultTypeDef"], *, name: str, divisor: float, period: timedelta = PERIOD
) -> Series:
    points = (point for page in pages for point in _points(page, divisor=divisor))
    return Series(
        name=name,
        points=tuple(sorted(points, key=lambda point: point.at)),
        # Every page but the last one has the status PartialData, even when nothing is missing.
        complete=bool(pages) and pages[-1].get("StatusCode") == _COMPLETE,
        period=period,
    )


def _points(result: "MetricDataResultTypeDef", *, divisor: float) -> Iterator[Point]:
    for at, value in zip(result.get("Timestamps", []), result.get("Values", []), strict=True):
        yield Point(at=at.astimezone(UTC), value=value / divisor)


def _metric_data_query(query_id: str, query: Query, *, period_seconds: int) -> "MetricDataQueryTypeDef":
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {
                "Namespace": query.metric.namespace,
                "MetricName": query.metric.name,
                "Dimensions": [
                    {"Name": "EndpointName", "Value": query.endpoint_name},
                    {"Name": "VariantName", "Value": query.variant},
                ],
            },
            "Period": period_seconds,
            "Stat": query.metric.statistic,
        },
    }


def _results(
    cloudwatch: "CloudWatchClient",
    queries: Sequence["MetricDataQueryTypeDef"],
    *,
    start: datetime,
    end: datetime,
) -> Iterator["MetricDataResultTypeDef"]:
    """Send as many GetMetricData as the queries need, and yield the results of every page."""
    paginator = cloudwatch.get_paginator("get_metric_data")
    for first in range(0, len(queries), MAX_QUERIES):
        pages = paginator.paginate(
            MetricDataQueries=queries[first : first + MAX_QUERIES],
            StartTime=start,
            EndTime=end,
            ScanBy="TimestampAscending",
        )
        for page in pages:
            yield from page["MetricDataResults"]
