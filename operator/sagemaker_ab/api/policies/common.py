"""The fields that policies share: rates, durations, shares, guardrails, breakers.

The validation rules across fields are in ``common_rules``.
"""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from sagemaker_ab.api.fields import DECIMAL, DECIMAL_LENGTH, ApiModel, VariantName

SECONDS_PER_MINUTE: Final = 60
YEAR_SECONDS: Final = 366 * 86400
LATENCY: Final = "Latency"
SUCCESSES: Final = "Successes"
DEFAULT_MAX_RATE: Final = "0.2"


def _quoted(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError("decimal", "should be a quoted decimal such as '0.05'")
    return value


QuotedDecimal = Annotated[str, Field(max_length=DECIMAL_LENGTH, pattern=DECIMAL), BeforeValidator(_quoted)]
"""A decimal number in a string, because CRDs should not have floats. A rule has its bounds."""

Percent = Annotated[int, Field(ge=1, le=100)]
DurationSeconds = Annotated[int, Field(ge=0, le=YEAR_SECONDS, multiple_of=SECONDS_PER_MINUTE)]
AttributionSeconds = Annotated[int, Field(ge=0, le=3600, multiple_of=SECONDS_PER_MINUTE)]
AnyMetric = Literal["ServerErrors", "ClientErrors", "ModelErrors", "Latency", "Successes"]
CountedMetric = Literal["ServerErrors", "ClientErrors", "ModelErrors", "Successes"]
Goal = Literal["Increase", "Decrease"]


class Guardrail(ApiModel):
    """A metric of a challenger that must not be worse than the baseline's by more than a margin."""

    metric: AnyMetric
    """The metric that is guarded. Each metric can have one guardrail."""

    goal: Goal | None = None
    """Which direction is better. If it is not set, it is Increase for Successes and Decrease for every other
    metric, which allows nothing else.
    """

    no_worse_than_percent: Annotated[int, Field(ge=0, le=500)] = 0
    """The margin in percent of the baseline's value: a margin of 50 allows an error rate of 1% to become
    1.5%. If it is not set, it is 0.
    """

    on_breach: Literal["Rollback", "Hold"] = "Rollback"
    """Rollback drops the challenger, or ends the run. Hold keeps the weights while the breach lasts.
    If it is not set, it is Rollback.
    """


class Breaker(ApiModel):
    """An absolute bound on one variant. It needs no comparison, so it reacts within minutes."""

    metric: Literal["ServerErrors", "ClientErrors", "ModelErrors", "Latency"]
    """The metric. Latency is the p99 of ModelLatency."""

    max_rate: QuotedDecimal | None = None
    """The maximum share of failed invocations, a quoted decimal from "0.001" to "0.99", for the metrics of
    errors. If it is not set, it is "0.2".
    """

    max_micros: Annotated[int, Field(ge=1, le=3_600_000_000)] | None = None
    """The maximum p99 in microseconds, for Latency, which requires it. The breaker trips if every one of its
    minutes exceeds it.
    """

    min_requests: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """The breaker needs this number of invocations within its minutes to trip. If it is not set, it is 20."""

    for_minutes: Annotated[int, Field(ge=1, le=15)] = 3
    """The number of most recent minutes that are evaluated together. If it is not set, it is 3."""

    @property
    def bound(self) -> float:
        """The bound in effect: a rate, or microseconds for Latency."""
        return float(self.max_rate or DEFAULT_MAX_RATE) if self.max_micros is None else float(self.max_micros)


class Share(ApiModel):
    """The share of the traffic of one variant."""

    variant: VariantName
    """The name of the variant."""

    percent: Percent
    """The share in percent."""


class StepHold(ApiModel):
    """The minimum duration and traffic of a step, counted from when its share is applied."""

    min_duration_seconds: DurationSeconds = 1800
    """The minimum number of seconds at this share; a multiple of 60. If it is not set, it is 1800."""

    min_requests: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100
    """The minimum number of invocations at this share: of the candidate, or of all challengers together.
    If it is not set, it is 100.
    """


def default_goal(metric: str) -> Goal:
    """Return which direction of a metric is better if the policy does not say."""
    return "Increase" if metric == SUCCESSES else "Decrease"
