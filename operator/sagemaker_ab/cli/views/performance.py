"""Renders a variant's metrics in rows: requests, errors, latency, utilization."""

from collections.abc import Sequence

from sagemaker_ab.api.status import LatencyMicros, MeanLatencyMicros, Metrics, VariantMetrics
from sagemaker_ab.cli.views.formatting import milliseconds, number, per_minute, percent

Row = tuple[str, ...]


def performance_rows(measured: Metrics, *, names: Sequence[str]) -> list[list[Row]]:
    """Return the rows by kind, each kind with one row for each variant in `names`."""
    metrics = [_metrics_of(name, measured) for name in names]
    return [
        [_requests(each, period=measured.period_seconds) for each in metrics],
        [_errors(each) for each in metrics],
        [_latency(each) for each in metrics],
        _utilization(metrics),
    ]


def _metrics_of(name: str, measured: Metrics) -> VariantMetrics:
    known = measured.variants
    return next((metrics for metrics in known if metrics.name == name), VariantMetrics(name=name))


def _requests(metrics: VariantMetrics, *, period: int) -> Row:
    return (
        "requests",
        per_minute(metrics.invocations, seconds=period),
        f"{per_minute(metrics.invocations_per_instance, seconds=period)} per instance",
    )


def _errors(metrics: VariantMetrics) -> Row:
    return (
        "errors",
        f"4xx {number(metrics.invocation_4xx_errors)}",
        f"5xx {number(metrics.invocation_5xx_errors)}",
        f"model {number(metrics.invocation_model_errors)}",
    )


def _latency(metrics: VariantMetrics) -> Row:
    of = metrics.model_latency_micros or LatencyMicros()
    overhead = metrics.overhead_latency_micros or MeanLatencyMicros()
    return (
        "latency ms",
        f"mean {milliseconds(of.average)}",
        f"p50 {milliseconds(of.p50)}",
        f"p90 {milliseconds(of.p90)}",
        f"p99 {milliseconds(of.p99)}",
        f"overhead {milliseconds(overhead.average)}",
    )


def _utilization(all_metrics: Sequence[VariantMetrics]) -> list[Row]:
    """Return the utilization of CPU, memory and disk, and of GPUs if any variant has one."""
    gpu = any(metrics.gpu_utilization_percent is not None for metrics in all_metrics)
    return [
        (
            "load",
            f"CPU {percent(metrics.cpu_utilization_percent)}",
            f"memory {percent(metrics.memory_utilization_percent)}",
            f"disk {percent(metrics.disk_utilization_percent)}",
            *(_gpu(metrics) if gpu else ()),
        )
        for metrics in all_metrics
    ]


def _gpu(metrics: VariantMetrics) -> tuple[str, str]:
    return (
        f"GPU {percent(metrics.gpu_utilization_percent)}",
        f"GPU memory {percent(metrics.gpu_memory_utilization_percent)}",
    )
