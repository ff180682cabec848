"""Lays out the charts of autoscaled variants, below a line for each variant."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from sagemaker_ab.cli.views.charts import chart_rows, page_heading
from sagemaker_ab.cli.views.formatting import moment, number
from sagemaker_ab.planning.charts import TimeRange
from sagemaker_ab.planning.scaling_charts import DERIVED, VariantCharts
from sagemaker_ab.planning.scaling_history import LiveVariant


def scaling_page(
    variants: Sequence[VariantCharts], *, endpoint_name: str, time_range: TimeRange, width: int
) -> Group:
    """Lay out the charts in `width` columns. The last line says how instance counts and bounds are known."""
    page: list[RenderableType] = [page_heading(endpoint_name, time_range=time_range)]
    for variant in variants:
        page += [Text(), Text.assemble((variant.name, "bold"), f"  {live_line(variant.live)}")]
        page += chart_rows(variant.charts, time_range=time_range, width=width)
        if variant.failed:
            page += [Text(), _failures(variant)]
    return Group(*page, Text(), Text(DERIVED, "dim"))


def live_line(live: LiveVariant) -> str:
    """Return the instance counts and the bounds of now in one line."""
    counts = f"{number(live.current)}/{number(live.desired)} instances"
    if not live.registered:
        return f"{counts}, no scalable target"
    return f"{counts} [{live.minimum}..{live.maximum}]"


def _failures(variant: VariantCharts) -> Text:
    last = variant.failed[-1]
    count = len(variant.failed)
    words = "1 scaling activity" if count == 1 else f"{count} scaling activities, the last"
    return Text.assemble(
        (f"Failed: {words} at {moment(last.started)}. ", "red"), last.message or last.description
    )
