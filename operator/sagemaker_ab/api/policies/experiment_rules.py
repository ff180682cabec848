"""The validation rules of the policies ABTest and Bandit."""

from typing import Any, Final

from sagemaker_ab.api.policies.ab_test import ABTest, ErrorRates, Hypothesis, RampUp
from sagemaker_ab.api.policies.bandit import Bandit, StoppingRule
from sagemaker_ab.api.policies.common_rules import (
    ALL_TRAFFIC_PERCENT,
    decimal_within,
    error_rate,
    increasing_steps,
    possible_goal,
)
from sagemaker_ab.api.rule import Rule

ALLOCATED: Final = "self.allocation.map(share, share.percent).sum()"
CHALLENGERS: Final = (
    "self.allocation.filter(share, share.variant != self.baseline).map(share, share.percent).sum()"
)
RAMP: Final = "self.rampUp.steps.map(step, step.percent)"


def _allocated(test: ABTest) -> int:
    return sum(share.percent for share in test.allocation or ())


def _challengers(test: ABTest) -> int:
    return sum(share.percent for share in test.allocation or () if share.variant != test.baseline)


def _greatest_of_ramp(test: ABTest) -> int:
    return max((step.percent for step in test.ramp_up.steps), default=0) if test.ramp_up else 0


EXPERIMENT_RULES: Final[tuple[Rule[Any], ...]] = (
    possible_goal(Hypothesis),
    Rule(
        scope=Hypothesis,
        field="marginPercent",
        cel="!has(self.marginPercent) || self.expect == 'NonInferior'",
        holds=lambda hypothesis: hypothesis.margin_percent is None or hypothesis.expect == "NonInferior",
        message="can only be set if expect is NonInferior, but %s is set and expect is %s",
        given=(
            ("self.marginPercent", lambda hypothesis: hypothesis.margin_percent),
            ("self.expect", lambda hypothesis: hypothesis.expect),
        ),
    ),
    Rule(
        scope=Hypothesis,
        field="minimumEffectPercent",
        cel="!has(self.minimumEffectPercent) || self.expect != 'NonInferior'",
        holds=lambda hypothesis: (
            hypothesis.minimum_effect_percent is None or hypothesis.expect != "NonInferior"
        ),
        message="cannot be set if expect is NonInferior, but it is %s",
        given=(("self.minimumEffectPercent", lambda hypothesis: hypothesis.minimum_effect_percent),),
    ),
    error_rate(ErrorRates, "falseWinner"),
    error_rate(ErrorRates, "falseAlarm"),
    decimal_within(ErrorRates, "power", minimum="0.5", maximum="0.99"),
    increasing_steps(RampUp),
    Rule(
        scope=ABTest,
        field="allocation",
        cel=f"!has(self.allocation) || {ALLOCATED} == {ALL_TRAFFIC_PERCENT}",
        holds=lambda test: test.allocation is None or _allocated(test) == ALL_TRAFFIC_PERCENT,
        message="percent must be 100 in total, but it is %s",
        given=((ALLOCATED, _allocated),),
    ),
    Rule(
        scope=ABTest,
        field="baseline",
        cel="!has(self.allocation) || self.allocation.exists(share, share.variant == self.baseline)",
        holds=lambda test: (
            test.allocation is None or test.baseline in {share.variant for share in test.allocation}
        ),
        message="must be the variant of an entry in allocation, but there is no entry %s",
        given=(("self.baseline", lambda test: test.baseline),),
    ),
    Rule(
        scope=ABTest,
        field="rampUp",
        cel=f"!has(self.rampUp) || !has(self.allocation) || {RAMP}.max() <= {CHALLENGERS}",
        holds=lambda test: test.allocation is None or _greatest_of_ramp(test) <= _challengers(test),
        message="percent of each step must be at most the challengers' allocation, but %s is greater than %s",
        given=((f"{RAMP}.max()", _greatest_of_ramp), (CHALLENGERS, _challengers)),
    ),
    Rule(
        scope=ABTest,
        field="maxDurationSeconds",
        cel="self.minDurationSeconds <= self.maxDurationSeconds",
        holds=lambda test: test.min_duration_seconds <= test.max_duration_seconds,
        message="must be greater than or equal to minDurationSeconds, but %s is less than %s",
        given=(
            ("self.maxDurationSeconds", lambda test: test.max_duration_seconds),
            ("self.minDurationSeconds", lambda test: test.min_duration_seconds),
        ),
    ),
    possible_goal(Bandit),
    Rule(
        scope=Bandit,
        field="floorPercent",
        cel="self.floorPercent < self.ceilingPercent",
        holds=lambda bandit: bandit.floor_percent < bandit.ceiling_percent,
        message="must be less than ceilingPercent, but %s is not less than %s",
        given=(
            ("self.floorPercent", lambda bandit: bandit.floor_percent),
            ("self.ceilingPercent", lambda bandit: bandit.ceiling_percent),
        ),
    ),
    Rule(
        scope=Bandit,
        field="baseline",
        cel="has(self.baseline) || !has(self.guardrails) || self.guardrails.size() == 0",
        holds=lambda bandit: bandit.baseline is not None or not bandit.guardrails,
        message="is required if there are guardrails, which compare with it",
    ),
    error_rate(Bandit, "falseAlarmRate"),
    error_rate(StoppingRule, "falseWinner"),
)
