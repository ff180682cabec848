"""Draws a replay: weights, rates with their intervals, evidence against its threshold."""

from collections.abc import Sequence
from math import isfinite, isnan, nan
from pathlib import Path
from typing import Final

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from sagemaker_ab.api.policies.common import LATENCY
from sagemaker_ab.cli.replaying.cells import moment
from sagemaker_ab.cli.replaying.rates import Measured
from sagemaker_ab.cli.replaying.replayer import Look
from sagemaker_ab.cli.views.palette import variant_color
from sagemaker_ab.cli.views.style import DPI, STYLE, show_times

_MINUTES_A_DAY: Final = 1440
_LEAST_EVIDENCE: Final = 1e-3
_MOST_EVIDENCE: Final = 1e9
_INK: Final = "#24292f"
_ALARM: Final = "#e0504d"
_FAINT: Final = "#8a8f98"
_HEADROOM: Final = 1.25
_FOOTROOM: Final = 0.03
"""So that a line at zero is seen."""
_RATE: Final = 0.01
"""What the axis of rates shows if all of them are zero."""


def save_replay(looks: Sequence[Look], measured: Sequence[Measured], path: Path) -> None:
    """Write the picture in the format of the suffix. Raises OSError."""
    metrics = list(dict.fromkeys(each.metric for each in measured))
    with style.context(STYLE):
        figure = Figure(
            figsize=(11, 2.6 * (2 + len(metrics))), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
        )
        FigureCanvasAgg(figure)
        axes = figure.subplots(2 + len(metrics), 1, sharex=True)
        _draw_weights(axes[0], looks)
        for axis, metric in zip(axes[1:-1], metrics, strict=True):
            _draw_rates(axis, looks, [each for each in measured if each.metric == metric])
        _draw_evidence(axes[-1], looks)
        for axis in axes:
            show_times(axis)
        figure.suptitle(_outcome(looks), x=0.01, ha="left", fontsize=13)
        figure.savefig(path, dpi=DPI)


def _outcome(looks: Sequence[Look]) -> str:
    decision = looks[-1].decision
    outcome = decision.outcome
    said = " ".join([outcome.verdict, *filter(None, [outcome.winner])])
    return f"{said}: {outcome.reason}   {moment(looks[0].decision.at)} to {moment(decision.at)}"


def _days(looks: Sequence[Look]) -> list[float]:
    return [look.decision.at / _MINUTES_A_DAY for look in looks]


def _color(looks: Sequence[Look], variant: str) -> str:
    return variant_color(list(looks[-1].decision.outcome.weights).index(variant))


def _explain(axis: Axes) -> None:
    """Put the legend above the axis, right of its title."""
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0, ncols=4, frameon=False)


def _draw_weights(axis: Axes, looks: Sequence[Look]) -> None:
    for name in looks[-1].decision.outcome.weights:
        asked = [look.decision.outcome.weights[name] for look in looks]
        applied = [_percent(look, name) for look in looks]
        color = _color(looks, name)
        axis.step(_days(looks), asked, where="post", color=color, linewidth=1.8, label=f"{name} asked for")
        axis.plot(_days(looks), applied, color=color, linestyle=":", label=f"{name} applied")
    axis.set_title("Weights")
    axis.set_ylabel("percent")
    axis.set_ylim(-2, 102)
    _explain(axis)


def _percent(look: Look, name: str) -> float:
    total = sum(look.applied.values())
    return 100 * look.applied[name] / total if total and name in look.applied else nan


def _draw_rates(axis: Axes, looks: Sequence[Look], variants: Sequence[Measured]) -> None:
    metric = variants[0].metric
    scale = 1e-3 if metric == LATENCY else 100
    levels = {each.variant: each.level for each in variants}
    for each in variants:
        at = [minute / _MINUTES_A_DAY for minute in each.at]
        values = [scale * value for value in each.values]
        axis.plot(at, values, color=_color(looks, each.variant), linewidth=1.2, label=each.variant)
    top = _HEADROOM * scale * (max((value for each in variants for value in each.values), default=0) or _RATE)
    axis.set_ylim(-_FOOTROOM * top, top)
    for place, comparison in enumerate(looks[-1].comparisons):
        level = levels.get(comparison.baseline)
        if comparison.metric == metric and level is not None:
            _draw_interval(axis, looks, place=place, level=scale * level)
            axis.axhline(scale * level, color=_color(looks, comparison.baseline), linestyle="--", linewidth=1)
    axis.set_title(metric)
    axis.set_ylabel("average, ms" if metric == LATENCY else "percent")
    _explain(axis)


def _draw_interval(axis: Axes, looks: Sequence[Look], *, place: int, level: float) -> None:
    """Draw the challenger's interval as rates, where the baseline has its rate of the whole time (dashed)."""
    name = looks[-1].comparisons[place].challenger
    intervals = [look.comparisons[place].interval or (nan, nan) for look in looks]
    if all(isnan(low) for low, _ in intervals):
        return
    top = axis.get_ylim()[1]
    axis.fill_between(
        _days(looks),
        [level * low for low, _ in intervals],
        [level * high if isfinite(high) else min(high, top) for _, high in intervals],
        color=_color(looks, name),
        alpha=0.18,
        linewidth=0,
        label=f"{name}, interval",
    )


def _draw_evidence(axis: Axes, looks: Sequence[Look]) -> None:
    outcomes = [look.decision.outcome for look in looks]
    evidence = [_within(outcome.evidence) if outcome.threshold else nan for outcome in outcomes]
    threshold = [outcome.threshold or nan for outcome in outcomes]
    axis.plot(_days(looks), evidence, color=_INK, label="evidence")
    axis.plot(_days(looks), threshold, color=_ALARM, linestyle="--", label="threshold")
    axis.set_yscale("log")
    if not any(outcome.threshold for outcome in outcomes):
        axis.text(0.5, 0.5, "none is asked for", transform=axis.transAxes, ha="center", color=_FAINT)
    axis.set_title(f"Evidence, {outcomes[-1].subject}".rstrip(", "))
    _explain(axis)


def _within(evidence: float) -> float:
    """Clamp evidence to the visible range."""
    return min(max(evidence, _LEAST_EVIDENCE), _MOST_EVIDENCE)
