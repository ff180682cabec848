"""The policy Stepped: traffic shifts to a candidate in steps, behind guardrails.

The validation rules across fields are in ``stepped_rules``.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel, ListMap, VariantName
from sagemaker_ab.api.policies.common import (
    SECONDS_PER_MINUTE,
    YEAR_SECONDS,
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
    """The share of the candidate in percent. It must be greater than that of the step before."""

    hold: StepHold | None = None
    """The minimum duration and traffic of the step. If it is not set, its defaults apply. The last step then
    has no hold, unless it is the only step and bakeSeconds is 0.
    """

    approval: Literal["Required", "NotRequired"] = "NotRequired"
    """Whether the run waits for the approval of a person after the hold of the step. If it is not set, it is
    NotRequired.
    """


class Stepped(ApiModel):
    """Shifts the traffic from the baseline to the candidate in steps.

    After the last step, the candidate has been promoted. If a guardrail, a breaker or the deadline stops the
    run, the baseline gets all the traffic.
    """

    STILL_AHEAD: ClassVar[frozenset[str]] = frozenset({"steps", "bake_seconds", "deadline_seconds"})
    """The settings that may change during a run, because no evidence rests on them."""

    mode: Literal["Apply", "Observe"] = "Apply"
    """Apply, the default, moves the weights. Observe decides and reports, and never moves a weight. The
    command replay moves none in either mode.
    """

    baseline: VariantName | None = None
    """The variant that has the traffic at the start. It can be left out if candidate is set, because there
    are two variants.
    """

    candidate: VariantName | None = None
    """The variant that gets the traffic. It can be left out if baseline is set, because there are two
    variants.
    """

    steps: Annotated[list[TrafficStep], Field(min_length=1, max_length=20, json_schema_extra=LIST_ATOMIC)]
    """The steps in their order."""

    guardrails: Annotated[list[Guardrail], Field(max_length=5), ListMap("metric")] = Field(
        default_factory=list
    )
    """The guardrails of the candidate. They need a first step below 100 percent, so that they can compare."""

    breakers: Annotated[list[Breaker], Field(max_length=8, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """The absolute bounds of the candidate."""

    false_alarm_rate: QuotedDecimal = "0.01"
    """The probability that any guardrail wrongly stops a run, a quoted decimal from "0.0001" to "0.5"."""

    advance_on: Literal["NoHarmDetected", "NonInferior"] = "NoHarmDetected"
    """What completes a step. NoHarmDetected, the default: no guardrail is breached. NonInferior, which is
    slower: each guardrail must also prove that the candidate is within its margin.
    """

    on_no_traffic: Literal["Hold", "Rollback"] = "Hold"
    """The reaction when the candidate has a share of the traffic but no invocations. Hold, the default, keeps
    the weights until invocations come.
    """

    no_traffic_grace_seconds: DurationSeconds = 1800
    """The number of seconds that the candidate may be without invocations; a multiple of 60."""

    on_sample_ratio_mismatch: Literal["Hold", "Rollback"] = "Hold"
    """The reaction when the invocations are not split as the weights say. Hold, the default, keeps the
    weights while the mismatch lasts.
    """

    warm_up_seconds: DurationSeconds = 0
    """The first seconds of the run; a multiple of 60. Their data does not count as evidence. Breakers are
    active.
    """

    bake_seconds: DurationSeconds = 0
    """The number of seconds at the last step before the run ends; a multiple of 60."""

    deadline_seconds: Annotated[int, Field(ge=60, le=YEAR_SECONDS, multiple_of=SECONDS_PER_MINUTE)] = 86400
    """The number of seconds after which a run is rolled back that has not completed its steps, for instance
    because it waits for an approval; a multiple of 60. It must be greater than all holds and bakeSeconds
    together.
    """
