"""The CloudWatch metrics of a production variant, and the ones that status reports.

This module has the only table of metric names; status, traffic policies and the command line's charts refer
to it. A metric without a datapoint stays absent: it is neither zero nor success.
Names, units and valid statistics: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sagemaker_ab.api.policies.common import LATENCY
from sagemaker_ab.api.status import Metrics, VariantMetrics
from sagemaker_ab.planning.problem import Problem


class Unit(StrEnum):
    """The unit of a metric, as SageMaker's documentation names it; counts have none."""

    NONE = "None"
    MICROSECONDS = "Microseconds"
    PERCENT = "Percent"


@dataclass(frozen=True, slots=True)
class Metric:
    """A CloudWatch metric with dimensions EndpointName and VariantName, by one statistic."""

    namespace: str
    name: str
    statistic: str
    unit: Unit


def _count(name: str) -> Metric:
    return Metric("AWS/SageMaker", name, "Sum", Unit.NONE)


def _latency(name: str, statistic: str) -> Metric:
    return Metric("AWS/SageMaker", name, statistic, Unit.MICROSECONDS)


def _utilization(name: str) -> Metric:
    return Metric("/aws/sagemaker/Endpoints", name, "Average", Unit.PERCENT)


INVOCATIONS: Final = _count("Invocations")
INVOCATIONS_PER_INSTANCE: Final = _count("InvocationsPerInstance")
INVOCATION_4XX_ERRORS: Final = _count("Invocation4XXErrors")
INVOCATION_5XX_ERRORS: Final = _count("Invocation5XXErrors")
INVOCATION_MODEL_ERRORS: Final = _count("InvocationModelErrors")
MODEL_LATENCY_AVERAGE: Final = _latency("ModelLatency", "Average")
MODEL_LATENCY_P50: Final = _latency("ModelLatency", "p50")
MODEL_LATENCY_P90: Final = _latency("ModelLatency", "p90")
MODEL_LATENCY_P99: Final = _latency("ModelLatency", "p99")
OVERHEAD_LATENCY_AVERAGE: Final = _latency("OverheadLatency", "Average")
CPU_UTILIZATION: Final = _utilization("CPUUtilization")
MEMORY_UTILIZATION: Final = _utilization("MemoryUtilization")
DISK_UTILIZATION: Final = _utilization("DiskUtilization")
GPU_UTILIZATION: Final = _utilization("GPUUtilization")
GPU_MEMORY_UTILIZATION: Final = _utilization("GPUMemoryUtilization")

COMPARED_METRICS: Final[Mapping[str, Metric]] = {
    "ServerErrors": INVOCATION_5XX_ERRORS,
    "ClientErrors": INVOCATION_4XX_ERRORS,
    "ModelErrors": INVOCATION_MODEL_ERRORS,
    LATENCY: MODEL_LATENCY_AVERAGE,
}
"""What a traffic policy compares, by its own name of the metric. Successes are not in CloudWatch."""
BREAKER_METRICS: Final[Mapping[str, Metric]] = {**COMPARED_METRICS, LATENCY: MODEL_LATENCY_P99}
"""What a breaker reads."""
COUNTS_FIELDS: Final[Mapping[Metric, str]] = {
    INVOCATIONS: "invocations",
    INVOCATION_4XX_ERRORS: "errors_4xx",
    INVOCATION_5XX_ERRORS: "errors_5xx",
    INVOCATION_MODEL_ERRORS: "model_errors",
    MODEL_LATENCY_AVERAGE: "latency_average_micros",
    MODEL_LATENCY_P99: "latency_p99_micros",
}
"""The field of a variant's counts in a minute that each metric fills."""


@dataclass(frozen=True, slots=True)
class _StatusField:
    """The field of a variant's status for a metric: `path` is below the variant, `whole` is for integers."""

    metric: Metric
    path: tuple[str, ...]
    whole: bool = True

    def value(self, number: float) -> int | str:
        """Return the number as status has it: an integer, or a string with two decimals."""
        return round(number) if self.whole else f"{number:.2f}"


