"""Writes a look as one line of JSON."""

import json
from math import isinf
from typing import Any

from sagemaker_ab.cli.replaying.cells import moment
from sagemaker_ab.cli.replaying.replayer import Look
from sagemaker_ab.traffic.explain import ComparisonSummary

_DIGITS = 6


def line(look: Look) -> str:
    """Return the decision, its reason, what it waits for, and the numbers behind it."""
    outcome = look.decision.outcome
    judged = _judged(look)
    content = {
        "at": moment(look.decision.at),
        "verdict": outcome.verdict,
        "final": outcome.final,
        "winner": outcome.winner,
        "reason": outcome.reason,
        "weights": dict(outcome.weights),
        "applied": look.applied,
        "evidence": _short(outcome.evidence),
        "threshold": _short(outcome.threshold),
        "subject": outcome.subject,
        "interval": None if judged is None else _interval(judged),
        "needs": dict(outcome.needs),
        "dropped": list(look.decision.progress.dropped),
        "comparisons": [_comparison(comparison) for comparison in look.comparisons],
        "lateDropped": look.late_dropped,
    }
    return json.dumps(content)


def _judged(look: Look) -> ComparisonSummary | None:
    """The comparison that the decision is about, where it is about a challenger's metric."""
    about = look.decision.outcome.subject.partition(" over ")[0]
    named = (
        comparison
        for comparison in look.comparisons
        if about == f"{comparison.metric} of {comparison.challenger}"
    )
    return next(named, None)


def _comparison(comparison: ComparisonSummary) -> dict[str, Any]:
    baseline, challenger = comparison.values
    return {
        "metric": comparison.metric,
        "baseline": comparison.baseline,
        "challenger": comparison.challenger,
        "baselineValue": _short(baseline),
        "challengerValue": _short(challenger),
        "ratio": _short(comparison.ratio),
        "interval": _interval(comparison),
        "p": _short(comparison.p),
    }


def _interval(comparison: ComparisonSummary) -> list[float | None] | None:
    """Return the interval of the ratio; an end that is not bounded yet is null."""
    if comparison.interval is None:
        return None
    return [_short(end) for end in comparison.interval]


def _short(number: float | None) -> float | None:
    if number is None or isinf(number):
        return None
    return float(f"{number:.{_DIGITS}g}")
