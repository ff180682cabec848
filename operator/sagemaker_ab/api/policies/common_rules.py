"""The validation rules that policies share, and those of guardrails and breakers."""

from typing import Any, Final, TypeVar

from sagemaker_ab.api.fields import ApiModel
from sagemaker_ab.api.policies.common import SUCCESSES, Breaker, Guardrail
from sagemaker_ab.api.rule import Rule, attribute_of, member_of_type

M = TypeVar("M", bound=ApiModel)

ALL_TRAFFIC_PERCENT: Final = 100
PERCENTS: Final = "self.steps.map(step, step.percent)"


def decimal_within(scope: type[M], name: str, *, minimum: str, maximum: str) -> Rule[M]:
    """Return the rule that the decimal in the field ``name`` is from ``minimum`` to ``maximum``."""
    attribute = attribute_of(scope, name)

    def holds(model: M) -> bool:
        # As floats, because CEL compares doubles.
        value = getattr(model, attribute)
        return value is None or float(minimum) <= float(value) <= float(maximum)

    return Rule(
        scope=scope,
        field=name,
        cel=f"!has(self.{name}) || (double(self.{name}) >= {minimum} && double(self.{name}) <= {maximum})",
        holds=holds,
        message=f"must be from {minimum} to {maximum}, but it is %s",
        given=((f"self.{name}", lambda model: getattr(model, attribute)),),
    )


def error_rate(scope: type[M], name: str) -> Rule[M]:
    """Return the rule that the field ``name`` is a probability that a test can guarantee."""
    return decimal_within(scope, name, minimum="0.0001", maximum="0.5")


def possible_goal(scope: type[Any]) -> Rule[Any]:
    """Return the rule that the goal of a model with ``metric`` and ``goal`` is possible for the metric."""
    return Rule(
        scope=scope,
        field="goal",
        cel=f"!has(self.goal) || self.goal == 'Decrease' || self.metric == '{SUCCESSES}'",
        holds=lambda model: model.goal != "Increase" or model.metric == SUCCESSES,
        message=f"must be Decrease for %s; Increase is for {SUCCESSES} only",
        given=(("self.metric", lambda model: model.metric),),
    )


def increasing_steps(scope: type[Any]) -> Rule[Any]:
    """Return the rule that each of a model's ``steps`` has a greater percent than the one before."""
    return Rule(
        scope=scope,
        field="steps",
        cel=(
            f"{PERCENTS}.isSorted()"
            " && self.steps.all(one, self.steps.exists_one(other, other.percent == one.percent))"
        ),
        holds=lambda model: _percents(model) == sorted(set(_percents(model))),
        message="each percent must be greater than that of the step before, but they are %s",
        given=((PERCENTS, _percents),),
    )


def _percents(model: Any) -> list[int]:
    return [step.percent for step in model.steps]


def _loses_less_than_all(guardrail: Guardrail) -> bool:
    more_is_better = guardrail.metric == SUCCESSES and guardrail.goal != "Decrease"
    return not more_is_better or guardrail.no_worse_than_percent < ALL_TRAFFIC_PERCENT


COMMON_RULES: Final[tuple[Rule[Any], ...]] = (
    possible_goal(Guardrail),
    Rule(
        scope=Guardrail,
        field="noWorseThanPercent",
        cel=(
            f"self.metric != '{SUCCESSES}' || (has(self.goal) && self.goal == 'Decrease')"
            " || !has(self.noWorseThanPercent) || self.noWorseThanPercent < 100"
        ),
        holds=_loses_less_than_all,
        message="must be less than 100 if more is better, because a rate is never negative, but it is %s",
        given=(("self.noWorseThanPercent", lambda guardrail: guardrail.no_worse_than_percent),),
    ),
    member_of_type(Breaker, "maxMicros", type_name="Latency", discriminator="metric"),
    Rule(
        scope=Breaker,
        field="maxRate",
        cel="!has(self.maxRate) || self.metric != 'Latency'",
        holds=lambda breaker: breaker.max_rate is None or breaker.metric != "Latency",
        message="cannot be set if metric is Latency, but it is %s; set maxMicros instead",
        given=(("self.maxRate", lambda breaker: breaker.max_rate),),
    ),
    decimal_within(Breaker, "maxRate", minimum="0.001", maximum="0.99"),
)
