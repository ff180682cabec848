"""GetMetricStatistics: one metric, several statistics, in no order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sandbox.aws.engine.cloudwatch.reading import check_period, find, periods, time_range
from sandbox.aws.engine.cloudwatch.statistics import STANDARD, statistic
from sandbox.aws.engine.core import operation

if TYPE_CHECKING:
    from sandbox.aws.engine.cloudwatch.reading import Found, Range
    from sandbox.aws.engine.core import JSON, Call
    from sandbox.aws.engine.metrics.distribution import Distribution


@operation("cloudwatch", "GetMetricStatistics")
def get_metric_statistics(call: Call) -> JSON:
    _check(call)
    within = time_range(call)
    _check_range(call)
    found = find(call.region, call.params)
    datapoints = _datapoints(call, found, within) if found is not None else []
    if call.ledger.value("cloudwatch.statistics-unordered"):
        call.ledger.draw("cloudwatch.statistics-unordered").shuffle(datapoints)
    return {"Label": call.params["MetricName"], "Datapoints": datapoints}


def _check(call: Call) -> None:
    check_period(call, call.params["Period"])
    extended = call.params.get("ExtendedStatistics", ())
    if not call.params.get("Statistics") and not extended:
        raise call.refuse("cloudwatch.statistics-missing")
    for name in extended:
        if name in STANDARD or statistic(name, call.ledger) is None:
            raise call.refuse("cloudwatch.statistic", stat=name)


def _check_range(call: Call) -> None:
    limit = call.ledger.value("cloudwatch.statistics-datapoints")
    seconds = call.params["EndTime"] - call.params["StartTime"]
    asked = math.ceil(seconds / call.params["Period"])
    if asked > limit:
        raise call.refuse("cloudwatch.too-many-datapoints", asked=asked, limit=limit)


def _datapoints(call: Call, found: Found, within: Range) -> list[JSON]:
    unit = call.params.get("Unit")
    filled = periods(call, found, within=within, period=call.params["Period"], unit=unit)
    return [
        {"Timestamp": float(at), "Unit": found.metric.unit, **_asked(call, distribution)}
        for at, distribution in filled
    ]


def _asked(call: Call, values: Distribution) -> JSON:
    answer: JSON = {name: STANDARD[name](values) for name in call.params.get("Statistics", ())}
    extended = {
        name: compute(values)
        for name in call.params.get("ExtendedStatistics", ())
        if (compute := statistic(name, call.ledger))
    }
    return answer | ({"ExtendedStatistics": extended} if extended else {})
