"""The policy ABTest: a hypothesis, a fixed allocation and error rates, all declared beforehand.

The validation rules across fields are in ``experiment_rules``.
"""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel, ListMap, VariantName
from sagemaker_ab.api.policies.common import (
    AnyMetric,
    AttributionSeconds,
    DurationSeconds,
    Goal,
    Guardrail,
    QuotedDecimal,
    Share,
    StepHold,
)

DEFAULT_MARGIN_PERCENT: Final = 5


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

    @property
    def margin(self) -> int:
        """The margin in effect, in percent; 0 unless NonInferior is expected."""
        if self.expect != "NonInferior":
            return 0
        return DEFAULT_MARGIN_PERCENT if self.margin_percent is None else self.margin_percent


class ErrorRates(ApiModel):
    """The error rates of the test. They hold for the whole run, at any number of looks."""

    false_winner: QuotedDecimal = "0.05"
    """The probability of a winner between equal variants."""

    false_alarm: QuotedDecimal = "0.01"
    """The probability that any guardrail wrongly stops the run."""

    power: QuotedDecimal = "0.8"
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

    STILL_AHEAD: ClassVar[frozenset[str]] = frozenset()
    """No setting may change during a run."""

    baseline: VariantName
    """The variant that the challengers are compared with."""

    allocation: Annotated[list[Share], Field(min_length=2, max_length=10), ListMap("variant")] | None = None
    """The shares during the test. Without them, the traffic is split evenly."""

    ramp_up: RampUp | None = None
    """The steps that lead to the allocation. Without them, the run starts with the allocation."""

    hypothesis: Hypothesis
    """What the test is to prove."""

    error_rates: ErrorRates = ErrorRates()
    """The error rates of the test."""

    guardrails: Annotated[list[Guardrail], Field(max_length=5), ListMap("metric")] = Field(
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
