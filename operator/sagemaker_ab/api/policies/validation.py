"""Rules that span the fields of a policy, in the words of pydantic's own refusals."""

from collections.abc import Sequence

from pydantic_core import PydanticCustomError

from sagemaker_ab.api.policies.common import LATENCY, SUCCESSES, Breaker, Goal, Guardrail, Share


def refuse(words: str, **given: object) -> PydanticCustomError:
    """Return the refusal of a whole member; `words` name the field, what was given and what is allowed."""
    return PydanticCustomError("policy_rule", words, dict(given))


def demand_sum_of_100(shares: Sequence[Share], *, field: str) -> None:
    """The shares of an allocation are whole: 100 percent."""
    total = sum(share.percent for share in shares)
    if total != 100:  # noqa: PLR2004  # a whole in percent
        raise refuse("{field}: the percents sum to {total}, and should sum to 100", field=field, total=total)


def demand_goal(metric: str, goal: Goal | None, *, field: str) -> None:
    """Only Successes may be turned round."""
    if goal == "Increase" and metric != SUCCESSES:
        raise refuse(
            "{field}: 'Increase' is for Successes; {metric} should have 'Decrease'",
            field=field,
            metric=metric,
        )


def demand_guardrails(guardrails: Sequence[Guardrail]) -> None:
    """Each metric once, its goal and margin possible."""
    metrics = [guardrail.metric for guardrail in guardrails]
    for place, guardrail in enumerate(guardrails):
        field = f"guardrails[{place}]"
        if guardrail.metric in metrics[:place]:
            raise refuse(
                "{field}.metric: {metric} should stand once, but stands again",
                field=field,
                metric=guardrail.metric,
            )
        demand_goal(guardrail.metric, guardrail.goal, field=f"{field}.goal")
        increase = (guardrail.goal or "Increase") == "Increase" and guardrail.metric == SUCCESSES
        if increase and guardrail.no_worse_than_percent >= 100:  # noqa: PLR2004  # no rate is less than nothing
            raise refuse(
                "{field}.noWorseThanPercent: {given} should be less than 100 where more is better",
                field=field,
                given=guardrail.no_worse_than_percent,
            )


def demand_breakers(breakers: Sequence[Breaker]) -> None:
    """Latency is bounded in microseconds, every other metric by a rate."""
    for place, breaker in enumerate(breakers):
        latency = breaker.metric == LATENCY
        wanted, other = ("maxMicros", "maxRate") if latency else ("maxRate", "maxMicros")
        given = {"maxRate": breaker.max_rate, "maxMicros": breaker.max_micros}
        if given[wanted] is None or given[other] is not None:
            raise refuse(
                "breakers[{place}]: {metric} should have {wanted} and no {other}; given: {given}",
                place=place,
                metric=breaker.metric,
                wanted=wanted,
                other=other,
                given=", ".join(f"{name} {value}" for name, value in given.items() if value is not None)
                or "neither",
            )


def demand_order(*, less: int, more: int, less_field: str, more_field: str) -> None:
    """One duration lies before another."""
    if less > more:
        raise refuse(
            "{more_field}: {more} should be at least {less_field}, {less}",
            more_field=more_field,
            more=more,
            less_field=less_field,
            less=less,
        )


def demand_ramp(percents: Sequence[int], *, share: int) -> None:
    """A ramp-up leads to the allocation from below."""
    if percents and percents[-1] > share:
        raise refuse(
            "rampUp.steps[{place}].percent: {given} should be at most {share}, the challengers' allocation",
            place=len(percents) - 1,
            given=percents[-1],
            share=share,
        )


def demand_names(names: Sequence[str], *, field: str) -> None:
    """Each variant stands once."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refuse(
            "{field}: each variant should stand once, but {twice} stands again",
            field=field,
            twice=", ".join(twice),
        )
