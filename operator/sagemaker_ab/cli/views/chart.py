"""Renders a chart as text: a step for each minute, a color for each variant, gaps without datapoints."""

from datetime import datetime

from rich.text import Text

from sagemaker_ab.cli.views.canvas import BrailleCanvas
from sagemaker_ab.cli.views.palette import variant_color
from sagemaker_ab.cli.views.scale import short, top_of
from sagemaker_ab.planning.charts import PERIOD, ChartData, Point, Series, TimeRange

_LABEL_WIDTH = 6


def chart_text(data: ChartData, *, time_range: TimeRange, width: int, height: int) -> Text:
    """Render `data` in `width` columns and `height` rows, plus the lines of title, time axis and legend."""
    canvas = BrailleCanvas(columns=width - _LABEL_WIDTH - 2, rows=height)
    top = top_of(point.value for series in data.series for point in series.points)
    for layer, series in enumerate(data.series):
        _draw(series, canvas=canvas, time_range=time_range, top=top, layer=layer)
    lines = [_title(data), *_body(canvas, top=top), _time_axis(time_range, columns=canvas.columns)]
    return Text("\n", no_wrap=True, overflow="crop").join([*lines, *_legend(data.series)])


def _draw(series: Series, *, canvas: BrailleCanvas, time_range: TimeRange, top: float, layer: int) -> None:
    before: Point | None = None
    for point in series.points:
        y = _y(point.value, canvas=canvas, top=top)
        left = _x(point.at, canvas=canvas, time_range=time_range)
        right = _x(point.at + PERIOD, canvas=canvas, time_range=time_range)
        if before and point.at - before.at == PERIOD:
            y_before = _y(before.value, canvas=canvas, top=top)
            canvas.line(x0=left, y0=y_before, x1=left, y1=y, layer=layer)
        canvas.line(x0=left, y0=y, x1=right, y1=y, layer=layer)
        before = point


def _x(at: datetime, *, canvas: BrailleCanvas, time_range: TimeRange) -> int:
    return round((at - time_range.start) / (time_range.end - time_range.start) * (canvas.width - 1))


def _y(value: float, *, canvas: BrailleCanvas, top: float) -> int:
    return round((1 - value / top) * (canvas.height - 1))


def _title(data: ChartData) -> Text:
    chart = data.chart
    what = f"  {chart.metric.statistic.lower()}, {chart.unit}"
    return Text.assemble((chart.metric.name, "bold"), (what, "dim"))


def _body(canvas: BrailleCanvas, *, top: float) -> list[Text]:
    rows = canvas.cells()
    labels = {0: short(top), len(rows) // 2: short(top / 2), len(rows) - 1: "0"}
    lines = []
    for row, cells in enumerate(rows):
        tick = "┤" if row in labels else "│"
        line = Text.assemble((f"{labels.get(row, ''):>{_LABEL_WIDTH}} {tick}", "dim"))
        for cell in cells:
            line.append(cell.character, None if cell.layer is None else variant_color(cell.layer))
        lines.append(line)
    return lines


def _time_axis(time_range: TimeRange, *, columns: int) -> Text:
    middle = time_range.start + (time_range.end - time_range.start) / 2
    left, center, right = (f"{at:%H:%M}" for at in (time_range.start, middle, time_range.end))
    labels = f"{left}{center:^{columns - len(left) - len(right)}}{right}"
    margin = " " * (_LABEL_WIDTH + 1)
    return Text(f"{margin}└{'─' * columns}\n{margin} {labels}", "dim")


def _legend(all_series: tuple[Series, ...]) -> list[Text]:
    return [
        Text.assemble("  ", ("━━ ", variant_color(index)), series.variant, (_figures(series), "dim"))
        for index, series in enumerate(all_series)
    ]


def _figures(series: Series) -> str:
    values = [point.value for point in series.points]
    missing = "" if series.complete else "  (incomplete)"
    if not values:
        return f"  no datapoints{missing}"
    mean = sum(values) / len(values)
    return f"  last {short(values[-1])} · mean {short(mean)} · max {short(max(values))}{missing}"
