"""ABTest: a declared hypothesis, a fixed allocation, declared error rates."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel
from sagemaker_ab.api.policies.common import (
    AnyMetric,
    AttributionSeconds,
    DecimalRate,
    DurationSeconds,
    ErrorRate,
    Goal,
    Guardrail,
    Share,
    StepHold,
)
from sagemaker_ab.api.policies.validation import (
    demand_goal,
    demand_guardrails,
    demand_names,
    demand_order,
    demand_ramp,
    demand_sum_of_100,
    refuse,
)
from sagemaker_ab.api.spec import VariantName

_MARGIN_PERCENT: Final = 5


class Hypothesis(ApiModel):
    """What is to be shown."""

    metric: AnyMetric
    """The metric that decides."""

    expect: Literal["Superior", "NonInferior", "Different"] = "Superior"
    """Superior: a challenger is better. NonInferior: it is not worse by the margin. Different: either way."""

    goal: Goal | None = None
    """Which way is better. Successes: Increase unless said; the other metrics: only Decrease."""

    margin_percent: Annotated[int, Field(ge=1, le=99)] | None = None
    """How much worse than the baseline still passes, in percent of it. For NonInferior: 5 unless said."""

    minimum_effect_percent: Annotated[int, Field(ge=1, le=99)] | None = None
    """The smallest difference of interest, in percent of the baseline; without it, never NoDifference."""

    @model_validator(mode="before")
    @classmethod
    def _have_a_margin(cls, given: Any) -> Any:
        margins = {"marginPercent", "margin_percent"}
        if isinstance(given, Mapping) and given.get("expect") == "NonInferior" and not margins & given.keys():
            return {**given, "marginPercent": _MARGIN_PERCENT}
        return given

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        demand_goal(self.metric, self.goal, field="goal")
        if (self.expect == "NonInferior") != (self.margin_percent is not None):
            raise refuse(
                "marginPercent: is for NonInferior, which needs it; given: {given} with {expect}",
                given=self.margin_percent or "none",
                expect=self.expect,
            )
        if self.expect == "NonInferior" and self.minimum_effect_percent is not None:
            raise refuse(
                "minimumEffectPercent: {given} is for Superior and Different, not for NonInferior",
                given=self.minimum_effect_percent,
            )
        return self


class ErrorRates(ApiModel):
    """How often the test may err."""

    false_winner: ErrorRate = "0.05"
    """How often a winner may be named between equals, however often it is looked."""

    false_alarm: ErrorRate = "0.01"
    """How often all guardrails together may wrongly stop the run."""

    power: Annotated[str, DecimalRate("0.5", "0.99")] = "0.8"
    """How often a real effect should be found: for planning only."""


class RampStep(ApiModel):
    """A share of the challengers together before the test begins."""

    percent: Annotated[int, Field(ge=1, le=99)]
    """The share of all challengers together."""

    hold: StepHold = StepHold()
    """How long the step lasts at least."""


class RampUp(ApiModel):
    """Steps to the allocation, watched by the guardrails; the hypothesis sees nothing of them."""

    steps: Annotated[list[RampStep], Field(min_length=1, max_length=10, json_schema_extra=LIST_ATOMIC)]
    """The shares, in their order."""


class ABTest(ApiModel):
    """Compare challengers with the baseline at a fixed allocation."""

    baseline: VariantName
    """The variant that the others are compared with."""

    allocation: (
        Annotated[list[Share], Field(min_length=2, max_length=10, json_schema_extra=LIST_ATOMIC)] | None
    ) = None
    """The shares during the test; without it, all variants get as much."""

    ramp_up: RampUp | None = None
    """Steps to the allocation, if it should not begin with it."""

    hypothesis: Hypothesis
    """What is to be shown."""

    error_rates: ErrorRates = ErrorRates()
    """How often the test may err."""

    guardrails: Annotated[list[Guardrail], Field(max_length=5, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """What must not become worse."""

    on_sample_ratio_mismatch: Literal["Hold", "Ignore"] = "Hold"
    """What follows when invocations are not split as the weights say."""

    warm_up_seconds: DurationSeconds = 0
    """The first seconds, whose evidence does not count."""

    attribution_seconds: AttributionSeconds = 0
    """How much later than its trial a success may still come."""

    min_duration_seconds: DurationSeconds = 604_800
    """No verdict before: a whole week, so that no day of it stands for the others."""

    max_duration_seconds: DurationSeconds = 1_814_400
    """What is not decided then stays undecided."""

    on_winner: Literal["Promote", "KeepWeights"] = "KeepWeights"
    """Promote: the winner gets all the traffic."""

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.allocation is not None:
            names = [share.variant for share in self.allocation]
            demand_names(names, field="allocation")
            demand_sum_of_100(self.allocation, field="allocation")
            if self.baseline not in names:
                raise refuse(
                    "baseline: '{name}' should be one of the allocation's variants, {names}",
                    name=self.baseline,
                    names=", ".join(names),
                )
            for place, share in enumerate(self.allocation):
                if share.percent == 0:
                    raise refuse("allocation[{place}].percent: 0 should be at least 1", place=place)
        self._demand_ramp()
        demand_guardrails(self.guardrails)
        demand_order(
            less=self.min_duration_seconds,
            more=self.max_duration_seconds,
            less_field="minDurationSeconds",
            more_field="maxDurationSeconds",
        )
        return self

    def _demand_ramp(self) -> None:
        steps = self.ramp_up.steps if self.ramp_up else []
        for place, (before, after) in enumerate(pairwise(steps), start=1):
            if after.percent <= before.percent:
                raise refuse(
                    "rampUp.steps[{place}].percent: {after} should be more than {before}, the step before",
                    place=place,
                    after=after.percent,
                    before=before.percent,
                )
        if self.allocation is not None:
            challengers = sum(share.percent for share in self.allocation if share.variant != self.baseline)
            demand_ramp([step.percent for step in steps], share=challengers)
