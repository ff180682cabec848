"""How busy the instances of a variant look: processor, memory, disk and graphics, from the load they bore."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.engine.metrics.series import Span, VariantSeries

_GPU_FAMILY = re.compile(r"ml\.(g|p)\d")
_CORES = {"medium": 2, "large": 2, "xlarge": 4}
_XLARGE_CORES = 4
_GPUS = {"12xlarge": 4, "16xlarge": 8, "24xlarge": 8, "48xlarge": 8}


def is_gpu(instance_type: str) -> bool:
    return _GPU_FAMILY.match(instance_type) is not None


def cores(instance_type: str) -> int:
    size = instance_type.rpartition(".")[2]
    if size in _CORES:
        return _CORES[size]
    multiple = size.removesuffix("xlarge")
    return _XLARGE_CORES * int(multiple) if multiple.isdigit() else _CORES["large"]


def gpus(instance_type: str) -> int:
    return _GPUS.get(instance_type.rpartition(".")[2], 1)


def _chance(series: VariantSeries, *what: object) -> float:
    """Return a number in [0, 1) that is always the same for the same variant and thing."""
    return crc32(f"{series.endpoint}/{series.variant}/{what}".encode()) / 2**32


def _busy(span: Span) -> float:
    """Share of the span that an instance spent on requests, at most 1."""
    if span.traffic is None:
        return 0.0
    return min(span.traffic.busy_seconds / (span.seconds * span.fleet.instances), 1.0)


def _cpu(series: VariantSeries, span: Span, instance: int) -> float:
    idle = 1.0 + 2.0 * _chance(series, "cpu", span.start, instance)
    ceiling = 100.0 * cores(span.fleet.instance_type)
    return min(idle + 0.95 * ceiling * _busy(span), ceiling)


def _memory(series: VariantSeries, span: Span, instance: int) -> float:
    model = 20.0 + 25.0 * _chance(series, "memory")
    return model + 12.0 * _busy(span) + _chance(series, "memory", span.start, instance)


def _disk(series: VariantSeries, span: Span, instance: int) -> float:
    del span, instance
    return 8.0 + 15.0 * _chance(series, "disk")


def _gpu(series: VariantSeries, span: Span, instance: int) -> float:
    del series, instance
    return 100.0 * gpus(span.fleet.instance_type) * _busy(span)


def _gpu_memory(series: VariantSeries, span: Span, instance: int) -> float:
    model = 25.0 + 40.0 * _chance(series, "gpu-memory")
    return model * gpus(span.fleet.instance_type) + _chance(series, "gpu-memory", span.start, instance)


UTILIZATION: dict[str, Callable[[VariantSeries, Span, int], float]] = {
    "CPUUtilization": _cpu,
    "MemoryUtilization": _memory,
    "DiskUtilization": _disk,
    "GPUUtilization": _gpu,
    "GPUMemoryUtilization": _gpu_memory,
}
