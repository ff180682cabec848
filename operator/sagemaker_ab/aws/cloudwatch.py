"""CloudWatch in as few calls as it takes, for all resources of a region at once.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from sagemaker_ab.aws.failures import classified
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.variant_metrics import Query, Window

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

MAX_QUERIES = 500
"""The size of MetricDataQueries in the API reference."""


@classified()
def read_metrics(clients: AwsClients, window: Window, queries: Iterable[Query]) -> Mapping[Query, float]:
    """Read each query's number over the window; what CloudWatch has no datapoint for is left out.

    Calls: one for each 500 queries. Raises AwsError.
    """
    numbers: dict[Query, float] = {}
    remaining = iter(queries)
    while batch := list(islice(remaining, MAX_QUERIES)):
        numbers.update(_read(clients, window, batch))
    return numbers


def _read(clients: AwsClients, window: Window, batch: Sequence[Query]) -> Iterator[tuple[Query, float]]:
    pages = clients.cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[
            _metric_data_query(f"q{position}", query, window) for position, query in enumerate(batch)
        ],
        StartTime=_moment(window.start),
        EndTime=_moment(window.end),
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            query = batch[int(result["Id"].removeprefix("q"))]
            for timestamp, value in zip(result["Timestamps"], result["Values"], strict=True):
                if timestamp.timestamp() == window.start:
                    yield query, value


def _metric_data_query(identifier: str, query: Query, window: Window) -> "MetricDataQueryTypeDef":
    return {
        "Id": identifier,
        "MetricStat": {
            "Metric": {
                "Namespace": query.metric.namespace,
                "MetricName": query.metric.name,
                "Dimensions": [
                    {"Name": "EndpointName", "Value": query.endpoint_name},
                    {"Name": "VariantName", "Value": query.variant},
                ],
            },
            "Period": window.seconds,
            "Stat": query.metric.statistic,
        },
    }


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
