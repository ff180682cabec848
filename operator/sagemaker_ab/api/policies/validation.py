"""Validation rules that span several fields of a policy. Messages are worded like those of pydantic."""

from collections.abc import Sequence

from pydantic_core import PydanticCustomError

from sagemaker_ab.api.policies.common import LATENCY, SUCCESSES, Breaker, Goal, Guardrail, Share


def policy_error(message: str, **values: object) -> PydanticCustomError:
    """Return a validation error. The template `message` names field, given value and what is allowed."""
    return PydanticCustomError("policy_rule", message, dict(values))


def require_sum_of_100(shares: Sequence[Share], *, field: str) -> None:
    """Require that the shares of an allocation sum to 100 percent."""
    total = sum(share.percent for share in shares)
    if total != 100:  # noqa: PLR2004  # all traffic, in percent
        raise policy_error(
            "{field}: the percents sum to {total}, but should sum to 100", field=field, total=total
        )


def require_goal(metric: str, goal: Goal | None, *, field: str) -> None:
    """Require the goal Decrease for every metric but Successes."""
    if goal == "Increase" and metric != SUCCESSES:
        raise policy_error(
            "{field}: 'Increase' is for Successes; {metric} should have 'Decrease'",
            field=field,
            metric=metric,
        )


def require_guardrails(guardrails: Sequence[Guardrail]) -> None:
    """Require unique metrics, and a possible goal and margin for each."""
    metrics = [guardrail.metric for guardrail in guardrails]
    for index, guardrail in enumerate(guardrails):
        field = f"guardrails[{index}]"
        if guardrail.metric in metrics[:index]:
            raise policy_error(
                "{field}.metric: each metric must be unique, but {metric} is repeated",
                field=field,
                metric=guardrail.metric,
            )
        require_goal(guardrail.metric, guardrail.goal, field=f"{field}.goal")
        increase = (guardrail.goal or "Increase") == "Increase" and guardrail.metric == SUCCESSES
        if increase and guardrail.no_worse_than_percent >= 100:  # noqa: PLR2004  # a rate is not negative
            raise policy_error(
                "{field}.noWorseThanPercent: {given} should be less than 100 where more is better",
                field=field,
                given=guardrail.no_worse_than_percent,
            )


def require_breakers(breakers: Sequence[Breaker]) -> None:
    """Require a bound in microseconds for Latency, and a rate for every other metric."""
    for index, breaker in enumerate(breakers):
        latency = breaker.metric == LATENCY
        wanted, other = ("maxMicros", "maxRate") if latency else ("maxRate", "maxMicros")
        given = {"maxRate": breaker.max_rate, "maxMicros": breaker.max_micros}
        if given[wanted] is None or given[other] is not None:
            raise policy_error(
                "breakers[{index}]: {metric} should have {wanted} and no {other}; given: {given}",
                index=index,
                metric=breaker.metric,
                wanted=wanted,
                other=other,
                given=", ".join(f"{name} {value}" for name, value in given.items() if value is not None)
                or "neither",
            )


def require_order(*, less: int, more: int, less_field: str, more_field: str) -> None:
    """Require that the duration `less` does not exceed the duration `more`."""
    if less > more:
        raise policy_error(
            "{more_field}: {more} should be at least {less_field}, {less}",
            more_field=more_field,
            more=more,
            less_field=less_field,
            less=less,
        )


def require_ramp_below(percents: Sequence[int], *, share: int) -> None:
    """Require that the last step of a ramp-up does not exceed `share`, the challengers' allocation."""
    if percents and percents[-1] > share:
        raise policy_error(
            "rampUp.steps[{index}].percent: {given} should be at most {share}, the challengers' allocation",
            index=len(percents) - 1,
            given=percents[-1],
            share=share,
        )


def require_unique_variants(names: Sequence[str], *, field: str) -> None:
    """Require unique variants."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise policy_error(
            "{field}: each variant must be unique, but {names} is repeated",
            field=field,
            names=", ".join(repeated),
        )
