"""The validation rules of the policy Stepped."""

from typing import Any, Final

from sagemaker_ab.api.policies.common import StepHold
from sagemaker_ab.api.policies.common_rules import ALL_TRAFFIC_PERCENT, error_rate, increasing_steps
from sagemaker_ab.api.policies.stepped import Stepped
from sagemaker_ab.api.rule import Rule, at_least_one_of

DEFAULT_HOLD_SECONDS: Final = StepHold().min_duration_seconds

HAS_GUARDRAILS: Final = "has(self.guardrails) && self.guardrails.size() > 0"
HOLDS: Final = (
    "self.steps.map(step, has(step.hold) && has(step.hold.minDurationSeconds)"
    f" ? step.hold.minDurationSeconds : {DEFAULT_HOLD_SECONDS}).sum()"
)
LAST_HAS_NO_HOLD: Final = (
    "!has(self.steps[self.steps.size() - 1].hold) && (self.steps.size() > 1 || self.bakeSeconds > 0)"
)
LEAST_SECONDS: Final = f"({HOLDS} - ({LAST_HAS_NO_HOLD} ? {DEFAULT_HOLD_SECONDS} : 0) + self.bakeSeconds)"


def _least_seconds(stepped: Stepped) -> int:
    """Return the minimum durations of all steps and the bake time together.

    The last of several steps, and one before a bake, has no hold unless the policy sets one.
    """
    holds = [(step.hold or StepHold()).min_duration_seconds for step in stepped.steps]
    if stepped.steps[-1].hold is None and (len(stepped.steps) > 1 or stepped.bake_seconds):
        holds.pop()
    return sum(holds) + stepped.bake_seconds


STEPPED_RULES: Final[tuple[Rule[Any], ...]] = (
    at_least_one_of(Stepped, "baseline", "candidate"),
    Rule(
        scope=Stepped,
        field="candidate",
        cel="!has(self.baseline) || !has(self.candidate) || self.baseline != self.candidate",
        holds=lambda stepped: stepped.candidate is None or stepped.baseline != stepped.candidate,
        message="must be another variant than baseline, but both are %s",
        given=(("self.candidate", lambda stepped: stepped.candidate),),
    ),
    increasing_steps(Stepped),
    Rule(
        scope=Stepped,
        field="guardrails",
        cel=f"!({HAS_GUARDRAILS}) || self.steps[0].percent < {ALL_TRAFFIC_PERCENT}",
        holds=lambda stepped: not stepped.guardrails or stepped.steps[0].percent < ALL_TRAFFIC_PERCENT,
        message=(
            "must be empty if the first step has percent 100, because the baseline then has no traffic to"
            " compare with"
        ),
    ),
    Rule(
        scope=Stepped,
        field="advanceOn",
        cel=f"self.advanceOn != 'NonInferior' || ({HAS_GUARDRAILS})",
        holds=lambda stepped: stepped.advance_on != "NonInferior" or bool(stepped.guardrails),
        message="NonInferior requires at least one guardrail, whose margin is to be proven",
    ),
    Rule(
        scope=Stepped,
        field="deadlineSeconds",
        cel=f"{LEAST_SECONDS} < self.deadlineSeconds",
        holds=lambda stepped: _least_seconds(stepped) < stepped.deadline_seconds,
        message=(
            "must be greater than the holds of all steps and bakeSeconds together, but %s is not greater than"
            " %s"
        ),
        given=(
            ("self.deadlineSeconds", lambda stepped: stepped.deadline_seconds),
            (LEAST_SECONDS, _least_seconds),
        ),
    ),
    error_rate(Stepped, "falseAlarmRate"),
)
