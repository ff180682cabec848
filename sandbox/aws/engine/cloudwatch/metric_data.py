"""GetMetricData: many metrics in one call, and what is computed from them, in pages of datapoints.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.calculation import Calculation, refusal
from sandbox.aws.engine.cloudwatch.functions import MathError
from sandbox.aws.engine.cloudwatch.metric_pages import Place
from sandbox.aws.engine.cloudwatch.reading import check_period, grid_of, time_range
from sandbox.aws.engine.cloudwatch.result_faults import ResultStatus, cut, messages, whole
from sandbox.aws.engine.core import operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sandbox.aws.engine.cloudwatch.functions import Line
    from sandbox.aws.engine.core import JSON, Call

    Query = Mapping[str, Any]


@operation("cloudwatch", "GetMetricData")
def get_metric_data(call: Call) -> JSON:
    queries: Sequence[Query] = call.params["MetricDataQueries"]
    _check(call, queries)
    within = time_range(call)
    calculation = Calculation(
        region=call.region,
        queries=queries,
        grid=lambda period: grid_of(call, within, period),
        at=call.as_of,
    )
    return _page(call, calculation, Place.of(call), _budget(call))


def _page(call: Call, calculation: Calculation, place: Place, budget: int) -> JSON:
    results: list[JSON] = []
    answer: JSON = {"MetricDataResults": results, "Messages": []}
    rest: dict[int, int] = {}
    number = place.number - 1
    for number, query, line in _lines(call, calculation, start=min((place.number, *place.rest))):
        offset = place.offset_of(number)
        if offset is None:
            continue
        if budget == 0:
            return answer | place.before(number, offset, rest).token(call)
        values = _ordered(call, line)[offset:]
        found = cut(call, query, len(values)) if place.begins(number) else whole(len(values))
        some = values[: min(found.values, budget)]
        budget -= len(some)
        more = len(some) < found.values
        status = ResultStatus.PARTIAL_DATA if more else found.status
        results.append(_result(call, query, line, some, status))
        if more:
            return answer | place.before(number, offset + len(some), rest).token(call)
        if found.continues:
            rest[number] = offset + len(some)
    return answer | (Place(number + 1, 0, rest).token(call) if rest else {})


def _lines(call: Call, calculation: Calculation, *, start: int) -> Iterator[tuple[int, Query, Line]]:
    """Yield each time series that is asked for, with its number and its query, from a number on."""
    number = 0
    for query in calculation.queries:
        if not query.get("ReturnData", True):
            continue
        if "MetricStat" in query and number < start:
            number += 1
            continue
        for line in _computed(call, calculation, query):
            if number >= start:
                yield number, query, line
            number += 1


def _computed(call: Call, calculation: Calculation, query: Query) -> Sequence[Line]:
    try:
        return calculation.lines(query)
    except MathError as error:
        raise call.refuse("cloudwatch.expression", name=query["Id"], problem=error) from None


def _check(call: Call, queries: Sequence[Query]) -> None:
    limit = call.ledger.value("cloudwatch.queries-per-call")
    if len(queries) > limit:
        raise call.refuse("cloudwatch.too-many-queries", limit=limit)
    for query in queries:
        if "MetricStat" in query:
            check_period(call, query["MetricStat"]["Period"])
    wrong = refusal(call.region, queries)
    if wrong is not None:
        raise wrong


def _budget(call: Call) -> int:
    limit: int = call.ledger.value("cloudwatch.datapoints-per-page")
    asked: int = call.params.get("MaxDatapoints", limit)
    if not 1 <= asked <= limit:
        raise call.refuse("cloudwatch.max-datapoints", value=asked, limit=limit)
    return asked


def _ordered(call: Call, line: Line) -> list[tuple[int, float]]:
    values = sorted(line.values.items())
    order = call.params.get("ScanBy", call.ledger.value("cloudwatch.scan-order"))
    return values if order == "TimestampAscending" else values[::-1]


def _result(
    call: Call, query: Query, line: Line, some: Sequence[tuple[int, float]], status: ResultStatus
) -> JSON:
    return {
        "Id": query["Id"],
        "Label": line.label,
        "Timestamps": [float(at) for at, _ in some],
        "Values": [value for _, value in some],
        "StatusCode": status.value,
        **messages(call, status),
    }
