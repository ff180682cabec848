"""Aggregates recorded counts over equal time spans for the picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sagemaker_ab.api.policies.common import LATENCY
from sagemaker_ab.traffic.counts import metric_reader
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow

_SPANS: Final = 50
_LEAST_MINUTES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A metric of one variant: rates from 0 to 1 or microseconds, at the middle of each span in minutes."""

    metric: str
    variant: str
    at: Sequence[float]
    values: Sequence[float]
    level: float | None
    """The value over all spans; None without data."""


def measured(rows: Sequence[CountsRow], *, metric: str, variant: str) -> Measured:
    """Sum a variant's counts over some fifty spans."""
    width = max(_LEAST_MINUTES, (rows[-1].at - rows[0].at) // _SPANS + 1)
    spans: dict[int, tuple[float, float]] = {}
    for row in rows:
        if row.variant == variant and (taken := _events(metric, row)):
            events, calls = spans.get(row.at // width, (0.0, 0.0))
            spans[row.at // width] = (events + taken[0], calls + taken[1])
    known = {span: sums for span, sums in sorted(spans.items()) if sums[1] > 0}
    return Measured(
        metric=metric,
        variant=variant,
        at=[(span + 0.5) * width for span in known],
        values=[events / calls for events, calls in known.values()],
        level=_level(known.values()),
    )


def _events(metric: str, row: CountsRow) -> tuple[float, float] | None:
    events, calls = metric_reader(metric)(row.counts)
    if events is None or calls is None:
        return None
    return (events * calls if metric == LATENCY else events), calls


def _level(sums: Iterable[tuple[float, float]]) -> float | None:
    events, calls = (sum(each) for each in zip(*sums, strict=True)) if sums else (0.0, 0.0)
    return events / calls if calls else None
