"""What a number of requests came to, by variant."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One request: the variant that answered, or that was asked for; None if nobody knows."""

    variant: str | None
    seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """As the client saw it, in seconds, answers only."""

    average: float
    p50: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantLoad:
    """`share` is the part of all answers that came from this variant, 0 to 1, None without any answer."""

    variant: str | None
    answers: int
    errors: int
    share: float | None
    latency: Latency | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    variants: tuple[VariantLoad, ...]
    errors: tuple[tuple[str, int], ...]
    answers: int
    failures: int
    seconds: float


def summarise(outcomes: Sequence[Outcome], *, variants: Sequence[str], seconds: float) -> LoadReport:
    """Count by variant: those of the resource first, in its order, even when none of them was reached."""
    answers = sum(outcome.error is None for outcome in outcomes)
    seen = dict.fromkeys(outcome.variant for outcome in outcomes)
    names = [*variants, *(name for name in seen if name not in variants)]
    errors = Counter(outcome.error for outcome in outcomes if outcome.error is not None)
    return LoadReport(
        variants=tuple(_of_variant(name, outcomes, answers=answers) for name in names),
        errors=tuple(errors.most_common()),
        answers=answers,
        failures=len(outcomes) - answers,
        seconds=seconds,
    )


def _of_variant(name: str | None, outcomes: Sequence[Outcome], *, answers: int) -> VariantLoad:
    mine = [outcome for outcome in outcomes if outcome.variant == name]
    answered = sorted(outcome.seconds for outcome in mine if outcome.error is None)
    return VariantLoad(
        variant=name,
        answers=len(answered),
        errors=len(mine) - len(answered),
        share=len(answered) / answers if answers else None,
        latency=_latency(answered),
    )


def _latency(ordered: Sequence[float]) -> Latency | None:
    if not ordered:
        return None
    return Latency(
        average=sum(ordered) / len(ordered),
        p50=nearest_rank(ordered, 50),
        p90=nearest_rank(ordered, 90),
        p99=nearest_rank(ordered, 99),
    )


def nearest_rank(ordered: Sequence[float], percent: float) -> float:
    """The smallest of the ordered values that at least `percent` of them do not exceed."""
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]
