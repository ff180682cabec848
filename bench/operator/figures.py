"""Measured figures beside their budgets."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import track
from rich.table import Table

_TOLERANCE = 2.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; a budget of None is printed and not judged."""

    what: str
    value: float
    budget: float | None

    @property
    def missed(self) -> bool:
        return self.budget is not None and self.value > _TOLERANCE * self.budget


def memory_budget(count: int) -> float:
    """Return the budget of resident MiB for this number of resources."""
    return 150 if count <= 1000 else 300  # noqa: PLR2004 - the two sizes that have a budget


def pass_by(what: str, seconds: float) -> None:
    for _ in track(range(int(seconds)), description=what):
        time.sleep(1)


def print_figures(figures: Sequence[Figure], *, title: str) -> None:
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("budget", justify="right")
    for figure in figures:
        budget = "" if figure.budget is None else f"{figure.budget:g}"
        table.add_row(figure.what, f"{figure.value:.4g}", budget, style="red" if figure.missed else None)
    Console().print(table)
