"""Saves the charts of autoscaled variants as a picture, with matplotlib (the extra `plot`)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from sagemaker_ab.cli.views.palette import series_color
from sagemaker_ab.cli.views.scale import bottom_of, top_of
from sagemaker_ab.cli.views.scaling_page import live_line
from sagemaker_ab.cli.views.style import DPI, STYLE, show_times
from sagemaker_ab.planning.charts import ChartData, Series, TimeRange
from sagemaker_ab.planning.scaling_charts import DERIVED, VariantCharts

_COLUMNS = 2
_HEADROOM = 1.2  # for the legend


def save_scaling_plot(
    variants: Sequence[VariantCharts], *, endpoint_name: str, time_range: TimeRange, path: Path
) -> None:
    """Write the picture: two charts in a row, and each variant begins a row.

    Raises OSError if the file cannot be written and ValueError for a format that matplotlib does not know.
    """
    rows = [
        (variant, variant.charts[first : first + _COLUMNS])
        for variant in variants
        for first in range(0, len(variant.charts), _COLUMNS)
    ]
    with style.context(STYLE):
        figure = Figure(
            figsize=(12, 1.1 + 3.2 * len(rows)), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
        )
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(rows), _COLUMNS, sharex=True, squeeze=False)
        for place, (variant, row) in zip(axes, rows, strict=True):
            for axis, data in zip(place, row, strict=False):
                first = data is variant.charts[0]
                title = f"{variant.name}   {live_line(variant.live)}" if first else data.chart.title
                _draw(axis, data=data, title=title, time_range=time_range)
            for axis in place[len(row) :]:
                axis.set_visible(False)
        span = f"{time_range.start:%Y-%m-%d %H:%M} to {time_range.end:%H:%M} UTC"
        figure.suptitle(f"{endpoint_name}   {span}", x=0.01, ha="left", fontsize=13)
        figure.supxlabel(DERIVED, x=0.01, ha="left", fontsize=8, color="#57606a")
        figure.savefig(path, dpi=DPI)


def _draw(axis: Axes, *, data: ChartData, title: str, time_range: TimeRange) -> None:
    for index, series in enumerate(data.series):
        at, heights = zip(*steps(series), strict=True) if series.points else ((), ())
        axis.plot(
            at,
            heights,
            color=series_color(index, series),
            label=series.name,
            linewidth=1.2 if series.limit else 1.8,
            linestyle="--" if series.limit else "-",
            zorder=2 if series.limit else 3,
        )
    axis.set_title(title)
    axis.set_ylabel(data.chart.caption)
    start, end = date2num([time_range.start, time_range.end])  # type: ignore[no-untyped-call]
    axis.set_xlim(start, end)
    values = [point.value for series in data.series for point in series.points]
    axis.set_ylim(bottom_of(values), top_of(values) * _HEADROOM)
    show_times(axis)
    axis.legend(loc="upper left", ncols=2, frameon=False, fontsize=8)


def steps(series: Series) -> Iterator[tuple[datetime, float]]:
    """Yield both ends of each period, and NaN where a gap begins, so that no line crosses a gap."""
    before: datetime | None = None
    for point in series.points:
        if before and point.at > before:
            yield before, float("nan")
        yield point.at, point.value
        before = point.at + series.period
        yield before, point.value
