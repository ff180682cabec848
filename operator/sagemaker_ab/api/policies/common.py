"""The fields that policies share: rates, durations, shares, guardrails, breakers."""

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
    """A decimal number in a string, from `minimum` to `maximum`, because CRDs should not have floats."""

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
            "should be a quoted decimal from '{minimum}' to '{maximum}'",
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
    """A metric of a challenger that must not be worse than the baseline's by more than a margin."""

    metric: AnyMetric
    """The metric that is guarded."""

    goal: Goal | None = None
    """Which direction is better. The default is Increase for Successes. Other metrics allow only Decrease."""

    no_worse_than_percent: Annotated[int, Field(ge=0, le=500)] = 0
    """The margin in percent of the baseline's value."""

    on_breach: Literal["Rollback", "Hold"] = "Rollback"
    """Rollback drops the challenger, or ends the run. Hold keeps the weights while the breach lasts."""


class Breaker(ApiModel):
    """An absolute bound on one variant. It needs no comparison, so it reacts within minutes."""

    metric: Literal["ServerErrors", "ClientErrors", "ModelErrors", "Latency"]
    """The metric. Latency is the p99 in the column latencyP99Micros."""

    max_rate: Annotated[str, DecimalRate("0.001", "0.99")] | None = None
    """The maximum share of failed invocations, for error metrics. The default is 0.2."""

    max_micros: Annotated[int, Field(ge=1, le=3_600_000_000)] | None = None
    """The maximum p99 in microseconds, for Latency. The breaker trips if every minute exceeds it."""

    min_requests: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """The breaker needs this number of invocations within its minutes to trip."""

    for_minutes: Annotated[int, Field(ge=1, le=15)] = 3
    """The number of most recent minutes that are evaluated together."""

    @model_validator(mode="before")
    @classmethod
    def _set_default_rate(cls, given: Any) -> Any:
        """Set the default bound of error metrics. Latency has none, because it depends on the model."""
        bounds = {"maxRate", "max_rate", "maxMicros", "max_micros"}
        if isinstance(given, Mapping) and given.get("metric") != LATENCY and not bounds & given.keys():
            return {**given, "maxRate": _MAX_RATE}
        return given


class Share(ApiModel):
    """The share of the traffic of one variant."""

    variant: VariantName
    """The name of the variant."""

    percent: Percent
    """The share in percent."""


class StepHold(ApiModel):
    """The minimum duration and traffic of a step, counted from when its share is applied."""

    min_duration_seconds: DurationSeconds = 1800
    """The minimum number of seconds at this share."""

    min_requests: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100
    """The minimum number of invocations at this share: of the candidate, or of all challengers together."""


def default_goal(metric: str) -> Goal:
    """Return which direction of a metric is better if the policy does not say."""
    return "Increase" if metric == SUCCESSES else "Decrease"
