"""The policy Stepped: traffic shifts to a candidate in steps, behind guardrails.

The validation rules across fields are in ``stepped_rules``.
"""

from typing import Annotated, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel, ListMap, VariantName
from sagemaker_ab.api.policies.common import (
    Breaker,
    DurationSeconds,
    Guardrail,
    Percent,
    QuotedDecimal,
    StepHold,
)


class TrafficStep(ApiModel):
    """A share of the candidate, and what it requires before the next step starts."""

    percent: Percent
    """The share of the candidate in percent. It must be more than that of the step before."""

    hold: StepHold | None = None
    """The hold of the step. Without it the defaults apply; the last of several steps then has no hold."""

    approval: Literal["Required", "NotRequired"] = "NotRequired"
    """Required: after the hold of the step, the run waits for the approval of a person."""


class Stepped(ApiModel):
    """Shifts the traffic from the baseline to the candidate in steps."""

    baseline: VariantName | None = None
    """The variant that has the traffic now. Optional if there are two variants and the candidate is set."""

    candidate: VariantName | None = None
    """The variant that gets the traffic. Optional if there are two variants and the baseline is set."""

    steps: Annotated[list[TrafficStep], Field(min_length=1, max_length=20, json_schema_extra=LIST_ATOMIC)]
    """The steps in their order."""

    guardrails: Annotated[list[Guardrail], Field(max_length=5), ListMap("metric")] = Field(
        default_factory=list
    )
    """The guardrails of the candidate."""

    breakers: Annotated[list[Breaker], Field(max_length=8, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """The absolute bounds of the candidate."""

    false_alarm_rate: QuotedDecimal = "0.01"
    """The probability that any guardrail wrongly stops a run."""

    advance_on: Literal["NoHarmDetected", "NonInferior"] = "NoHarmDetected"
    """NonInferior is slower: each guardrail must also prove that the candidate is within its margin."""

    on_no_traffic: Literal["Hold", "Rollback", "Ignore"] = "Hold"
    """The reaction when the candidate has a share of the traffic but no invocations."""

    no_traffic_grace_seconds: DurationSeconds = 1800
    """The number of seconds that the candidate may be without invocations."""

    on_sample_ratio_mismatch: Literal["Hold", "Ignore"] = "Hold"
    """The reaction when the invocations are not split as the weights say."""

    warm_up_seconds: DurationSeconds = 0
    """The first seconds of the run. Their data does not count as evidence. Breakers are active."""

    bake_seconds: DurationSeconds = 0
    """The number of seconds at the last step before the run ends with Promote."""

    deadline_seconds: Annotated[int, Field(ge=60, le=31_622_400, multiple_of=60)] = 86400
    """The number of seconds after which a run that has not ended is rolled back."""
