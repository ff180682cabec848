"""Tests whether a challenger's rate is worse than the baseline's by more than a margin.

Let w be the worse variant under the hypothesis, o the other one, n their trials and x their events in a
minute. Given X = x_w + x_o, a rate of w that is θ times the rate of o makes

    x_w ~ Binomial(X, n_w·θ / (n_o + n_w·θ))

The base rate cancels, and so does everything that moves both variants alike. For proportions the exact law
given X is hypergeometric. The binomial dominates it in convex order (Hoeffding 1963, Probability inequalities
for sums of bounded random variables, JASA 58), so the test stays valid at high rates but becomes slow. The
null is θ₀ = 1 + margin (1/(1 - margin) where more events are better), and 32 alternatives lie at 1.15 to 16
times θ₀. Harm may begin at any minute: the evidence is a mixture over alternatives and start times.
"""

from dataclasses import dataclass, field
from math import log
from typing import Final

from sagemaker_ab.api.policies.common import Goal
from sagemaker_ab.traffic.counts import Minute, metric_reader
from sagemaker_ab.traffic.evidence.change_point import ChangePointMixture
from sagemaker_ab.traffic.evidence.mixture import Hypotheses, log_spaced

_ALTERNATIVES: Final = log_spaced(1.15, 16.0, 32)


@dataclass(slots=True)
class HarmState:
    """Everything that was added. `totals` are trials and events of the baseline, then of the challenger."""

    mixture: ChangePointMixture = field(default_factory=lambda: ChangePointMixture.of(len(_ALTERNATIVES)))
    totals: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    last_seen: float = -1.0
    last_compared: float = -1.0


class HarmTest:
    """The sequential test of one challenger, one counted metric and one margin, minute by minute."""

    __slots__ = (
        "_baseline",
        "_challenger",
        "_log_ratios",
        "_more_is_better",
        "_read",
        "_thetas",
        "state",
    )

    def __init__(self, *, baseline: str, challenger: str, metric: str, goal: Goal, margin: float) -> None:
        self._baseline = baseline
        self._challenger = challenger
        self._read = metric_reader(metric)
        # Where more events are better, the baseline takes the part of the worse variant w.
        self._more_is_better = goal == "Increase"
        null = 1.0 / (1.0 - margin) if self._more_is_better else 1.0 + margin
        self._thetas = (null, *(null * ratio for ratio in _ALTERNATIVES))
        self._log_ratios = tuple(log(theta / null) for theta in self._thetas)
        self.state = HarmState()

    def add(self, minute: Minute) -> None:
        baseline, challenger = minute.counts.get(self._baseline), minute.counts.get(self._challenger)
        if baseline is None or challenger is None:
            return
        (x_o, n_o), (x_w, n_w) = self._read(baseline), self._read(challenger)
        if x_o is None or n_o is None or x_w is None or n_w is None:
            return
        state = self.state
        state.last_seen = float(minute.at)
        if n_o <= 0 or n_w <= 0:
            return
        state.last_compared = state.last_seen
        trials_o, events_o, trials_w, events_w = state.totals
        state.totals = (trials_o + n_o, events_o + x_o, trials_w + n_w, events_w + x_w)
        if x_o + x_w == 0:
            return
        if self._more_is_better:
            x_o, n_o, x_w, n_w = x_w, n_w, x_o, n_o
        state.mixture.add(x_w, x_o + x_w, self._hypotheses(n_w / n_o))

    def _hypotheses(self, ratio: float) -> Hypotheses:
        """Return the shares of events in w at each θ, if w has `ratio` times the trials of o."""
        wholes = [1.0 + ratio * theta for theta in self._thetas]
        shares = [1.0 - 1.0 / whole for whole in wholes]
        other_logs = [log(wholes[0] / whole) for whole in wholes]
        event_logs = [other + each for other, each in zip(other_logs, self._log_ratios, strict=True)]
        return Hypotheses(shares, event_logs, other_logs)

    @property
    def evidence(self) -> float:
        """The evidence that the challenger is worse by more than the margin. A breach is 1/alpha or more."""
        return self.state.mixture.evidence

    @property
    def values(self) -> tuple[float | None, float | None]:
        """The rates of baseline and challenger, pooled over the compared minutes. For display only."""
        n_o, x_o, n_w, x_w = self.state.totals
        return (x_o / n_o if n_o else None), (x_w / n_w if n_w else None)

    @property
    def last_seen(self) -> float:
        """The last minute in which both variants had the metric, -1 before the first."""
        return self.state.last_seen

    @property
    def last_compared(self) -> float:
        """The last minute in which both variants also had trials, -1 before the first."""
        return self.state.last_compared
