"""The policy Stepped: traffic shifts to a candidate in steps, behind guardrails."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel
from sagemaker_ab.api.policies.common import Breaker, DurationSeconds, ErrorRate, Guardrail, StepHold
from sagemaker_ab.api.policies.validation import policy_error, require_breakers, require_guardrails
from sagemaker_ab.api.spec import VariantName


class TrafficStep(ApiModel):
    """A share of the candidate, and what it requires before the next step starts."""

    percent: Annotated[int, Field(ge=1, le=100)]
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

    guardrails: Annotated[list[Guardrail], Field(max_length=5, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """The guardrails of the candidate."""

    breakers: Annotated[list[Breaker], Field(max_length=8, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """The absolute bounds of the candidate."""

    false_alarm_rate: ErrorRate = "0.01"
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

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if self.baseline is None and self.candidate is None:
            raise policy_error("baseline: is required unless candidate is given; given: neither")
        if self.baseline == self.candidate:
            raise policy_error(
                "candidate: '{name}' should be another variant than the baseline", name=self.candidate
            )
        for index, (before, after) in enumerate(pairwise(self.steps), start=1):
            if after.percent <= before.percent:
                raise policy_error(
                    "steps[{index}].percent: {after} should be more than {before}, the step before",
                    index=index,
                    after=after.percent,
                    before=before.percent,
                )
        require_guardrails(self.guardrails)
        require_breakers(self.breakers)
        self._require_comparison()
        self._require_time()
        return self

    def _require_comparison(self) -> None:
        """Require a step below 100 percent for guardrails, so that there is a baseline to compare with."""
        if self.guardrails and self.steps[0].percent == 100:  # noqa: PLR2004  # all traffic, in percent
            raise policy_error(
                "guardrails: should be none, or steps[0].percent less than 100, so that they can compare"
            )
        if self.advance_on == "NonInferior" and not self.guardrails:
            raise policy_error("advanceOn: NonInferior should have guardrails to prove; given: none")

    def _require_time(self) -> None:
        """Require a deadline after the minimum durations of all steps and the bake time."""
        *before, last = [step.hold for step in self.steps]
        holds = [hold or StepHold() for hold in before]
        holds += [last] if last else [] if before or self.bake_seconds else [StepHold()]
        least = sum(hold.min_duration_seconds for hold in holds) + self.bake_seconds
        if least >= self.deadline_seconds:
            raise policy_error(
                "deadlineSeconds: {deadline} should be more than the holds and bakeSeconds together, {least}",
                deadline=self.deadline_seconds,
                least=least,
            )
