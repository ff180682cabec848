"""What is measured: rows of tables, each a way to try once, how often, and the bound that must hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Outcome = dict[str, Any]
Trial = Callable[[int, Any], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure of a row's trials. `bound` is the most that it may be; None where it is only printed."""

    name: str
    figure: Callable[[Sequence[Outcome]], float]
    bound: float | None = None
    at_least: bool = False
    detail: Callable[[Sequence[Outcome]], str] = lambda _outcomes: ""

    def holds(self, value: float) -> bool:
        if self.bound is None:
            return True
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


def share(of: Callable[[Outcome], bool]) -> Callable[[Sequence[Outcome]], float]:
    """Return the percent of trials of which this is so."""
    return lambda outcomes: 100.0 * sum(map(of, outcomes)) / len(outcomes)


def quantile(name: str, part: float) -> Callable[[Sequence[Outcome]], float]:
    """Return a quantile of a number of the trials; those that never came to it count as infinite."""

    def figure(outcomes: Sequence[Outcome]) -> float:
        values = sorted(float("inf") if each[name] is None else float(each[name]) for each in outcomes)
        return values[min(len(values) - 1, int(part * len(values)))]

    return figure


def upper_limit(of: Callable[[Outcome], bool]) -> Callable[[Sequence[Outcome]], str]:
    """Return the 95 % upper limit of a share (Clopper and Pearson), and how many it is out of."""
    from scipy.stats import beta  # noqa: PLC0415  # slow to load, and workers never need it

    def detail(outcomes: Sequence[Outcome]) -> str:
        hits, tries = sum(map(of, outcomes)), len(outcomes)
        limit = 1.0 if hits == tries else float(beta.ppf(0.95, hits + 1, tries - hits))
        return f"{hits} of {tries}, below {100 * limit:.1f}"

    return detail
