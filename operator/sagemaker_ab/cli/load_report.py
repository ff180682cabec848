"""Summarizes the results of a load by variant."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestResult:
    """One request; `variant` answered, or was requested and failed. None if the request named no variant."""

    variant: str | None
    seconds: float
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySummary:
    """Seconds as the client measured them, of answers only."""

    average: float
    p50: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantLoad:
    """`share` is the variant's part of all answers, from 0 to 1; None if there was no answer."""

    variant: str | None
    answers: int
    errors: int
    share: float | None
    latency: LatencySummary | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """The load by variant; `errors` counts each error message, the most frequent first."""

    variants: tuple[VariantLoad, ...]
    errors: tuple[tuple[str, int], ...]
    answers: int
    failures: int
    seconds: float


def summarize(results: Sequence[RequestResult], *, variants: Sequence[str], seconds: float) -> LoadReport:
    """Summarize by variant: first the resource's `variants`, with or without results, then any other."""
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
    """Return the percentile of sorted values: the smallest that at least `percent` of them do not exceed."""
    return ordered[max(math.ceil(len(ordered) * percent / 100), 1) - 1]
