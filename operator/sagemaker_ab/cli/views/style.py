"""The style of all pictures."""

from datetime import UTC
from typing import Final

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

DPI: Final = 150
STYLE: Final = {
    "font.size": 10,
    "axes.edgecolor": "#b0b7bf",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.labelcolor": "#57606a",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e7eaee",
    "xtick.color": "#57606a",
    "ytick.color": "#57606a",
    "text.color": "#24292f",
}


def show_times(axis: Axes) -> None:
    """Label a time axis in UTC, with dates only where they change."""
    # With maxticks below nine, matplotlib finds no ticks for some time spans and warns.
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=UTC, show_offset=False)  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_formatter(formatter)
    axis.tick_params(labelbottom=True, length=0, pad=6)
