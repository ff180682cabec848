"""The counts of a variant in a minute, and how to read a metric from them.

An absent number is None and never zero: a minute without a number gives no information about it.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from sagemaker_ab.api.policies.common import LATENCY, SUCCESSES


class Counts(NamedTuple):
    """One variant in one minute: the applied weight and CloudWatch's numbers at a period of 60 seconds.

    `verified`: the weight is known to have been in force throughout the minute. Without that, the minute only
    counts for breakers, and for whether there is traffic. Counts without any weights are of a file that has
    none, and count as verified.

    Invocations and errors are sums from the namespace AWS/SageMaker. Latencies are ModelLatency's Average and
    p99. Successes and trials are the user's own.
    """

    weight: float | None = None
    invocations: int | None = None
    errors_4xx: int | None = None
    errors_5xx: int | None = None
    model_errors: int | None = None
    latency_average_micros: float | None = None
    latency_p99_micros: float | None = None
    successes: int | None = None
    trials: int | None = None
    verified: bool = True


class Minute(NamedTuple):
    """The counts of one minute by variant. `at` is in minutes since 1970-01-01 UTC."""

    at: int
    counts: dict[str, Counts]

    @property
    def verified(self) -> bool:
        """Whether the weights of the minute are verified."""
        return all(each.verified for each in self.counts.values())


MetricReader = Callable[[Counts], tuple[float | None, float | None]]
"""Returns (events, trials) of a rate; of Latency, (average in microseconds, invocations)."""

_READERS: Final[Mapping[str, MetricReader]] = {
    "ServerErrors": lambda counts: (counts.errors_5xx, counts.invocations),
    "ClientErrors": lambda counts: (counts.errors_4xx, counts.invocations),
    "ModelErrors": lambda counts: (counts.model_errors, counts.invocations),
    SUCCESSES: lambda counts: (counts.successes, counts.trials),
    LATENCY: lambda counts: (counts.latency_average_micros, counts.invocations),
}


def metric_reader(metric: str) -> MetricReader:
    """Return the function that reads a metric from the counts of a variant."""
    return _READERS[metric]
