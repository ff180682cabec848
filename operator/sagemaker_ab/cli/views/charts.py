"""Lays out an endpoint's charts: two in a row, or one if the terminal is narrow."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sagemaker_ab.cli.views.chart import chart_text
from sagemaker_ab.planning.charts import ChartData, TimeRange

_GUTTER = 2
# Two charts and the gutter fill 100 columns.
_NARROWEST_CHART = 49
_ROWS = 8


def charts_page(
    charts: Sequence[ChartData], *, endpoint_name: str, time_range: TimeRange, width: int
) -> Group:
    """Lay out the charts in `width` columns below a line with the endpoint and the time range."""
    rows = chart_rows(charts, time_range=time_range, width=width)
    return Group(page_heading(endpoint_name, time_range=time_range), *rows)


def chart_rows(charts: Sequence[ChartData], *, time_range: TimeRange, width: int) -> list[RenderableType]:
    """Return rows of charts, with a blank line before each row."""
    across = 2 if width >= 2 * _NARROWEST_CHART + _GUTTER else 1
    chart_width = (width - (across - 1) * _GUTTER) // across
    drawn = [chart_text(data, time_range=time_range, width=chart_width, height=_ROWS) for data in charts]
    rows: list[RenderableType] = []
    for first in range(0, len(drawn), across):
        rows += [Text(), _row(drawn[first : first + across])]
    return rows


def _row(charts: Sequence[Text]) -> Table:
    grid = Table.grid(padding=(0, _GUTTER, 0, 0))
    grid.add_row(*charts)
    return grid


def page_heading(endpoint_name: str, *, time_range: TimeRange) -> Text:
    """Return the line above all charts."""
    span = f"{time_range.start:%Y-%m-%d %H:%M} to {time_range.end:%H:%M} UTC"
    return Text.assemble("Endpoint ", (endpoint_name, "bold"), f", {span}, minute by minute")
