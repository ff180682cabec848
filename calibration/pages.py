"""The tables and the picture that a calibration writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isinf
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from calibration.rows import CalibrationRow, Measure, Outcome


@dataclass(frozen=True, slots=True)
class Result:
    """A row and what its trials gave."""

    row: CalibrationRow
    outcomes: Sequence[Outcome]

    def value(self, measure: Measure) -> float:
        return measure.figure(self.outcomes)

    @property
    def missed(self) -> list[str]:
        """The bounds that do not hold."""
        return [
            f"{self.row.table}, {self.row.name}: {measure.name} {_number(value)}, bound {measure.bound:g}"
            for measure in self.row.measures
            if measure.bound is not None and not measure.holds(value := self.value(measure))
        ]

    @property
    def line(self) -> str:
        return f"{self.row.table} | {self.row.name} | " + " | ".join(self.cells)

    @property
    def cells(self) -> list[str]:
        return [self._cell(measure) for measure in self.row.measures]

    def _cell(self, measure: Measure) -> str:
        value = self.value(measure)
        sign = "≥" if measure.at_least else "≤"
        bound = "" if measure.bound is None else f"; {sign} {_number(measure.bound)}"
        detail = measure.detail(self.outcomes)
        inside = "; ".join(filter(None, (detail, bound.removeprefix("; "))))
        mark = "" if measure.holds(value) else " **missed**"
        return f"{_number(value)}{f' ({inside})' if inside else ''}{mark}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if isinf(value):
        return "never"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"  # noqa: PLR2004  # three digits


def page(results: Sequence[Result], *, profile: str) -> str:
    """Return the page of all tables."""
    parts = [
        "# Calibration\n",
        f"Written by `make calibrate`, profile {profile}. In brackets: how many runs, the 95 % upper limit,",
        "the bound. A limit is printed, not promised. [evidence.md](evidence.md) says what the rows mean.\n",
        "![False winners between equals](images/calibration-false-winners.png)\n",
    ]
    for table, group in groupby(results, key=lambda result: result.row.table):
        listed = list(group)
        names = [measure.name for measure in listed[0].row.measures]
        parts += [f"## {table}\n", f"| case | runs | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
        parts += [
            f"| {result.row.name} | {len(result.outcomes)} | {' | '.join(result.cells)} |"
            for result in listed
        ]
        parts.append("")
    return "\n".join(parts)


def picture(results: Sequence[Result], directory: Path) -> None:
    """Draw the rates of false winners with their upper limits against the bound."""
    listed = [each for each in results if each.row.table == "False winners between equals"]
    if not listed:
        return
    figure = Figure(figsize=(9, 0.6 + 0.3 * len(listed)), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    values = [each.value(each.row.measures[0]) for each in listed]
    axis.barh([each.row.name for each in listed], values, color="#2f8fe0")
    axis.axvline(5.0, color="#e0504d", linewidth=1.2)
    axis.invert_yaxis()
    axis.set_xlabel("% of weeks in which a winner is named between equals; red: the bound")
    figure.savefig(directory / "calibration-false-winners.png", dpi=110)
