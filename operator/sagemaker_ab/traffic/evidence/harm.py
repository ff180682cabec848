"""Harm: whether a challenger's rate is worse than the baseline's by more than a margin.

Given the events of both in a minute, X, "the worse side's rate is θ times the other's" makes its events
Binomial(X, n_w θ / (n_o + n_w θ)): the base rate, and all that moves both, is gone. For proportions the law
given X is hypergeometric, which the binomial dominates in convex order (Hoeffding 1963), so it stays valid
and is slow at high rates.
"""

from collections.abc import Sequence
from math import log
from typing import Final

from sagemaker_ab.api.policies.common import Goal
from sagemaker_ab.traffic.counts import Minute, reading
from sagemaker_ab.traffic.evidence.mixture import Mixture, Rivals, log_even

_ALTERNATIVES: Final = log_even(1.15, 16.0, 32)


class Harm:
    """The conditional mixture by minute for one challenger, one metric, one margin.

    `last` is the last minute in which the metric came for both, `compared` the last in which both had calls;
    they count from 1970, -1 before the first.
    """

    __slots__ = (
        "_baseline",
        "_challenger",
        "_logs",
        "_mixture",
        "_read",
        "_rises",
        "_thetas",
        "_totals",
        "compared",
        "last",
    )

    def __init__(self, *, baseline: str, challenger: str, metric: str, goal: Goal, margin: float) -> None:
        self._baseline = baseline
        self._challenger = challenger
        self._read = reading(metric)
        # Worse is more events of the challenger; where more is better, more events of the baseline.
        self._rises = goal == "Increase"
        null = 1.0 / (1.0 - margin) if self._rises else 1.0 + margin
        self._thetas = (null, *(null * ratio for ratio in _ALTERNATIVES))
        self._logs = tuple(log(theta / null) for theta in self._thetas)
        self._mixture = Mixture(len(_ALTERNATIVES))
        self._totals = (0.0, 0.0, 0.0, 0.0)
        self.last = self.compared = -1.0

    def add(self, minute: Minute) -> None:
        baseline, challenger = minute.counts.get(self._baseline), minute.counts.get(self._challenger)
        if baseline is None or challenger is None:
            return
        (x_o, n_o), (x_w, n_w) = self._read(baseline), self._read(challenger)
        if x_o is None or n_o is None or x_w is None or n_w is None:
            return
        self.last = float(minute.at)
        if n_o <= 0 or n_w <= 0:
            return
        self.compared = self.last
        trials_o, events_o, trials_w, events_w = self._totals
        self._totals = (trials_o + n_o, events_o + x_o, trials_w + n_w, events_w + x_w)
        if x_o + x_w == 0:
            return
        if self._rises:
            x_o, n_o, x_w, n_w = x_w, n_w, x_o, n_o
        self._mixture.add(x_w, x_o + x_w, self._rivals(n_w / n_o))

    def _rivals(self, ratio: float) -> Rivals:
        """Return the worse side's shares of the events, its trials being `ratio` times the other side's."""
        wholes = [1.0 + ratio * theta for theta in self._thetas]
        shares = [1.0 - 1.0 / whole for whole in wholes]
        losses = [log(wholes[0] / whole) for whole in wholes]
        gains = [loss + each for loss, each in zip(losses, self._logs, strict=True)]
        return Rivals(shares, gains, losses)

    @property
    def evidence(self) -> float:
        """The evidence that the challenger is worse by more than the margin: a breach at 1/alpha."""
        return self._mixture.evidence

    @property
    def values(self) -> tuple[float | None, float | None]:
        """The rates of baseline and challenger, over the minutes that were compared."""
        n_o, x_o, n_w, x_w = self._totals
        return (x_o / n_o if n_o else None), (x_w / n_w if n_w else None)

    def numbers(self) -> list[float]:
        return [self.last, self.compared, *self._totals, *self._mixture.numbers()]

    def restore(self, numbers: Sequence[float]) -> None:
        self.last, self.compared = numbers[:2]
        self._totals = (numbers[2], numbers[3], numbers[4], numbers[5])
        self._mixture.restore(numbers[6:])
