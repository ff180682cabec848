"""Stepped: a candidate takes over in steps, behind guardrails."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sagemaker_ab.api.fields import LIST_ATOMIC, ApiModel
from sagemaker_ab.api.policies.common import Breaker, DurationSeconds, ErrorRate, Guardrail, StepHold
from sagemaker_ab.api.policies.validation import demand_breakers, demand_guardrails, refuse
from sagemaker_ab.api.spec import VariantName


class TrafficStep(ApiModel):
    """One share of the candidate, and what must pass before the next."""

    percent: Annotated[int, Field(ge=1, le=100)]
    """The candidate's share; each step's is more than the one before."""

    hold: StepHold | None = None
    """How long the step lasts at least: the defaults of its fields, but for the last step none."""

    approval: Literal["Required", "NotRequired"] = "NotRequired"
    """Required: a person lets the run go on after this step's hold."""


class Stepped(ApiModel):
    """Shift traffic in steps from the baseline to the candidate."""

    baseline: VariantName | None = None
    """The variant that has the traffic now. Needed unless the other of two variants is the candidate."""

    candidate: VariantName | None = None
    """The variant that is to take over. Needed unless the other of two variants is the baseline."""

    steps: Annotated[list[TrafficStep], Field(min_length=1, max_length=20, json_schema_extra=LIST_ATOMIC)]
    """The candidate's shares, in their order."""

    guardrails: Annotated[list[Guardrail], Field(max_length=5, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """What must not become worse."""

    breakers: Annotated[list[Breaker], Field(max_length=8, json_schema_extra=LIST_ATOMIC)] = Field(
        default_factory=list
    )
    """Bounds that no comparison is needed for."""

    false_alarm_rate: ErrorRate = "0.01"
    """How often all guardrails together may wrongly stop a run."""

    advance_on: Literal["NoHarmDetected", "NonInferior"] = "NoHarmDetected"
    """NonInferior: each guardrail must also prove the candidate within its margin, which is slower."""

    on_no_traffic: Literal["Hold", "Rollback", "Ignore"] = "Hold"
    """What follows when the candidate has a share but no invocations."""

    no_traffic_grace_seconds: DurationSeconds = 1800
    """How long the candidate may be without invocations."""

    on_sample_ratio_mismatch: Literal["Hold", "Ignore"] = "Hold"
    """What follows when invocations are not split as the weights say."""

    warm_up_seconds: DurationSeconds = 0
    """The first seconds, whose evidence does not count. Breakers do."""

    bake_seconds: DurationSeconds = 0
    """Seconds at the last step before it is final."""

    deadline_seconds: Annotated[int, Field(ge=60, le=31_622_400, multiple_of=60)] = 86400
    """Seconds until the run is rolled back if it has not ended."""

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        if self.baseline is None and self.candidate is None:
            raise refuse("baseline: is required unless candidate is given; given: neither")
        if self.baseline == self.candidate:
            raise refuse(
                "candidate: '{name}' should be another variant than the baseline", name=self.candidate
            )
        for place, (before, after) in enumerate(pairwise(self.steps), start=1):
            if after.percent <= before.percent:
                raise refuse(
                    "steps[{place}].percent: {after} should be more than {before}, the step before",
                    place=place,
                    after=after.percent,
                    before=before.percent,
                )
        demand_guardrails(self.guardrails)
        demand_breakers(self.breakers)
        self._demand_comparisons()
        self._demand_time()
        return self

    def _demand_comparisons(self) -> None:
        """Guardrails need a step at which there is a baseline to compare with."""
        if self.guardrails and self.steps[0].percent == 100:  # noqa: PLR2004  # the whole in percent
            raise refuse(
                "guardrails: should be none, or steps[0].percent less than 100, at which nothing is compared"
            )
        if self.advance_on == "NonInferior" and not self.guardrails:
            raise refuse("advanceOn: NonInferior should have guardrails, which prove it; given: none")

    def _demand_time(self) -> None:
        """The deadline lies after all that the steps wait for at least."""
        *before, last = [step.hold for step in self.steps]
        holds = [hold or StepHold() for hold in before]
        holds += [last] if last else [] if before or self.bake_seconds else [StepHold()]
        least = sum(hold.min_duration_seconds for hold in holds) + self.bake_seconds
        if least >= self.deadline_seconds:
            raise refuse(
                "deadlineSeconds: {deadline} should be more than the holds and bakeSeconds together, {least}",
                deadline=self.deadline_seconds,
                least=least,
            )
