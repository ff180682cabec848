"""The metrics of one account and region: taken down as requests are served, read once they are published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.core import edit
from sandbox.aws.engine.happenings import (
    EndpointDeletionAccepted,
    EndpointSettled,
    announce,
    listens,
)
from sandbox.aws.engine.metrics.catalogue import INSTANCE_NAMESPACE, IdleZeros
from sandbox.aws.engine.metrics.lateness import LateMinutes, Lateness
from sandbox.aws.engine.metrics.series import MINUTE, NO_FLEET, Fleet, VariantSeries
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.aws.engine.core import JSON, Region
    from sandbox.aws.engine.metrics.catalogue import Metric
    from sandbox.aws.engine.metrics.distribution import Distribution
    from sandbox.aws.engine.metrics.minute import Served
    from sandbox.aws.engine.metrics.series import Span
    from sandbox.aws.engine.records import Endpoint, Variant


@dataclass(frozen=True, slots=True)
class TrafficSeen:
    """A variant was given its first request of a minute."""

    region: Region
    series: VariantSeries


class MetricsStore:
    """Series by endpoint and variant. They outlive the endpoint, as CloudWatch's metrics do."""

    def __init__(self, region: Region) -> None:
        ledger = region.ledger
        self._region = region
        self._series: dict[str, dict[str, VariantSeries]] = {}
        self._of_configs: dict[tuple[str, str, str], VariantSeries] = {}
        self._keep = int(ledger.value("metrics.minutes-kept"))
        self._forget = int(ledger.value("metrics.five-minutes-kept"))
        self.delay = float(ledger.value("metrics.publish-delay"))
        self._late = LateMinutes.by_ledger(ledger)
        self._zeros = IdleZeros(
            invocations=ledger.value("metrics.idle-invocations"),
            per_instance=ledger.value("metrics.idle-invocations-per-instance"),
            latency=ledger.value("metrics.latency-only-with-traffic") == "zero",
        )

    def series(self, endpoint: str, variant: str) -> VariantSeries:
        """Return a variant's series, empty when it is first asked for."""
        variants = self._series.setdefault(endpoint, {})
        if variant not in variants:
            variants[variant] = VariantSeries(endpoint, variant, self._keep, self._forget)
        return variants[variant]

    def find(self, endpoint: str, variant: str, config: str = "") -> VariantSeries | None:
        """Return a variant's series, or that of its fleet of one endpoint config."""
        if config:
            return self._of_configs.get((endpoint, variant, config))
        return self._series.get(endpoint, {}).get(variant)

    def every(self) -> Iterator[VariantSeries]:
        for variants in self._series.values():
            yield from variants.values()
        yield from self._of_configs.values()

    def record(self, endpoint: Endpoint, variant: Variant, served: Served) -> None:
        """Take down one request that a variant served now."""
        now = self._region.clock.now()
        series = self.series(endpoint.name, variant.name)
        instances = variant.current_instance_count
        if endpoint.pending is not None:
            instances = endpoint.active_instances(variant.name)
        series.set_fleet(at=now, fleet=Fleet(instances, variant.instance_type))
        if endpoint.deployment is not None:
            self._record_of_config(endpoint, variant, served)
        if series.record(served, at=now):
            announce(TrafficSeen(self._region, series))

    @holds("metrics.config-dimension")
    def _record_of_config(self, endpoint: Endpoint, variant: Variant, served: Served) -> None:
        now, coming = self._region.clock.now(), endpoint.pending
        config = endpoint.config_name if variant in endpoint.variants or not coming else coming.config_name
        key = (endpoint.name, variant.name, config)
        if key not in self._of_configs:
            self._of_configs[key] = VariantSeries(
                endpoint.name, variant.name, self._keep, self._forget, config=config
            )
        series = self._of_configs[key]
        fleet = Fleet(max(variant.current_instance_count, 1), variant.instance_type)
        series.set_fleet(at=now, fleet=fleet)
        series.record(served, at=now)

    def follow(self, endpoint: Endpoint) -> None:
        """Take down which instances are in service for an endpoint from now on."""
        now = self._region.clock.now()
        running = {variant.name: variant for variant in endpoint.variants} if endpoint.serving else {}
        for name, variant in running.items():
            fleet = Fleet(variant.current_instance_count, variant.instance_type)
            self.series(endpoint.name, name).set_fleet(at=now, fleet=fleet)
        for name, series in self._series.get(endpoint.name, {}).items():
            if name not in running:
                series.set_fleet(at=now, fleet=NO_FLEET)
        for (owner, name, config), series in self._of_configs.items():
            if owner == endpoint.name and (name not in running or config != endpoint.config_name):
                series.set_fleet(at=now, fleet=NO_FLEET)

    def publishes_idle(self, metric: Metric) -> bool:
        """Say whether a metric has datapoints in minutes without requests."""
        if metric.name == "Invocations":
            return self._zeros.invocations
        if metric.name in {"InvocationsPerInstance", "ConcurrentRequestsPerModel"}:
            return self._zeros.per_instance
        if metric.name in {"ModelLatency", "OverheadLatency"}:
            return self._zeros.latency
        return metric.namespace == INSTANCE_NAMESPACE

    def published(self, series: VariantSeries, *, start: int, at: float) -> bool:
        """Say whether the minute that starts there could be read at a time."""
        return at - start - MINUTE >= self.delay + self._late.of(series, start).seconds

    def make_late(self, endpoint: str, variant: str, lateness: Lateness) -> None:
        """Let the minutes of some variants that start from now on be late; both names take ``*``."""
        self._late.order(endpoint, variant, lateness, now=self._region.clock.now())

    def datapoints(
        self, series: VariantSeries, metric: Metric, *, start: int, end: int, at: float
    ) -> Iterator[tuple[int, Distribution]]:
        """Yield what could be read at a time of the spans that start within [start, end), oldest first."""
        if series.known_since is None:
            return
        first = max(start, int(series.known_since) // MINUTE * MINUTE)
        last = min(end, int(at - self.delay))
        for span in series.spans(start=first, end=last):
            seen: Span | None = span
            if span.seconds == MINUTE and not self.published(series, start=span.start, at=at):
                seen = self._partly(series, span, at)
            datapoint = metric.datapoint(series, seen, self._zeros) if seen else None
            if datapoint is not None:
                yield span.start, datapoint

    def _partly(self, series: VariantSeries, span: Span, at: float) -> Span | None:
        """Return what is seen of a late minute; None if nothing is, or if it is not even due."""
        if span.traffic is None or not self._shows_half(series, span.start, at):
            return None
        return replace(span, traffic=span.traffic.half())

    def _shows_half(self, series: VariantSeries, start: int, at: float) -> bool:
        """Say whether a minute that is not published yet shows half of its requests."""
        return at - start - MINUTE >= self.delay and self._late.of(series, start).half

    def invocations_per_instance(self, series: VariantSeries, *, start: int, at: float) -> float | None:
        """Return one published minute of the metric that autoscaling tracks; None without datapoint."""
        minute = series.minute(start)
        if not self.published(series, start=start, at=at):
            half = minute is not None and self._shows_half(series, start, at)
            return minute.half().per_instance if half and minute is not None else None
        if minute is not None:
            return minute.per_instance
        in_service = series.fleet_at(start + MINUTE - 1).instances > 0
        return 0.0 if in_service and self._zeros.per_instance else None

    def newest_minute(self, at: float) -> int:
        """Return the start of the newest minute that could be read at a time, unless it is late."""
        return int(at - self.delay - MINUTE) // MINUTE * MINUTE


@listens(EndpointSettled)
def _follow_settled(happening: EndpointSettled) -> None:
    happening.region.store(MetricsStore).follow(happening.endpoint)


@listens(EndpointDeletionAccepted)
def _follow_deleted(happening: EndpointDeletionAccepted) -> None:
    happening.region.store(MetricsStore).follow(happening.endpoint)


@edit("lateMetrics")
def make_late(region: Region, argument: Any) -> JSON:
    """`{"lateMetrics": {"endpoint": "reviews", "seconds": 600, "shows": "half"}}`; 0 seconds end it.

    Minutes that start from now on can be read so much later than usual. Until then, each shows nothing, or
    half of its requests. With a `variant`, the minutes of the others are not. Both names take ``*``.
    """
    seconds, shows = float(argument["seconds"]), argument.get("shows", "nothing")
    if seconds < 0 or shows not in {"nothing", "half"}:
        raise ValueError(f"late metrics take seconds of at least 0 and show nothing or half: {argument}")
    lateness = Lateness(seconds, half=shows == "half")
    region.store(MetricsStore).make_late(argument["endpoint"], argument.get("variant", "*"), lateness)
    return {}
