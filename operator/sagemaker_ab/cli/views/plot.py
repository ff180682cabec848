"""Saves the charts as a picture, with matplotlib (the extra `plot`)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from sagemaker_ab.cli.views.palette import variant_color
from sagemaker_ab.cli.views.scale import top_of
from sagemaker_ab.cli.views.style import DPI, STYLE, show_times
from sagemaker_ab.planning.charts import ChartData, Series, TimeRange

_COLUMNS = 2
_HEADROOM = 1.04


def save_plot(charts: Sequence[ChartData], *, endpoint_name: str, time_range: TimeRange, path: Path) -> None:
    """Write the picture: one chart per metric, all with the same time axis.

    The suffix of `path` selects the format.

    Raises OSError if the file cannot be written and ValueError for a format that matplotlib does not know.
    """
    with style.context(STYLE):
        rows = -(-len(charts) // _COLUMNS)
        figure = Figure(
            figsize=(12, 0.9 + 3.2 * rows), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
        )
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, _COLUMNS, sharex=True, squeeze=False)
        for axis, data in zip(axes.flat, charts, strict=False):
            _draw(axis, data=data, time_range=time_range)
        _frame(figure, endpoint_name=endpoint_name, time_range=time_range)
        figure.savefig(path, dpi=DPI)


def _draw(axis: Axes, *, data: ChartData, time_range: TimeRange) -> None:
    for index, series in enumerate(data.series):
        at, values = zip(*with_gaps(series), strict=True) if series.points else ((), ())
        axis.plot(
            at,
            values,
            color=variant_color(index),
            label=series.name,
            linewidth=1.8,
            marker="o",
            markersize=3,
        )
    axis.set_title(data.chart.title)
    axis.set_ylabel(data.chart.caption)
    start, end = date2num([time_range.start, time_range.end])  # type: ignore[no-untyped-call]
    axis.set_xlim(start, end)
    top = top_of(point.value for series in data.series for point in series.points)
    axis.set_ylim(0, top * _HEADROOM)
    show_times(axis)
    if not any(series.points for series in data.series):
        axis.text(0.5, 0.5, "no datapoints", transform=axis.transAxes, ha="center", color="#8a8f98")


def with_gaps(series: Series) -> Iterator[tuple[datetime, float]]:
    """Yield the points, and NaN for the first period of each gap, so that no line crosses a gap."""
    before: datetime | None = None
    for point in series.points:
        if before and point.at - before > series.period:
            yield before + series.period, float("nan")
        yield point.at, point.value
        before = point.at


def _frame(figure: Figure, *, endpoint_name: str, time_range: TimeRange) -> None:
    figure.suptitle(
        f"{endpoint_name}   {time_range.start:%Y-%m-%d %H:%M} to {time_range.end:%H:%M} UTC",
        x=0.01,
        ha="left",
        fontsize=13,
    )
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=5, frameon=False)
