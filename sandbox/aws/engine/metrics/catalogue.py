"""Which metrics there are, in which namespace and unit, and how a span of time becomes their datapoint.

Names, units and meanings: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws.engine.metrics.distribution import Distribution
from sandbox.aws.engine.metrics.utilization import UTILIZATION, is_gpu
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.engine.metrics.series import Span, VariantSeries

    Datapoint = Callable[[VariantSeries, Span, "IdleZeros"], Distribution | None]

INVOCATION_NAMESPACE = "AWS/SageMaker"
INSTANCE_NAMESPACE = "/aws/sagemaker/Endpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleZeros:
    """What is published as 0 by an endpoint in service that nobody asks."""

    invocations: bool
    per_instance: bool
    latency: bool


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a variant; `datapoint` gives None for a span in which it publishes nothing."""

    namespace: str
    name: str
    unit: str
    gpu_only: bool
    datapoint: Datapoint

    def exists_for(self, series: VariantSeries) -> bool:
        if series.config and self.namespace != INVOCATION_NAMESPACE:
            return False
        return not self.gpu_only or is_gpu(series.fleet.instance_type)


def _repeated(value: float, times: int) -> Distribution:
    distribution = Distribution()
    distribution.add(value, times)
    return distribution


def _idle_zero(span: Span, *, zeros: bool) -> Distribution | None:
    return _repeated(0.0, span.seconds // 60) if zeros and span.fleet.instances else None


def _invocations(_: VariantSeries, span: Span, zeros: IdleZeros) -> Distribution | None:
    if span.traffic is None:
        return _idle_zero(span, zeros=zeros.invocations)
    return _repeated(1.0, span.traffic.invocations)


@holds("metrics.invocations-per-instance")
def _invocations_per_instance(_: VariantSeries, span: Span, zeros: IdleZeros) -> Distribution | None:
    if span.traffic is None:
        return _idle_zero(span, zeros=zeros.per_instance)
    distribution = Distribution()
    for instances, requests in span.traffic.by_instances.items():
        distribution.add(1.0 / instances, requests)
    return distribution


def _errors(field: str) -> Datapoint:
    @holds("metrics.errors-zero-or-one")
    def datapoint(_: VariantSeries, span: Span, zeros: IdleZeros) -> Distribution | None:
        del zeros
        if span.traffic is None:
            return None
        errors = getattr(span.traffic, field)
        distribution = Distribution()
        for value, times in ((0.0, span.traffic.invocations - errors), (1.0, errors)):
            if times:
                distribution.add(value, times)
        return distribution

    return datapoint


def _latency(field: str) -> Datapoint:
    def datapoint(_: VariantSeries, span: Span, zeros: IdleZeros) -> Distribution | None:
        if span.traffic is None:
            return _idle_zero(span, zeros=zeros.latency)
        found: Distribution = getattr(span.traffic, field)
        return found

    return datapoint


@holds("metrics.concurrent-requests")
def _concurrent_requests(_: VariantSeries, span: Span, zeros: IdleZeros) -> Distribution | None:
    """Return how many requests an instance had at a time, on average: arrivals times their latency."""
    if span.traffic is None or not span.fleet.instances:
        return _idle_zero(span, zeros=zeros.per_instance)
    concurrency = span.traffic.busy_seconds / (span.seconds * span.fleet.instances)
    return _repeated(concurrency, span.seconds // 60)


def _needs_gpu(name: str) -> bool:
    return name.startswith("GPU")


def _utilization(name: str) -> Datapoint:
    curve, gpu_only = UTILIZATION[name], _needs_gpu(name)

    @holds("metrics.utilization")
    def datapoint(series: VariantSeries, span: Span, zeros: IdleZeros) -> Distribution | None:
        del zeros
        if not span.fleet.instances or (gpu_only and not is_gpu(span.fleet.instance_type)):
            return None
        distribution = Distribution()
        for instance in range(span.fleet.instances):
            distribution.add(curve(series, span, instance), span.seconds // 60)
        return distribution

    return datapoint


def _catalogue() -> tuple[Metric, ...]:
    sm = INVOCATION_NAMESPACE
    counts = [
        Metric(sm, "Invocations", "None", False, _invocations),
        Metric(sm, "InvocationsPerInstance", "None", False, _invocations_per_instance),
        Metric(sm, "Invocation4XXErrors", "None", False, _errors("errors_4xx")),
        Metric(sm, "Invocation5XXErrors", "None", False, _errors("errors_5xx")),
        Metric(sm, "InvocationModelErrors", "None", False, _errors("model_errors")),
        Metric(sm, "ModelLatency", "Microseconds", False, _latency("model_latency")),
        Metric(sm, "ConcurrentRequestsPerModel", "None", False, _concurrent_requests),
        Metric(sm, "OverheadLatency", "Microseconds", False, _latency("overhead_latency")),
    ]
    instances = [
        Metric(INSTANCE_NAMESPACE, name, "Percent", _needs_gpu(name), _utilization(name))
        for name in UTILIZATION
    ]
    return (*counts, *instances)


METRICS = {(metric.namespace, metric.name): metric for metric in _catalogue()}
