"""The policy Bandit: weights follow what is learned, within bounds.

The validation rules across fields are in ``experiment_rules``.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from sagemaker_ab.api.fields import ApiModel, ListMap, VariantName
from sagemaker_ab.api.policies.common import (
    AttributionSeconds,
    CountedMetric,
    DurationSeconds,
    Goal,
    Guardrail,
    QuotedDecimal,
)


class StoppingRule(ApiModel):
    """Ends the run when a winner is proven. Posterior probabilities do not end it."""

    false_winner: QuotedDecimal = "0.05"
    """The probability of a winner between equal variants."""

    min_duration_seconds: DurationSeconds = 86400
    """The number of seconds before which there is no winner."""


class Bandit(ApiModel):
    """Moves the weights by batched Thompson sampling, stratified by time and weights."""

    STILL_AHEAD: ClassVar[frozenset[str]] = frozenset()
    """No setting may change during a run."""

    metric: CountedMetric
    """The metric that is learned: a rate, so not Latency."""

    goal: Goal | None = None
    """Which direction is better. The default is Increase for Successes. Other metrics allow only Decrease."""

    baseline: VariantName | None = None
    """The variant that guardrails compare with. Required with guardrails."""

    floor_percent: Annotated[int, Field(ge=0, le=50)] = 5
    """The minimum share of each variant in percent."""

    ceiling_percent: Annotated[int, Field(ge=1, le=100)] = 90
    """The maximum share of a variant in percent."""

    warm_up_seconds: DurationSeconds = 43_200
    """The number of seconds with an even split before the weights move."""

    update_seconds: Annotated[int, Field(ge=600, le=21600, multiple_of=300)] = 1800
    """The number of seconds between updates of the weights. Each update sets the endpoint to Updating."""

    max_step_percent: Annotated[int, Field(ge=1, le=100)] = 20
    """The maximum change of a share in one update, in percentage points."""

    deadband_percent: Annotated[int, Field(ge=0, le=50)] = 3
    """Changes of less than this number of percentage points are not made."""

    attribution_seconds: AttributionSeconds = 0
    """The number of seconds by which a success may come later than its trial."""

    half_life_seconds: Annotated[int, Field(ge=3600, le=31_622_400, multiple_of=60)] = 604_800
    """The number of seconds after which past data counts half. A shorter time follows changes sooner."""

    guardrails: Annotated[list[Guardrail], Field(max_length=5), ListMap("metric")] = Field(
        default_factory=list
    )
    """The guardrails of the challengers. A variant in breach is excluded."""

    false_alarm_rate: QuotedDecimal = "0.01"
    """The probability that any guardrail wrongly excludes a variant."""

    stop: StoppingRule | None = None
    """The rule that ends the run with a winner. Without it, the run does not end."""

    seed: Annotated[int, Field(ge=0, le=4_294_967_295)] = 0
    """The seed of the sampling. The same counts and seed give the same weights."""
