"""Reading the charts' series from CloudWatch.

API: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sagemaker_ab.aws.failures import classified
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.charts import CHARTS, PERIOD, Chart, ChartData, Point, Series, TimeRange

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef, MetricDataResultTypeDef


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEndpoint:
    """An endpoint's variants, and what the clock said at AWS when they were read."""

    variants: tuple[str, ...]
    at: datetime


def live_endpoint(clients: AwsClients, *, endpoint_name: str) -> LiveEndpoint:
    """Describe the endpoint; its time is AWS's, so that a skewed clock here shifts no time_range.

    Raises AwsError when there is no such endpoint or AWS cannot be asked.
    """
    with classified():
        response = clients.sagemaker.describe_endpoint(EndpointName=endpoint_name)
    return LiveEndpoint(
        variants=tuple(variant["VariantName"] for variant in response.get("ProductionVariants", [])),
        at=datetime.fromtimestamp(clients.clock.now(), UTC),
    )


def read_charts(
    cloudwatch: "CloudWatchClient", *, endpoint_name: str, variants: Sequence[str], time_range: TimeRange
) -> tuple[ChartData, ...]:
    """Read every series in one GetMetricData, which AWS may page.

    Raises AwsError when CloudWatch refuses or gives no answer.
    """
    queries = [
        _query(chart, endpoint_name=endpoint_name, variant=variant, query_id=_query_id(c, v))
        for c, chart in enumerate(CHARTS)
        for v, variant in enumerate(variants)
    ]
    results: dict[str, list[MetricDataResultTypeDef]] = {query["Id"]: [] for query in queries}
    with classified():
        for result in _results(cloudwatch, queries=queries, time_range=time_range):
            results[result["Id"]].append(result)
    return tuple(
        ChartData(
            chart=chart,
            series=tuple(
                _series(results[_query_id(c, v)], chart=chart, variant=variant)
                for v, variant in enumerate(variants)
            ),
        )
        for c, chart in enumerate(CHARTS)
    )


def _query_id(chart: int, variant: int) -> str:
    return f"chart{chart}variant{variant}"


def _query(chart: Chart, *, endpoint_name: str, variant: str, query_id: str) -> "MetricDataQueryTypeDef":
    return {
        "Id": query_id,
        "MetricStat": {
            "Metric": {
                "Namespace": chart.namespace,
                "MetricName": chart.metric,
                "Dimensions": [
                    {"Name": "EndpointName", "Value": endpoint_name},
                    {"Name": "VariantName", "Value": variant},
                ],
            },
            "Period": int(PERIOD.total_seconds()),
            "Stat": chart.statistic,
        },
    }


def _results(
    cloudwatch: "CloudWatchClient", *, queries: list["MetricDataQueryTypeDef"], time_range: TimeRange
) -> Iterator["MetricDataResultTypeDef"]:
    if not queries:
        return
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries,
        StartTime=time_range.start,
        EndTime=time_range.end,
        ScanBy="TimestampAscending",
    )
    for page in pages:
        yield from page["MetricDataResults"]


def _series(pages: Sequence["MetricDataResultTypeDef"], *, chart: Chart, variant: str) -> Series:
    """Only the last page's status says whether all came: the pages before it are PartialData by nature."""
    points = (point for page in pages for point in _points(page, divisor=chart.divisor))
    return Series(
        variant=variant,
        points=tuple(sorted(points, key=lambda point: point.at)),
        complete=bool(pages) and pages[-1].get("StatusCode") == "Complete",
    )


def _points(result: "MetricDataResultTypeDef", *, divisor: float) -> Iterator[Point]:
    for at, value in zip(result.get("Timestamps", []), result.get("Values", []), strict=True):
        yield Point(at=at.astimezone(UTC), value=value / divisor)
