"""A replay as a picture: weights, rates with intervals, evidence against its threshold."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sagemaker_ab.cli.replaying.looks import Look
from sagemaker_ab.cli.views.palette import variant_colour

_FLOOR = 1e-3
_CEILING = 1e9


def save_replay(looks: Sequence[Look], path: Path) -> None:
    """Write the picture; raises OSError, or ValueError for a format that matplotlib does not know."""
    figure = Figure(figsize=(11, 9), layout="constrained")
    FigureCanvasAgg(figure)
    weights, ratios, evidence = figure.subplots(3, 1, sharex=True)
    at = [datetime.fromtimestamp(look.decision.at * 60, tz=UTC) for look in looks]
    _draw_weights(weights, at, looks)
    _draw_ratios(ratios, at, looks)
    _draw_evidence(evidence, at, looks)
    last = looks[-1].decision.outcome
    winner = f" {last.winner}" if last.winner else ""
    figure.suptitle(f"{last.verdict}{winner}: {last.reason}", x=0.01, ha="left", fontsize=13)
    figure.savefig(path, dpi=120)


def _draw_weights(axis: Axes, at: Sequence[datetime], looks: Sequence[Look]) -> None:
    for place, name in enumerate(looks[-1].decision.outcome.weights):
        colour = variant_colour(place)
        asked = [look.decision.outcome.weights[name] for look in looks]
        applied = [_percent(look, name) for look in looks]
        axis.step(at, asked, where="post", color=colour, label=f"{name} asked for")  # type: ignore[arg-type]
        axis.plot(at, applied, color=colour, linestyle=":", label=f"{name} applied")  # type: ignore[arg-type]
    axis.set_ylabel("weight, percent")
    axis.set_ylim(0, 102)
    axis.legend(loc="upper left", ncols=2, frameon=False)


def _percent(look: Look, name: str) -> float:
    total = sum(look.applied.values())
    return 100 * look.applied[name] / total if total and name in look.applied else float("nan")


def _draw_ratios(axis: Axes, at: Sequence[datetime], looks: Sequence[Look]) -> None:
    for place, first in enumerate(looks[-1].accounts):
        colour = variant_colour(place + 1)
        series = [look.accounts[place] for look in looks]
        nothing = float("nan")
        axis.plot(
            at,  # type: ignore[arg-type]
            [each.ratio or nothing for each in series],
            color=colour,
            label=f"{first.metric}: {first.challenger} ÷ {first.baseline}",
        )
        low = [each.interval[0] if each.interval else nothing for each in series]
        high = [min(each.interval[1], 10.0) if each.interval else nothing for each in series]
        axis.fill_between(at, low, high, color=colour, alpha=0.15, linewidth=0)  # type: ignore[arg-type]
    axis.axhline(1.0, color="#8a8f98", linewidth=0.8)
    axis.set_ylabel("ratio, with its interval")
    if looks[-1].accounts:
        axis.legend(loc="upper left", frameon=False)


def _draw_evidence(axis: Axes, at: Sequence[datetime], looks: Sequence[Look]) -> None:
    evidence = [min(max(look.decision.outcome.evidence, _FLOOR), _CEILING) for look in looks]
    threshold = [look.decision.outcome.threshold or float("nan") for look in looks]
    axis.plot(at, evidence, color="#24292f", label="evidence")  # type: ignore[arg-type]
    axis.plot(at, threshold, color="#e0504d", linestyle="--", label="threshold")  # type: ignore[arg-type]
    axis.set_yscale("log")
    axis.set_ylabel("evidence")
    axis.legend(loc="upper left", frameon=False)
