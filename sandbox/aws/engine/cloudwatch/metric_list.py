"""ListMetrics: which metrics have had data."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from sandbox.aws.engine.cloudwatch.reading import dimensions_of
from sandbox.aws.engine.core import operation
from sandbox.aws.engine.metrics.catalogue import METRICS
from sandbox.aws.engine.metrics.store import MetricsStore
from sandbox.aws.engine.pages import ForeignTokenError, page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.engine.core import JSON, Call
    from sandbox.aws.engine.metrics.catalogue import Metric
    from sandbox.aws.engine.metrics.series import VariantSeries


@operation("cloudwatch", "ListMetrics")
def list_metrics(call: Call) -> JSON:
    found = [_entry(metric, series) for series in _series(call) for metric in _metrics(call, series)]
    size = call.ledger.value("cloudwatch.list-page")
    try:
        metrics, following = page(found, call.params, size=size)
    except ForeignTokenError:
        raise call.refuse("cloudwatch.next-token") from None
    return {"Metrics": list(metrics), **following}


def _series(call: Call) -> Iterator[VariantSeries]:
    wanted = [(item["Name"], item.get("Value")) for item in call.params.get("Dimensions", ())]
    for series in call.region.store(MetricsStore).every():
        dimensions = dimensions_of(series)
        if all(name in dimensions and value in {None, dimensions[name]} for name, value in wanted):
            yield series


def _metrics(call: Call, series: VariantSeries) -> Iterator[Metric]:
    for metric in METRICS.values():
        if (
            call.params.get("Namespace", metric.namespace) == metric.namespace
            and call.params.get("MetricName", metric.name) == metric.name
            and metric.exists_for(series)
            and _listed(call, metric, series)
        ):
            yield metric


def _listed(call: Call, metric: Metric, series: VariantSeries) -> bool:
    """Say whether a metric had its first datapoint long enough ago, and its last one recently enough."""
    idle = call.region.store(MetricsStore).publishes_idle(metric)
    first = series.known_since if idle else series.first_minute
    last = series.in_service_until(call.as_of) if idle else series.last_minute
    if first is None or last is None:
        return False
    span = "cloudwatch.recently-active" if "RecentlyActive" in call.params else "cloudwatch.list-forgets"
    delay = _delay(call, metric, series)
    return first + delay <= call.as_of and call.as_of - last <= call.ledger.value(span)


def _delay(call: Call, metric: Metric, series: VariantSeries) -> float:
    """Return how long it takes until this metric is listed, the same each time."""
    low, high = call.ledger.value("cloudwatch.list-delay")
    name = f"{series.endpoint}/{series.variant}/{metric.name}"
    share = crc32(name.encode()) / 2**32
    return float(low + (high - low) * share)


def _entry(metric: Metric, series: VariantSeries) -> JSON:
    return {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions_of(series).items()],
    }
