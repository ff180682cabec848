"""Which CloudWatch numbers make up a resource's metrics, over which window.

Names, units and valid statistics: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
What CloudWatch does not give stays absent: it is neither zero nor success.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sagemaker_ab.api.status import Metrics, VariantMetrics
from sagemaker_ab.planning.problem import Problem

_INVOCATION_NAMESPACE = "AWS/SageMaker"
_INSTANCE_NAMESPACE = "/aws/sagemaker/Endpoints"

_DELAY_SECONDS = 180
"""CloudWatch shows an endpoint's minute two to three minutes after its end (as observers report)."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of a variant: a CloudWatch metric by one statistic; `field` is where status holds it."""

    field: tuple[str, ...]
    namespace: str
    name: str
    statistic: str
    whole: bool

    def value(self, number: float) -> int | str:
        """Return the number as status shows it: whole numbers as integers, others with two decimals."""
        return round(number) if self.whole else f"{number:.2f}"


def _count(field: str, name: str) -> Metric:
    return Metric((field,), _INVOCATION_NAMESPACE, name, "Sum", whole=True)


def _latency(field: str, name: str, part: str, statistic: str) -> Metric:
    return Metric((field, part), _INVOCATION_NAMESPACE, name, statistic, whole=True)


def _utilization(field: str, name: str) -> Metric:
    return Metric((field,), _INSTANCE_NAMESPACE, name, "Average", whole=False)


_EVERYWHERE = (
    _count("invocations", "Invocations"),
    Metric(
        ("invocations_per_instance",), _INVOCATION_NAMESPACE, "InvocationsPerInstance", "Sum", whole=False
    ),
    _count("invocation_4xx_errors", "Invocation4XXErrors"),
    _count("invocation_5xx_errors", "Invocation5XXErrors"),
    _count("invocation_model_errors", "InvocationModelErrors"),
    _latency("model_latency_micros", "ModelLatency", "average", "Average"),
    _latency("model_latency_micros", "ModelLatency", "p50", "p50"),
    _latency("model_latency_micros", "ModelLatency", "p90", "p90"),
    _latency("model_latency_micros", "ModelLatency", "p99", "p99"),
    _latency("overhead_latency_micros", "OverheadLatency", "average", "Average"),
    _utilization("cpu_utilization_percent", "CPUUtilization"),
    _utilization("memory_utilization_percent", "MemoryUtilization"),
    _utilization("disk_utilization_percent", "DiskUtilization"),
)
_ON_GPU = (
    _utilization("gpu_utilization_percent", "GPUUtilization"),
    _utilization("gpu_memory_utilization_percent", "GPUMemoryUtilization"),
)
_GPU_FAMILIES = re.compile(r"ml\.[gp][0-9]")
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html: accelerated families with GPUs."""


@dataclass(frozen=True, slots=True)
class Window:
    """A period of CloudWatch's: seconds since the epoch on AWS's clock, aligned to its own length."""

    start: int
    seconds: int

    @property
    def end(self) -> int:
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class MonitoredVariant:
    """A variant whose numbers are wanted."""

    name: str
    instance_type: str

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (*_EVERYWHERE, *_ON_GPU) if _GPU_FAMILIES.match(self.instance_type) else _EVERYWHERE


@dataclass(frozen=True, slots=True)
class Monitored:
    """An endpoint whose numbers are wanted every `interval_seconds`, a multiple of 60."""

    endpoint_name: str
    variants: tuple[MonitoredVariant, ...]
    interval_seconds: int

    def newest_window(self, now: float) -> Window:
        """Return the last whole window whose minutes CloudWatch must have shown by now."""
        last_end = math.floor((now - _DELAY_SECONDS) / self.interval_seconds) * self.interval_seconds
        return Window(start=last_end - self.interval_seconds, seconds=self.interval_seconds)

    @property
    def queries(self) -> Iterator["Query"]:
        for variant in self.variants:
            for metric in variant.metrics:
                yield Query(self.endpoint_name, variant.name, metric)


@dataclass(frozen=True, slots=True)
class Query:
    """One number of one variant."""

    endpoint_name: str
    variant: str
    metric: Metric


@dataclass(frozen=True, slots=True)
class Reading:
    """What has been read of CloudWatch: the newest window that it gave, and what keeps newer ones away."""

    metrics: Metrics | None = None
    problem: Problem | None = None


def assemble(monitored: Monitored, window: Window, numbers: Mapping[Query, float]) -> Metrics:
    """Arrange the numbers that CloudWatch gave; a variant without any is left out."""
    found: dict[str, dict[str, Any]] = {}
    for query in monitored.queries:
        number = numbers.get(query)
        if number is None:
            continue
        place = found.setdefault(query.variant, {"name": query.variant})
        *groups, leaf = query.metric.field
        for group in groups:
            place = place.setdefault(group, {})
        place[leaf] = query.metric.value(number)
    return Metrics(
        window_start=datetime.fromtimestamp(window.start, UTC),
        window_end=datetime.fromtimestamp(window.end, UTC),
        period_seconds=window.seconds,
        variants=[VariantMetrics.model_validate(fields) for fields in found.values()],
    )
