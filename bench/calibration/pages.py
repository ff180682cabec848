"""The tables and pictures that a calibration writes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isinf
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.calibration.rows import CalibrationRow, Measure, Outcome

_PROFILES = {
    "full": "False winners are looked at every minute, and bounds are held to the estimates",
    "quick": (
        "False winners are looked at every minute of the first day, then every 5, and a bound counts as "
        "missed only where the lower 95 % limit of the estimate lies beyond it"
    ),
}


@dataclass(frozen=True, slots=True)
class Result:
    """A row and what its trials gave; with few runs, bounds are judged by limits."""

    row: CalibrationRow
    outcomes: Sequence[Outcome]
    few: bool

    @property
    def missed(self) -> list[str]:
        """The bounds that do not hold."""
        return [
            f"{self.row.table}, {self.row.name}: {measure.name} {_number(measure.figure(self.outcomes))}, "
            f"bound {_number(measure.bound)}"
            for measure in self.row.measures
            if not measure.holds(self.outcomes, few=self.few)
        ]

    @property
    def line(self) -> str:
        return f"{self.row.table} | {self.row.name} | " + " | ".join(self.cells)

    @property
    def cells(self) -> list[str]:
        return [self._cell(measure) for measure in self.row.measures]

    def _cell(self, measure: Measure) -> str:
        sign = "≥" if measure.at_least else "≤"
        bound = "" if measure.bound is None else f"{sign} {_number(measure.bound)}"
        inside = "; ".join(filter(None, (measure.detail(self.outcomes), bound)))
        mark = "" if measure.holds(self.outcomes, few=self.few) else " **missed**"
        return f"{_number(measure.figure(self.outcomes))}{f' ({inside})' if inside else ''}{mark}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if isinf(value):
        return "never"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"  # noqa: PLR2004  # three digits


Kept = Mapping[tuple[str, str], str]
"""Lines of the tables of a page that is published already, by table and name of the row."""
_KEPT_MARK = " ‡"


def published_lines(text: str) -> Kept:
    """Return the lines of the tables of a page, without the mark of those that it has kept itself."""
    return dict(_published_lines(text))


def _published_lines(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    table = ""
    for line in text.splitlines():
        if line.startswith("## "):
            table = line.removeprefix("## ")
        elif line.startswith("| ") and not line.startswith("| case |"):
            name, rest = line.removeprefix("| ").split(" | ", 1)
            name = name.removesuffix(_KEPT_MARK)
            yield (table, name), f"| {name} | {rest}"


def page(
    rows: Sequence[CalibrationRow],
    results: Sequence[Result],
    *,
    profile: str,
    version: str = "",
    kept: Kept | None = None,
) -> str:
    """Return the page of all tables: of each row its result, or else the line that is kept of it, marked."""
    measured = {result.row.key: result for result in results}
    kept = {} if kept is None else kept
    unmeasured = [
        f"{row.table}, {row.name}"
        for row in rows
        if row.key not in measured and (row.table, row.name) not in kept
    ]
    parts = [
        "# Calibration\n",
        f"Written by `make calibrate`, profile {profile}, sources {version}. {_PROFILES[profile]}.",
        "Guardrails, latency and the sample ratio are looked at every minute; wrong winners and speed every",
        "minute of the first day, then every 5; intervals at the end of every stratum, where alone they",
        "change; a bandit at every update.\n",
        "Every row runs `decide` itself on histories drawn from a seed made of the row's world and the run's",
        "number, counted from 0: the same tables come out again. In brackets: hits of runs, the one-sided",
        "95 % upper limit (Clopper and Pearson), the bound. A row named a limit is printed, not promised.",
        "[evidence.md](evidence.md) says what is measured, and why it holds.\n",
    ]
    if unmeasured:
        parts.append(f"**Not complete.** Not measured yet: {', '.join(unmeasured)}.\n")
    lines = [_line(row, measured.get(row.key), kept) for row in rows]
    if any(f"{_KEPT_MARK} |" in line for line in lines):
        parts.append(f"Rows with{_KEPT_MARK} were measured with earlier sources.\n")
    shown = {row.table for row, line in zip(rows, lines, strict=True) if line}
    parts += [f"![{one.title}](images/{one.file})\n" for one in PICTURES if one.table in shown]
    for table, group in groupby(zip(rows, lines, strict=True), key=lambda pair: pair[0].table):
        listed = [(row, line) for row, line in group if line]
        if not listed:
            continue
        names = [measure.name for measure in listed[0][0].measures]
        parts += [f"## {table}\n", f"| case | runs | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
        parts += [line for _, line in listed]
        parts.append("")
    return "\n".join(parts)


def _line(row: CalibrationRow, result: Result | None, kept: Kept) -> str:
    """Return the line of a row in its table; empty if there is none."""
    if result is not None:
        return f"| {row.name} | {len(result.outcomes)} | {' | '.join(result.cells)} |"
    line = kept.get((row.table, row.name), "")
    return line.replace(f"| {row.name} |", f"| {row.name}{_KEPT_MARK} |", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One measure of a table as bars, with each row's bound."""

    title: str
    file: str
    table: str
    measure: int
    unit: str

    def of(self, results: Sequence[Result]) -> list[Result]:
        return [each for each in results if each.row.table == self.table]

    def draw(self, results: Sequence[Result], directory: Path) -> None:
        listed = self.of(results)
        figure = Figure(figsize=(9, 0.8 + 0.3 * len(listed)), layout="constrained")
        FigureCanvasAgg(figure)
        axis = figure.subplots()
        for place, each in enumerate(listed):
            measure = each.row.measures[self.measure]
            axis.barh(place, measure.figure(each.outcomes), color="#2f8fe0" if measure.bound else "#b8c4d0")
            if measure.least is not None and measure.most is not None:
                limits = measure.least(each.outcomes), measure.most(each.outcomes)
                axis.hlines(place, *limits, color="#22303c", linewidth=1.2)
            if measure.bound is not None:
                axis.vlines(measure.bound, place - 0.45, place + 0.45, color="#e0504d", linewidth=1.8)
        axis.set_yticks(range(len(listed)), [each.row.name for each in listed])
        axis.invert_yaxis()
        axis.set_xlabel(f"{self.unit}\nlines: one-sided 95 % limits; red: the bound; grey: without one")
        figure.savefig(directory / self.file, dpi=110)


PICTURES = (
    Picture(
        title="False winners between equals",
        file="calibration-false-winners.png",
        table="False winners between equals",
        measure=0,
        unit="% of weeks in which a winner is named between equals",
    ),
    Picture(
        title="Minutes until a verdict against a fixed number",
        file="calibration-speed.png",
        table="Speed",
        measure=2,
        unit="80th percentile of the minutes until a verdict, as a multiple of a fixed-number test's",
    ),
)


def pictures(rows: Sequence[CalibrationRow], results: Sequence[Result], directory: Path) -> None:
    """Draw the tables of which every row is measured; the other pictures stay as they are."""
    for picture in PICTURES:
        if len(picture.of(results)) == sum(row.table == picture.table for row in rows):
            picture.draw(results, directory)
