"""GetMetricData: many metrics in one call, in pages of datapoints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.reading import Range, check_period, find, periods, time_range
from sandbox.aws.engine.cloudwatch.statistics import statistic
from sandbox.aws.engine.core import operation
from sandbox.aws.engine.pages import ForeignTokenError, position, token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.aws.engine.core import JSON, Call

    Query = Mapping[str, Any]

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


@operation("cloudwatch", "GetMetricData")
def get_metric_data(call: Call) -> JSON:
    queries: Sequence[Query] = call.params["MetricDataQueries"]
    _check(call, queries)
    within = time_range(call)
    wanted = [query for query in queries if query.get("ReturnData", True)]
    budget = _budget(call)
    index, offset = _position(call)
    results: list[JSON] = []
    while index < len(wanted) and budget > 0:
        result, more = _result(call, wanted[index], within=within, offset=offset, limit=budget)
        results.append(result)
        taken = len(result["Values"])
        budget -= taken
        index, offset = (index, offset + taken) if more else (index + 1, 0)
    following = {"NextToken": token([index, offset], call.params)} if index < len(wanted) else {}
    return {"MetricDataResults": results, "Messages": [], **following}


def _check(call: Call, queries: Sequence[Query]) -> None:
    limit = call.ledger.value("cloudwatch.queries-per-call")
    if len(queries) > limit:
        raise call.refuse("cloudwatch.too-many-queries", limit=limit)
    seen: set[str] = set()
    for query in queries:
        _check_query(call, query)
        if query["Id"] in seen:
            raise call.refuse("cloudwatch.query-ids-unique", name=query["Id"])
        seen.add(query["Id"])


def _check_query(call: Call, query: Query) -> None:
    name = query["Id"]
    if not _ID.fullmatch(name):
        raise call.refuse("cloudwatch.query-id-pattern", name=name)
    if ("MetricStat" in query) == ("Expression" in query):
        raise call.refuse("cloudwatch.query-kind", name=name)
    if "Expression" in query:
        raise call.refuse("cloudwatch.metric-math", name=name)
    stat = query["MetricStat"]
    check_period(call, stat["Period"])
    if statistic(stat["Stat"], call.ledger) is None:
        raise call.refuse("cloudwatch.statistic", stat=stat["Stat"])


def _budget(call: Call) -> int:
    limit: int = call.ledger.value("cloudwatch.datapoints-per-page")
    asked: int = call.params.get("MaxDatapoints", limit)
    if not 1 <= asked <= limit:
        raise call.refuse("cloudwatch.max-datapoints", value=asked, limit=limit)
    return asked


def _position(call: Call) -> tuple[int, int]:
    try:
        index, offset = position(call.params, start=(0, 0))
    except ForeignTokenError:
        raise call.refuse("cloudwatch.next-token") from None
    return index, offset


def _result(call: Call, query: Query, *, within: Range, offset: int, limit: int) -> tuple[JSON, bool]:
    """Return what one query gives from an offset on, and whether more of it is left."""
    values = _values(call, query["MetricStat"], within)
    some = values[offset : offset + limit]
    more = offset + len(some) < len(values)
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or _label(call, query["MetricStat"]["Metric"]),
        "Timestamps": [float(at) for at, _ in some],
        "Values": [value for _, value in some],
        "StatusCode": "PartialData" if more else "Complete",
    }, more


def _values(call: Call, stat: Query, within: Range) -> list[tuple[int, float]]:
    found = find(call.region, stat["Metric"])
    compute = statistic(stat["Stat"], call.ledger)
    if found is None or compute is None:
        return []
    filled = periods(call, found, within=within, period=stat["Period"], unit=stat.get("Unit"))
    values = [(at, compute(distribution)) for at, distribution in filled]
    order = call.params.get("ScanBy", call.ledger.value("cloudwatch.scan-order"))
    return values if order == "TimestampAscending" else values[::-1]


def _label(call: Call, metric: Query) -> str:
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}
    variant = dimensions.get("VariantName", "")
    return call.ledger.text("cloudwatch.label", metric=metric["MetricName"], variant=variant).strip()
