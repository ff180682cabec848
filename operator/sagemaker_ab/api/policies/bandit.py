"""Bandit: weights follow what is learnt, within bounds."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel
from sagemaker_ab.api.policies.common import (
    AttributionSeconds,
    CountedMetric,
    DurationSeconds,
    ErrorRate,
    Goal,
    Guardrail,
)
from sagemaker_ab.api.policies.validation import demand_goal, demand_guardrails, refuse
from sagemaker_ab.api.spec import VariantName


class StoppingRule(ApiModel):
    """End the learning by evidence, not by probability."""

    false_winner: ErrorRate = "0.05"
    """How often a winner may be named between equals."""

    min_duration_seconds: DurationSeconds = 86400
    """No winner before."""


class Bandit(ApiModel):
    """Batched Thompson sampling, stratified by time and weights."""

    metric: CountedMetric
    """The metric that is learnt: a share of trials, so not Latency."""

    goal: Goal | None = None
    """Which way is better. Successes: Increase unless said; the other metrics: only Decrease."""

    baseline: VariantName | None = None
    """The variant that guardrails compare with; required if there are any."""

    floor_percent: Annotated[int, Field(ge=0, le=50)] = 5
    """The least share of each variant."""

    ceiling_percent: Annotated[int, Field(ge=1, le=100)] = 90
    """The greatest share of a variant."""

    warm_up_seconds: DurationSeconds = 43_200
    """Seconds of an even split before weights move."""

    update_seconds: Annotated[int, Field(ge=600, le=21600, multiple_of=300)] = 1800
    """Seconds between two updates of the weights: each one makes the endpoint Updating."""

    max_step_percent: Annotated[int, Field(ge=1, le=100)] = 20
    """The greatest change of a share in one update."""

    deadband_percent: Annotated[int, Field(ge=0, le=50)] = 3
    """Changes smaller than this are not made."""

    attribution_seconds: AttributionSeconds = 0
    """How much later than its trial a success may still come."""

    half_life_seconds: Annotated[int, Field(ge=3600, le=31_622_400, multiple_of=60)] = 604_800
    """After so long, what was learnt counts half: shorter forgets more and follows change sooner."""

    guardrails: Annotated[list[Guardrail], Field(max_length=5, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """What must not become worse; a variant in breach is excluded."""

    false_alarm_rate: ErrorRate = "0.01"
    """How often all guardrails together may wrongly exclude a variant."""

    stop: StoppingRule | None = None
    """When to end with a winner; without it, the bandit goes on."""

    seed: Annotated[int, Field(ge=0, le=4_294_967_295)] = 0
    """The seed of the sampling: the same counts give the same weights."""

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        demand_goal(self.metric, self.goal, field="goal")
        demand_guardrails(self.guardrails)
        if self.floor_percent >= self.ceiling_percent:
            raise refuse(
                "floorPercent: {floor} should be less than ceilingPercent, {ceiling}",
                floor=self.floor_percent,
                ceiling=self.ceiling_percent,
            )
        if self.guardrails and self.baseline is None:
            raise refuse("baseline: is required with guardrails, which compare with it; given: none")
        return self
