"""What is measured: rows of tables, each a way to try once, how often, and the bounds that must hold.

In full a bound is held to the estimate. Where few runs are tried, it is missed only when the 95 % limit of
the estimate lies beyond it: a true value at the bound fails so in one of twenty rows at most.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

Outcome = dict[str, Any]
Trial = Callable[[int, Any], Outcome]
Figure = Callable[[Sequence[Outcome]], float]

_DOUBT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure of a row's trials. `bound` is the most that it may be; None where it is only printed.

    `least` and `most` are the figure's one-sided 95 % limits; without them the figure itself is judged in
    every profile.
    """

    name: str
    figure: Figure
    bound: float | None = None
    at_least: bool = False
    least: Figure | None = None
    most: Figure | None = None
    detail: Callable[[Sequence[Outcome]], str] = lambda _outcomes: ""

    def holds(self, outcomes: Sequence[Outcome], *, few: bool) -> bool:
        if self.bound is None:
            return True
        judged = self.least if few and self.least is not None else self.figure
        value = judged(outcomes)
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRow:
    """`trial(seed, settings)`, a module's function, is tried `runs[profile]` times in other processes."""

    table: str
    name: str
    trial: Trial
    settings: Any
    runs: Mapping[str, int]
    measures: tuple[Measure, ...] = field(default_factory=tuple)

    @property
    def key(self) -> str:
        return f"{self.table}--{self.name}".lower().replace(" ", "-").replace("/", "-").replace(",", "")


def percent_of(name: str, of: Callable[[Outcome], bool], *, bound: float | None = None) -> Measure:
    """Measure in how many percent of the trials this is so, with limits by Clopper and Pearson."""
    from scipy.stats import beta  # noqa: PLC0415  # slow to load, and workers never need it

    def counted(outcomes: Sequence[Outcome]) -> tuple[int, int]:
        return sum(map(of, outcomes)), len(outcomes)

    def figure(outcomes: Sequence[Outcome]) -> float:
        hits, tries = counted(outcomes)
        return 100.0 * hits / tries

    def least(outcomes: Sequence[Outcome]) -> float:
        hits, tries = counted(outcomes)
        return 100.0 * float(beta.ppf(_DOUBT, hits, tries - hits + 1)) if hits else 0.0

    def most(outcomes: Sequence[Outcome]) -> float:
        hits, tries = counted(outcomes)
        return 100.0 * float(beta.ppf(1.0 - _DOUBT, hits + 1, tries - hits)) if hits < tries else 100.0

    def detail(outcomes: Sequence[Outcome]) -> str:
        hits, tries = counted(outcomes)
        return f"{hits} of {tries}, below {most(outcomes):.1f}"

    return Measure(name=name, figure=figure, bound=bound, least=least, most=most, detail=detail)


def quantile_of(name: str, of: str, part: float, *, bound: float | None = None, unit: float = 1.0) -> Measure:
    """Measure a quantile of a number, in units; trials that never came to it count as infinite.

    The limits are order statistics: so many lie below the true quantile in 95 % of draws.
    """
    from scipy.stats import binom  # noqa: PLC0415  # slow to load, and workers never need it

    def ordered(outcomes: Sequence[Outcome]) -> list[float]:
        return sorted(inf if each[of] is None else each[of] / unit for each in outcomes)

    def figure(outcomes: Sequence[Outcome]) -> float:
        values = ordered(outcomes)
        return values[min(len(values) - 1, int(part * len(values)))]

    def least(outcomes: Sequence[Outcome]) -> float:
        place = int(binom.ppf(_DOUBT, len(outcomes), part))
        return ordered(outcomes)[place - 1] if place else -inf

    def most(outcomes: Sequence[Outcome]) -> float:
        place = int(binom.ppf(1.0 - _DOUBT, len(outcomes), part))
        return ordered(outcomes)[place] if place < len(outcomes) else inf

    return Measure(name=name, figure=figure, bound=bound, least=least, most=most)
