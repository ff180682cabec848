"""Charts of the command line, and the four of the command metrics: one series for each variant."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sagemaker_ab.planning.variant_metrics import (
    CPU_UTILIZATION,
    INVOCATIONS,
    INVOCATIONS_PER_INSTANCE,
    MODEL_LATENCY_AVERAGE,
    Metric,
    Unit,
)

PERIOD = timedelta(minutes=1)

# The label of a chart's axis, and what divides CloudWatch's values to get it.
_AXES = {
    Unit.NONE: ("per minute", 1.0),
    Unit.MICROSECONDS: ("ms", 1000.0),
    Unit.PERCENT: ("%", 1.0),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """A metric as a chart shows it: CloudWatch's value divided by `divisor` is in `unit`."""

    metric: Metric
    unit: str
    divisor: float

    @classmethod
    def of(cls, metric: Metric) -> "Chart":
        unit, divisor = _AXES[metric.unit]
        return cls(metric=metric, unit=unit, divisor=divisor)

    @property
    def title(self) -> str:
        return self.metric.name

    @property
    def caption(self) -> str:
        return f"{self.metric.statistic.lower()}, {self.unit}"


class Heading(Protocol):
    """What a chart shows: its title, and a caption with the statistic and the unit."""

    @property
    def title(self) -> str: ...

    @property
    def caption(self) -> str: ...


# The notebook charts the same four metrics, each by its Sum. A sum of latencies grows with the traffic and a
# sum of utilizations grows with the number of datapoints, so these charts show averages of those two.
CHARTS = (
    Chart.of(CPU_UTILIZATION),
    Chart.of(INVOCATIONS),
    Chart.of(INVOCATIONS_PER_INSTANCE),
    Chart.of(MODEL_LATENCY_AVERAGE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """Whole minutes; `end` is exclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The value of the period that begins at `at`; periods are minutes unless the series has others."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The points of one line, oldest first; a period without a datapoint has no point.

    `complete` is false when CloudWatch did not return all the data that it has. A limit is a value that
    another series is compared with, such as a target.
    """

    name: str
    points: tuple[Point, ...]
    complete: bool = True
    period: timedelta = PERIOD
    limit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartData:
    """A chart and its series."""

    chart: Heading
    series: tuple[Series, ...]


def last_minutes(minutes: int, *, before: datetime) -> TimeRange:
    """Return the last whole minutes; the current minute is left out because its sum is not complete."""
    end = before.astimezone(UTC).replace(second=0, microsecond=0)
    return TimeRange(start=end - minutes * PERIOD, end=end)
