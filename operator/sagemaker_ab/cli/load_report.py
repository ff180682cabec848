"""What a number of requests came to, by variant."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestResult:
    """One request: the variant that answered, or that was asked for; None if nobody knows."""

    variant: str | None
    seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySummary:
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
    latency: LatencySummary | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    variants: tuple[VariantLoad, ...]
    errors: tuple[tuple[str, int], ...]
    answers: int
    failures: int
    seconds: float


def summarize(results: Sequence[RequestResult], *, variants: Sequence[str], seconds: float) -> LoadReport:
    """Count by variant: those of the resource first, in its order, even when none of them was reached."""
    answers = sum(result.error is None for result in results)
    seen = dict.fromkeys(result.variant for result in results)
    names = [*variants, *(name for name in seen if name not in variants)]
    errors = Counter(result.error for result in results if result.error is not None)
    return LoadReport(
        variants=tuple(_of_variant(name, results, answers=answers) for name in names),
        errors=tuple(errors.most_common()),
        answers=answers,
        failures=len(results) - answers,
        seconds=seconds,
    )


def _of_variant(name: str | None, results: Sequence[RequestResult], *, answers: int) -> VariantLoad:
    mine = [result for result in results if result.variant == name]
    answered = sorted(result.seconds for result in mine if result.error is None)
    return VariantLoad(
        variant=name,
        answers=len(answered),
        errors=len(mine) - len(answered),
        share=len(answered) / answers if answers else None,
        latency=_latency(answered),
    )


def _latency(ordered: Sequence[float]) -> LatencySummary | None:
    if not ordered:
        return None
    return LatencySummary(
        average=sum(ordered) / len(ordered),
        p50=nearest_rank(ordered, 50),
        p90=nearest_rank(ordered, 90),
        p99=nearest_rank(ordered, 99),
    )


def nearest_rank(ordered: Sequence[float], percent: float) -> float:
    """The smallest of the ordered values that at least `percent` of them do not exceed."""
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]