_ON_ALL_INSTANCES = (
    _StatusField(INVOCATIONS, ("invocations",)),
    _StatusField(INVOCATIONS_PER_INSTANCE, ("invocations_per_instance",), whole=False),
    _StatusField(INVOCATION_4XX_ERRORS, ("invocation_4xx_errors",)),
    _StatusField(INVOCATION_5XX_ERRORS, ("invocation_5xx_errors",)),
    _StatusField(INVOCATION_MODEL_ERRORS, ("invocation_model_errors",)),
    _StatusField(MODEL_LATENCY_AVERAGE, ("model_latency_micros", "average")),
    _StatusField(MODEL_LATENCY_P50, ("model_latency_micros", "p50")),
    _StatusField(MODEL_LATENCY_P90, ("model_latency_micros", "p90")),
    _StatusField(MODEL_LATENCY_P99, ("model_latency_micros", "p99")),
    _StatusField(OVERHEAD_LATENCY_AVERAGE, ("overhead_latency_micros", "average")),
    _StatusField(CPU_UTILIZATION, ("cpu_utilization_percent",), whole=False),
    _StatusField(MEMORY_UTILIZATION, ("memory_utilization_percent",), whole=False),
    _StatusField(DISK_UTILIZATION, ("disk_utilization_percent",), whole=False),
)
_ON_GPU_INSTANCES = (
    _StatusField(GPU_UTILIZATION, ("gpu_utilization_percent",), whole=False),
    _StatusField(GPU_MEMORY_UTILIZATION, ("gpu_memory_utilization_percent",), whole=False),
)
_GPU_FAMILIES = re.compile(r"ml\.[gp][0-9]")
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html: accelerated families with GPUs."""

DELAY_SECONDS: Final = 180
"""CloudWatch shows an endpoint's minute two to three minutes after its end. Reported by users, not by AWS."""


@dataclass(frozen=True, slots=True)
class Window:
    """A CloudWatch period: seconds since the epoch on AWS's clock, aligned to its own length."""

    start: int
    seconds: int

    @property
    def end(self) -> int:
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class MonitoredVariant:
    """A variant whose metrics the operator reads."""

    name: str
    instance_type: str

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return tuple(field.metric for field in _status_fields(self))


def _status_fields(variant: MonitoredVariant) -> tuple[_StatusField, ...]:
    if _GPU_FAMILIES.match(variant.instance_type):
        return (*_ON_ALL_INSTANCES, *_ON_GPU_INSTANCES)
    return _ON_ALL_INSTANCES


@dataclass(frozen=True, slots=True)
class Monitored:
    """An endpoint whose metrics the operator reads every `interval_seconds`, a multiple of 60."""

    endpoint_name: str
    variants: tuple[MonitoredVariant, ...]
    interval_seconds: int

    def newest_window(self, now: float) -> Window:
        """Return the newest window that CloudWatch is expected to show completely by `now`."""
        last_end = math.floor((now - DELAY_SECONDS) / self.interval_seconds) * self.interval_seconds
        return Window(start=last_end - self.interval_seconds, seconds=self.interval_seconds)

    @property
    def queries(self) -> Iterator["Query"]:
        for variant in self.variants:
            for metric in variant.metrics:
                yield Query(self.endpoint_name, variant.name, metric)


@dataclass(frozen=True, slots=True)
class Query:
    """One metric of one variant."""

    endpoint_name: str
    variant: str
    metric: Metric


@dataclass(frozen=True, slots=True)
class Reading:
    """The metrics of the newest window that was read, and the reason why a newer one was not."""

    metrics: Metrics | None = None
    problem: Problem | None = None


def assemble(monitored: Monitored, window: Window, numbers: Mapping[Query, float]) -> Metrics:
    """Arrange the numbers that CloudWatch returned for status; a variant without any is left out."""
    variants = [_variant_metrics(monitored, variant, numbers) for variant in monitored.variants]
    return Metrics(
        window_start=datetime.fromtimestamp(window.start, UTC),
        window_end=datetime.fromtimestamp(window.end, UTC),
        period_seconds=window.seconds,
        variants=[metrics for metrics in variants if metrics is not None],
    )


def _variant_metrics(
    monitored: Monitored, variant: MonitoredVariant, numbers: Mapping[Query, float]
) -> VariantMetrics | None:
    fields: dict[str, Any] = {}
    for field in _status_fields(variant):
        number = numbers.get(Query(monitored.endpoint_name, variant.name, field.metric))
        if number is None:
            continue
        *groups, leaf = field.path
        group = fields
        for name in groups:
            group = group.setdefault(name, {})
        group[leaf] = field.value(number)
    return VariantMetrics.model_validate({"name": variant.name, **fields}) if fields else None
