"""One color for each variant, by its index in the resource; the same in the terminal and in pictures."""

from sagemaker_ab.planning.charts import Series

# Ten colors, because a resource has at most ten variants. The first ones differ for color-blind readers too.
# All are legible on black and on white.
VARIANT_COLORS = (
    "#2f8fe0",
    "#f08a24",
    "#2fa866",
    "#a56bd6",
    "#e0504d",
    "#18a8a8",
    "#e06fb0",
    "#a0a02c",
    "#b07a50",
    "#8a8f98",
)
LIMIT_COLOR = "#8a8f98"


def variant_color(index: int) -> str:
    """Return the color of the variant at `index`, counted from 0."""
    return VARIANT_COLORS[index % len(VARIANT_COLORS)]


def series_color(index: int, series: Series) -> str:
    """Return the color of the series at `index` of a chart, counted from 0."""
    return LIMIT_COLOR if series.limit else variant_color(index)
