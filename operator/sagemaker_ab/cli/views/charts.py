"""All charts of an endpoint side by side, or one below the other where the terminal is narrow."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from sagemaker_ab.aws.charts import ChartData, Window
from sagemaker_ab.cli.views.chart import chart_text

_GUTTER = 2
_NARROWEST_CHART = 54
_ROWS = 8


def charts_page(charts: Sequence[ChartData], *, endpoint_name: str, window: Window, width: int) -> Table:
    """Lay the charts out in `width` columns under a line that names the endpoint and the window."""
    across = 2 if width >= 2 * _NARROWEST_CHART + _GUTTER else 1
    chart_width = (width - (across - 1) * _GUTTER) // across
    drawn = [chart_text(data, window=window, width=chart_width, height=_ROWS) for data in charts]
    grid = Table.grid(padding=(1, _GUTTER, 0, 0), pad_edge=False)
    for first in range(0, len(drawn), across):
        grid.add_row(*drawn[first : first + across])
    page = Table.grid()
    page.add_row(_heading(endpoint_name, window=window))
    page.add_row(grid)
    return page


def _heading(endpoint_name: str, *, window: Window) -> Text:
    span = f"{window.start:%Y-%m-%d %H:%M} to {window.end:%H:%M} UTC"
    return Text.assemble("Endpoint ", (endpoint_name, "bold"), f", {span}, minute by minute")
