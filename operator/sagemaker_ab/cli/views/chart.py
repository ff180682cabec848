"""Renders a chart as text: a step for each period, a color for each series, gaps without datapoints."""

from dataclasses import dataclass
from datetime import datetime

from rich.text import Text

from sagemaker_ab.cli.views.canvas import BrailleCanvas
from sagemaker_ab.cli.views.palette import series_color
from sagemaker_ab.cli.views.scale import bottom_of, short, top_of
from sagemaker_ab.planning.charts import ChartData, Point, Series, TimeRange

_LABEL_WIDTH = 6
_DASH = 3  # a limit has one dot in so many


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where a time and a value are on a canvas."""

    canvas: BrailleCanvas
    time_range: TimeRange
    bottom: float
    top: float

    def x(self, at: datetime) -> int:
        span = self.time_range.end - self.time_range.start
        return round((at - self.time_range.start) / span * (self.canvas.width - 1))

    def y(self, value: float) -> int:
        height = (value - self.bottom) / (self.top - self.bottom)
        return round((1 - height) * (self.canvas.height - 1))


def chart_text(data: ChartData, *, time_range: TimeRange, width: int, height: int) -> Text:
    """Render `data` in `width` columns and `height` rows, plus the lines of title, time axis and legend."""
    canvas = BrailleCanvas(columns=width - _LABEL_WIDTH - 2, rows=height)
    values = [point.value for series in data.series for point in series.points]
    plane = _Plane(canvas, time_range, bottom=bottom_of(values), top=top_of(values))
    # Limits are drawn first, so that no limit covers a value.
    for layer, series in sorted(enumerate(data.series), key=lambda each: not each[1].limit):
        draw = _draw_limit if series.limit else _draw
        draw(series, plane=plane, layer=layer)
    lines = [_title(data), *_body(plane, data), _time_axis(time_range, columns=canvas.columns)]
    return Text("\n", no_wrap=True, overflow="crop").join([*lines, *_legend(data.series)])


def _draw(series: Series, *, plane: _Plane, layer: int) -> None:
    before: Point | None = None
    for point in series.points:
        y, left, right = plane.y(point.value), plane.x(point.at), plane.x(point.at + series.period)
        if before and point.at - before.at == series.period:
            plane.canvas.line(x0=left, y0=plane.y(before.value), x1=left, y1=y, layer=layer)
        plane.canvas.line(x0=left, y0=y, x1=right, y1=y, layer=layer)
        before = point


def _draw_limit(series: Series, *, plane: _Plane, layer: int) -> None:
    for point in series.points:
        for x in range(plane.x(point.at), plane.x(point.at + series.period) + 1):
            if x % _DASH == 0:
                plane.canvas.dot(x=x, y=plane.y(point.value), layer=layer)


def _title(data: ChartData) -> Text:
    return Text.assemble((data.chart.title, "bold"), (f"  {data.chart.caption}", "dim"))


def _body(plane: _Plane, data: ChartData) -> list[Text]:
    rows = plane.canvas.cells()
    middle = (plane.top + plane.bottom) / 2
    labels = {0: short(plane.top), len(rows) // 2: short(middle), len(rows) - 1: short(plane.bottom)}
    lines = []
    for row, cells in enumerate(rows):
        tick = "┤" if row in labels else "│"
        line = Text.assemble((f"{labels.get(row, ''):>{_LABEL_WIDTH}} {tick}", "dim"))
        for cell in cells:
            color = None if cell.layer is None else series_color(cell.layer, data.series[cell.layer])
            line.append(cell.character, color)
        lines.append(line)
    return lines


def _time_axis(time_range: TimeRange, *, columns: int) -> Text:
    middle = time_range.start + (time_range.end - time_range.start) / 2
    left, center, right = (f"{at:%H:%M}" for at in (time_range.start, middle, time_range.end))
    labels = f"{left}{center:^{columns - len(left) - len(right)}}{right}"
    margin = " " * (_LABEL_WIDTH + 1)
    return Text(f"{margin}└{'─' * columns}\n{margin} {labels}", "dim")


def _legend(all_series: tuple[Series, ...]) -> list[Text]:
    lines = []
    for index, series in enumerate(all_series):
        sign = ("┄┄ " if series.limit else "━━ ", series_color(index, series))
        lines.append(Text.assemble("  ", sign, series.name, (_figures(series), "dim")))
    return lines


def _figures(series: Series) -> str:
    values = [point.value for point in series.points]
    missing = "" if series.complete else "  (incomplete)"
    if not values:
        return f"  {'not known' if series.limit else 'no datapoints'}{missing}"
    if series.limit:
        changed = min(values) != max(values)
        return f"  {short(values[-1])}{f'  {short(min(values))} to {short(max(values))}' if changed else ''}"
    mean = sum(values) / len(values)
    return f"  last {short(values[-1])} · mean {short(mean)} · max {short(max(values))}{missing}"
