"""The series behind the charts: four metrics, minute by minute, one line per production variant.

Metrics, units and the statistics that mean something:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

PERIOD = timedelta(minutes=1)
Statistic = Literal["Average", "Sum"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A metric as it is charted; a datapoint's value is divided by `divisor` to come in `unit`."""

    metric: str
    namespace: str
    statistic: Statistic
    unit: str
    divisor: float = 1


# The four charts of the notebook, which takes the Sum of everything. A sum of latencies grows with the
# traffic and a sum of utilisations with the number of datapoints, so those two are averaged here.
CHARTS = (
    Chart(metric="CPUUtilization", namespace="/aws/sagemaker/Endpoints", statistic="Average", unit="%"),
    Chart(metric="Invocations", namespace="AWS/SageMaker", statistic="Sum", unit="per minute"),
    Chart(metric="InvocationsPerInstance", namespace="AWS/SageMaker", statistic="Sum", unit="per minute"),
    Chart(metric="ModelLatency", namespace="AWS/SageMaker", statistic="Average", unit="ms", divisor=1000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """Whole minutes, `end` exclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The value of the minute that begins at `at`."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One variant's line, oldest point first; a minute without a datapoint has no point.

    `complete` is false when CloudWatch could not return all that it holds.
    """

    variant: str
    points: tuple[Point, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartData:
    chart: Chart
    series: tuple[Series, ...]


def last_minutes(minutes: int, *, before: datetime) -> TimeRange:
    """The last whole minutes; the running one is left out, for its sum is not complete."""
    end = before.astimezone(UTC).replace(second=0, microsecond=0)
    return TimeRange(start=end - minutes * PERIOD, end=end)
