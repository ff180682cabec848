"""What the policies are made of: rates, shares, durations, guardrails."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sagemaker_ab.api.fields import DECIMAL, DECIMAL_LENGTH, ApiModel
from sagemaker_ab.api.spec import VariantName

SECONDS_PER_MINUTE: Final = 60
YEAR_SECONDS: Final = 366 * 86400
_MAX_RATE: Final = "0.2"


@dataclass(frozen=True, slots=True)
class DecimalRate:
    """A decimal in a string, between two bounds that belong to it: CRDs hold no floats."""

    minimum: str
    maximum: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        del schema, handler
        return {"type": "string", "maxLength": DECIMAL_LENGTH, "pattern": DECIMAL}

    def _check(self, value: object) -> str:
        if (
            isinstance(value, str)
            and len(value) <= DECIMAL_LENGTH
            and re.fullmatch(DECIMAL, value)
            and Decimal(self.minimum) <= Decimal(value) <= Decimal(self.maximum)
        ):
            return value
        raise PydanticCustomError(
            "decimal_rate",
            "should be a decimal in quotes from '{minimum}' to '{maximum}'",
            {"minimum": self.minimum, "maximum": self.maximum},
        )


ErrorRate = Annotated[str, DecimalRate("0.0001", "0.5")]
Percent = Annotated[int, Field(ge=0, le=100)]
DurationSeconds = Annotated[int, Field(ge=0, le=YEAR_SECONDS, multiple_of=SECONDS_PER_MINUTE)]
AttributionSeconds = Annotated[int, Field(ge=0, le=3600, multiple_of=SECONDS_PER_MINUTE)]


LATENCY: Final = "Latency"
SUCCESSES: Final = "Successes"
AnyMetric = Literal["ServerErrors", "ClientErrors", "ModelErrors", "Latency", "Successes"]
CountedMetric = Literal["ServerErrors", "ClientErrors", "ModelErrors", "Successes"]
Goal = Literal["Increase", "Decrease"]


class Guardrail(ApiModel):
    """A metric that must not become worse than the baseline's by more than a margin."""

    metric: AnyMetric
    """The metric to guard."""

    goal: Goal | None = None
    """Which way is better. Successes: Increase unless said; the other metrics: only Decrease."""

    no_worse_than_percent: Annotated[int, Field(ge=0, le=500)] = 0
    """The margin, in percent of the baseline's value."""

    on_breach: Literal["Rollback", "Hold"] = "Rollback"
    """Rollback: the challenger is dropped, or the run ended. StepHold: nothing moves while it lasts."""


class Breaker(ApiModel):
    """An absolute bound, blunt and fast, that needs no comparison."""

    metric: Literal["ServerErrors", "ClientErrors", "ModelErrors", "Latency"]
    """The metric; Latency is the p99 of the column latencyP99Micros."""

    max_rate: Annotated[str, DecimalRate("0.001", "0.99")] | None = None
    """The highest share of failed invocations. For error metrics: 0.2 unless said."""

    max_micros: Annotated[int, Field(ge=1, le=3_600_000_000)] | None = None
    """The highest p99 in microseconds, in every one of the minutes. For Latency."""

    min_requests: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Invocations within the minutes below which the breaker says nothing."""

    for_minutes: Annotated[int, Field(ge=1, le=15)] = 3
    """The last so many minutes, together."""

    @model_validator(mode="before")
    @classmethod
    def _bound_errors(cls, given: Any) -> Any:
        """One failure in five is an outage whatever the model; how slow is too slow, only its owner knows."""
        bounds = {"maxRate", "max_rate", "maxMicros", "max_micros"}
        if isinstance(given, Mapping) and given.get("metric") != LATENCY and not bounds & given.keys():
            return {**given, "maxRate": _MAX_RATE}
        return given


class Share(ApiModel):
    """A variant's share of the traffic."""

    variant: VariantName
    """The variant's name."""

    percent: Percent
    """Its share in percent."""


class StepHold(ApiModel):
    """How long a step lasts at least, from the moment at which its share is applied."""

    min_duration_seconds: DurationSeconds = 1800
    """Seconds at this share."""

    min_requests: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100
    """Invocations of the candidate at this share."""


def default_goal(metric: str) -> Goal:
    """Return which way a metric is better unless the policy says so."""
    return "Increase" if metric == SUCCESSES else "Decrease"
