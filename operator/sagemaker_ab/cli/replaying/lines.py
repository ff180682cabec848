"""Writes a look as one line of JSON."""

import json
from math import isinf
from typing import Any

from sagemaker_ab.cli.replaying.cells import moment
from sagemaker_ab.cli.replaying.replayer import Look
from sagemaker_ab.traffic.explain import Account

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
        "comparisons": [_account(account) for account in look.accounts],
        "lateDropped": look.late_dropped,
    }
    return json.dumps(content)


def _judged(look: Look) -> Account | None:
    """Return the comparison that the decision is about, if it is about a challenger's metric."""
    about = look.decision.outcome.subject.partition(" over ")[0]
    named = (account for account in look.accounts if about == f"{account.metric} of {account.challenger}")
    return next(named, None)


def _account(account: Account) -> dict[str, Any]:
    baseline, challenger = account.values
    return {
        "metric": account.metric,
        "baseline": account.baseline,
        "challenger": account.challenger,
        "baselineValue": _short(baseline),
        "challengerValue": _short(challenger),
        "ratio": _short(account.ratio),
        "interval": _interval(account),
        "p": _short(account.p),
    }


def _interval(account: Account) -> list[float | None] | None:
    """Return the interval of the ratio; an unbounded end is None."""
    if account.interval is None:
        return None
    return [_short(end) for end in account.interval]


def _short(number: float | None) -> float | None:
    if number is None or isinf(number):
        return None
    return float(f"{number:.{_DIGITS}g}")
