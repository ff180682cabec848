"""What was counted: one variant in one minute, and how a metric is read from it.

Absent is None and never zero: a minute without a number says nothing about it.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from sagemaker_ab.api.policies.common import LATENCY, SUCCESSES


class Counts(NamedTuple):
    """One variant in one minute, as CloudWatch gives it: AWS/SageMaker, 60 s; counts are sums."""

    weight: float | None = None
    invocations: int | None = None
    errors_4xx: int | None = None
    errors_5xx: int | None = None
    model_errors: int | None = None
    latency_average_micros: float | None = None
    latency_p99_micros: float | None = None
    successes: int | None = None
    trials: int | None = None


class Minute(NamedTuple):
    """All that is known of a minute: `at` counts minutes since 1970 (UTC)."""

    at: int
    counts: dict[str, Counts]


Reading = Callable[[Counts], tuple[float | None, float | None]]

_READINGS: Final[Mapping[str, Reading]] = {
    "ServerErrors": lambda counts: (counts.errors_5xx, counts.invocations),
    "ClientErrors": lambda counts: (counts.errors_4xx, counts.invocations),
    "ModelErrors": lambda counts: (counts.model_errors, counts.invocations),
    SUCCESSES: lambda counts: (counts.successes, counts.trials),
    LATENCY: lambda counts: (counts.latency_average_micros, counts.invocations),
}


def reading(metric: str) -> Reading:
    """Return what reads (events, trials) of a metric; for Latency (average in microseconds, invocations)."""
    return _READINGS[metric]
