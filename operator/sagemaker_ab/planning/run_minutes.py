"""Which minutes of CloudWatch's metrics a run needs, and the counts in them.

A run is one traffic policy applied to the variants of an endpoint. Minutes are whole UTC minutes, counted
since 1970-01-01, on AWS's clock. A minute is complete three minutes after its end. The newest fifteen
complete minutes are open: they are read again each time, because CloudWatch publishes datapoints late and
revises them.
Limits: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sagemaker_ab.api.policies.ab_test import ABTest
from sagemaker_ab.api.policies.bandit import Bandit
from sagemaker_ab.api.policies.common import SECONDS_PER_MINUTE
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.policies.traffic_policy import Policy
from sagemaker_ab.planning.variant_metrics import (
    BREAKER_METRICS,
    COMPARED_METRICS,
    COUNTS_FIELDS,
    DELAY_SECONDS,
    INVOCATIONS,
    Metric,
    Query,
)
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import OPEN_MINUTES
from sagemaker_ab.traffic.variant_roles import VariantRoles

MOST_MINUTES: Final = 120
"""How many minutes are read at a time. With 500 queries they are 60,000 of the 100,800 datapoints that one
response of GetMetricData has room for. A longer gap takes several reads.
"""
_HOUR_MINUTES: Final = 60
_KEPT_MINUTES: Final = 15 * 24 * 60
"""CloudWatch keeps periods of 60 seconds for 15 days: API reference, GetMetricStatistics, retention."""

CountsByMinute = Mapping[tuple[int, str], Counts]
"""Counts by minute and variant, without weights."""

_NO_COUNTS: Final = Counts()


@dataclass(frozen=True, slots=True)
class MinuteRange:
    """The minutes from `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQueries:
    """The endpoint of a run and the metrics of its variants: one query for each metric of each variant.

    CloudWatch bills each query that is sent.
    """

    endpoint_name: str
    metrics: Mapping[str, tuple[Metric, ...]]

    def __iter__(self) -> Iterator[Query]:
        for variant, metrics in self.metrics.items():
            for metric in metrics:
                yield Query(self.endpoint_name, variant, metric)


def metrics_of_policy(policy: Policy, roles: VariantRoles) -> Mapping[str, tuple[Metric, ...]]:
    """Return the metrics that a policy needs of each variant from CloudWatch, Invocations first.

    Breakers read the challengers alone.
    """
    compared = [guardrail.metric for guardrail in policy.guardrails]
    breakers: list[str] = []
    match policy:
        case ABTest():
            compared.append(policy.hypothesis.metric)
        case Bandit():
            compared.append(policy.metric)
        case Stepped():
            breakers += [breaker.metric for breaker in policy.breakers]
    of_all = {INVOCATIONS} | {COMPARED_METRICS[name] for name in compared if name in COMPARED_METRICS}
    of_challengers = of_all | {BREAKER_METRICS[name] for name in breakers}
    return {
        roles.baseline: _in_order(of_all),
        **{name: _in_order(of_challengers) for name in roles.challengers},
    }


def _in_order(metrics: Collection[Metric]) -> tuple[Metric, ...]:
    return tuple(metric for metric in COUNTS_FIELDS if metric in metrics)


def newest_complete(now: float) -> int:
    """Return the newest minute that CloudWatch is expected to show completely at `now`."""
    return int((now - DELAY_SECONDS) // SECONDS_PER_MINUTE) - 1


def first_open(last: int) -> int:
    """Return the first minute that may still change when `last` is the newest that was read."""
    return last - OPEN_MINUTES + 1


def range_to_read(first: int, now: float) -> MinuteRange | None:
    """Return what to read next of the minutes from `first` on; None if none of them is complete.

    What CloudWatch no longer keeps is left out. A long gap is read from its oldest minute on, in parts that
    end with an hour, so that runs with gaps share calls.
    """
    newest = newest_complete(now)
    oldest = max(first, newest - _KEPT_MINUTES + OPEN_MINUTES)
    if oldest > newest:
        return None
    end = oldest + MOST_MINUTES
    return MinuteRange(oldest, newest if end > newest else end - end % _HOUR_MINUTES - 1)


def counts_by_minute(
    queries: RunQueries, minutes: MinuteRange, values: Mapping[Query, Mapping[int, float]]
) -> CountsByMinute:
    """Arrange what CloudWatch returned. A minute and variant without any number is left out.

    A number without a datapoint is None, also the errors of a minute with invocations: SageMaker sends a 0
    with each request that is not an error, so a missing datapoint is late and not zero. Source:
    https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html, Invocation4XXErrors,
    Invocation5XXErrors, InvocationModelErrors.

    Errors above the minute's invocations are None, because the invocations are not complete yet. A latency
    without invocations is None, because AWS may publish 0 for an idle minute.
    """
    found: dict[tuple[int, str], Counts] = {}
    for variant, metrics in queries.metrics.items():
        by_field = {
            COUNTS_FIELDS[metric]: values.get(Query(queries.endpoint_name, variant, metric), {})
            for metric in metrics
        }
        for at in sorted({at for points in by_field.values() for at in points}):
            counts = _counts({field: points.get(at) for field, points in by_field.items()})
            if minutes.first <= at <= minutes.last and counts != _NO_COUNTS:
                found[at, variant] = counts
    return found


def _counts(numbers: Mapping[str, float | None]) -> Counts:
    invocations = _whole(numbers.get("invocations"))

    def errors(field: str) -> int | None:
        number = _whole(numbers.get(field))
        incomplete = number is not None and invocations is not None and number > invocations
        return None if incomplete else number

    return Counts(
        invocations=invocations,
        errors_4xx=errors("errors_4xx"),
        errors_5xx=errors("errors_5xx"),
        model_errors=errors("model_errors"),
        latency_average_micros=numbers.get("latency_average_micros") if invocations else None,
        latency_p99_micros=numbers.get("latency_p99_micros") if invocations else None,
    )


def _whole(number: float | None) -> int | None:
    return None if number is None else round(number)
