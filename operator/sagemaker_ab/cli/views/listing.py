"""Renders resources as a list, one line each, in the columns of `kubectl get`."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.text import Text

from sagemaker_ab.api.conditions import ConditionType
from sagemaker_ab.api.status import Condition, LatencyMicros
from sagemaker_ab.cli.snapshot import ResourceSnapshot
from sagemaker_ab.cli.views.alignment import aligned
from sagemaker_ab.cli.views.formatting import ABSENT, age, milliseconds, number, per_minute

_HEADINGS = ("NAME", "ENDPOINT", "WEIGHTS", "READY", "REASON", "AGE")
_WIDE_HEADINGS = ("INSTANCES", "INVOCATIONS", "P99 MS", "RUN", "REGION")
_READY_COLORS = {"True": "green", "False": "red"}


def resource_lines(
    resources: Sequence[ResourceSnapshot], *, now: datetime, wide: bool = False, namespaces: bool = False
) -> list[Text]:
    headings = (
        *(("NAMESPACE",) if namespaces else ()),
        *_HEADINGS,
        *(_WIDE_HEADINGS if wide else ()),
    )
    rows: list[tuple[Text, ...]] = [tuple(Text(heading, "bold") for heading in headings)]
    for resource in resources:
        cells = list(_cells(resource, now=now))
        if namespaces:
            cells.insert(0, Text(resource.namespace))
        if wide:
            cells.extend(_wide_cells(resource))
        rows.append(tuple(cells))
    return aligned(rows)


def _cells(resource: ResourceSnapshot, *, now: datetime) -> Iterator[Text]:
    ready = _ready(resource)
    yield Text(resource.name)
    yield Text(resource.spec.endpoint_name)
    yield Text(number(resource.status.summary))
    yield Text(ready.status if ready else ABSENT, _READY_COLORS.get(ready.status, "") if ready else "")
    yield Text(ready.reason if ready else ABSENT)
    yield Text(age(resource.created, now=now))


def _ready(resource: ResourceSnapshot) -> Condition | None:
    conditions = resource.status.conditions or []
    return next((each for each in conditions if each.type == ConditionType.READY), None)


def _wide_cells(resource: ResourceSnapshot) -> Iterator[Text]:
    yield Text(_by_variant(resource, _instance_counts(resource)))
    yield Text(_by_variant(resource, _rates(resource)))
    yield Text(_by_variant(resource, _p99s(resource)))
    yield Text(number(resource.status.traffic.run if resource.status.traffic else None))
    yield Text(number(resource.region))


def _by_variant(resource: ResourceSnapshot, figures: dict[str, str]) -> str:
    return " ".join(f"{name}={figures[name]}" for name in resource.variants if name in figures) or ABSENT


def _instance_counts(resource: ResourceSnapshot) -> dict[str, str]:
    return {
        variant.name: number(variant.instances.current)
        for variant in resource.status.variants or []
        if variant.instances
    }


def _rates(resource: ResourceSnapshot) -> dict[str, str]:
    metrics = resource.status.metrics
    if metrics is None:
        return {}
    return {
        each.name: per_minute(each.invocations, seconds=metrics.period_seconds) for each in metrics.variants
    }


def _p99s(resource: ResourceSnapshot) -> dict[str, str]:
    metrics = resource.status.metrics
    if metrics is None:
        return {}
    return {
        each.name: milliseconds((each.model_latency_micros or LatencyMicros()).p99)
        for each in metrics.variants
    }
