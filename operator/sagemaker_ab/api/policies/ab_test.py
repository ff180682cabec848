"""The policy ABTest: a hypothesis, a fixed allocation and error rates, all declared beforehand."""

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
    policy_error,
    require_goal,
    require_guardrails,
    require_order,
    require_ramp_below,
    require_sum_of_100,
    require_unique_variants,
)
from sagemaker_ab.api.spec import VariantName

_DEFAULT_MARGIN_PERCENT: Final = 5


class Hypothesis(ApiModel):
    """What the test is to prove."""

    metric: AnyMetric
    """The metric that decides the test."""

    expect: Literal["Superior", "NonInferior", "Different"] = "Superior"
    """Superior: a challenger is better. NonInferior: it is not worse by the margin. Different: two-sided."""

    goal: Goal | None = None
    """Which direction is better. The default is Increase for Successes. Other metrics allow only Decrease."""

    margin_percent: Annotated[int, Field(ge=1, le=99)] | None = None
    """The margin of NonInferior in percent of the baseline's value. The default is 5."""

    minimum_effect_percent: Annotated[int, Field(ge=1, le=99)] | None = None
    """The smallest difference of interest in percent of the baseline's value. Required for NoDifference."""

    @model_validator(mode="before")
    @classmethod
    def _set_default_margin(cls, given: Any) -> Any:
        margins = {"marginPercent", "margin_percent"}
        if isinstance(given, Mapping) and given.get("expect") == "NonInferior" and not margins & given.keys():
            return {**given, "marginPercent": _DEFAULT_MARGIN_PERCENT}
        return given

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        require_goal(self.metric, self.goal, field="goal")
        if (self.expect == "NonInferior") != (self.margin_percent is not None):
            raise policy_error(
                "marginPercent: is required for NonInferior, and only for it; given: {given} with {expect}",
                given=self.margin_percent or "none",
                expect=self.expect,
            )
        if self.expect == "NonInferior" and self.minimum_effect_percent is not None:
            raise policy_error(
                "minimumEffectPercent: {given} is for Superior and Different, not for NonInferior",
                given=self.minimum_effect_percent,
            )
        return self


class ErrorRates(ApiModel):
    """The error rates of the test. They hold for the whole run, at any number of looks."""

    false_winner: ErrorRate = "0.05"
    """The probability of a winner between equal variants."""

    false_alarm: ErrorRate = "0.01"
    """The probability that any guardrail wrongly stops the run."""

    power: Annotated[str, DecimalRate("0.5", "0.99")] = "0.8"
    """The probability of finding a real effect. Used only for planning."""


class RampStep(ApiModel):
    """A share of all challengers together before the test starts."""

    percent: Annotated[int, Field(ge=1, le=99)]
    """The share of all challengers together, in percent."""

    hold: StepHold = StepHold()
    """The hold of the step."""


class RampUp(ApiModel):
    """Steps that lead to the allocation. Guardrails are active. The hypothesis ignores the data."""

    steps: Annotated[list[RampStep], Field(min_length=1, max_length=10, json_schema_extra=LIST_ATOMIC)]
    """The steps in their order."""


class ABTest(ApiModel):
    """Compares challengers with the baseline at a fixed allocation."""

    baseline: VariantName
    """The variant that the challengers are compared with."""

    allocation: (
        Annotated[list[Share], Field(min_length=2, max_length=10, json_schema_extra=LIST_ATOMIC)] | None
    ) = None
    """The shares during the test. Without them, the traffic is split evenly."""

    ramp_up: RampUp | None = None
    """The steps that lead to the allocation. Without them, the run starts with the allocation."""

    hypothesis: Hypothesis
    """What the test is to prove."""

    error_rates: ErrorRates = ErrorRates()
    """The error rates of the test."""

    guardrails: Annotated[list[Guardrail], Field(max_length=5, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """The guardrails of the challengers."""

    on_sample_ratio_mismatch: Literal["Hold", "Ignore"] = "Hold"
    """The reaction when the invocations are not split as the weights say."""

    warm_up_seconds: DurationSeconds = 0
    """The first seconds of the run. Their data does not count as evidence."""

    attribution_seconds: AttributionSeconds = 0
    """The number of seconds by which a success may come later than its trial."""

    min_duration_seconds: DurationSeconds = 604_800
    """The number of seconds before the first verdict. The default is one week, to include every weekday."""

    max_duration_seconds: DurationSeconds = 1_814_400
    """The number of seconds after which a test without a verdict ends undecided."""

    on_winner: Literal["Promote", "KeepWeights"] = "KeepWeights"
    """Promote gives all the traffic to the winner."""

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if self.allocation is not None:
            names = [share.variant for share in self.allocation]
            require_unique_variants(names, field="allocation")
            require_sum_of_100(self.allocation, field="allocation")
            if self.baseline not in names:
                raise policy_error(
                    "baseline: '{name}' should be one of the allocation's variants, {names}",
                    name=self.baseline,
                    names=", ".join(names),
                )
            for index, share in enumerate(self.allocation):
                if share.percent == 0:
                    raise policy_error("allocation[{index}].percent: 0 should be at least 1", index=index)
        self._require_increasing_ramp()
        require_guardrails(self.guardrails)
        require_order(
            less=self.min_duration_seconds,
            more=self.max_duration_seconds,
            less_field="minDurationSeconds",
            more_field="maxDurationSeconds",
        )
        return self

    def _require_increasing_ramp(self) -> None:
        steps = self.ramp_up.steps if self.ramp_up else []
        for index, (before, after) in enumerate(pairwise(steps), start=1):
            if after.percent <= before.percent:
                raise policy_error(
                    "rampUp.steps[{index}].percent: {after} should be more than {before}, the step before",
                    index=index,
                    after=after.percent,
                    before=before.percent,
                )
        if self.allocation is not None:
            challengers = sum(share.percent for share in self.allocation if share.variant != self.baseline)
            require_ramp_below([step.percent for step in steps], share=challengers)
