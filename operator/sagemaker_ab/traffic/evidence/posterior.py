"""The posterior of a bandit: a normal distribution of the variants' log rates, from stratified counts.

Given the X events of a stratum, the variants share them in the proportions

    q_i = n_i·exp(m_i) / Σ_j n_j·exp(m_j)

with n the trials and m the log rates. Only ratios of rates enter this multinomial likelihood. A change that
moves all variants alike, such as the time of day, therefore teaches nothing, and counts are never pooled over
weights. At the end of each update period the precision matrix P decays towards the prior's P₀,

    P ← λ·P + (1 - λ)·P₀  with  λ = 0.5^(period / half-life)

and Newton's method adds the strata of the period (Laplace approximation).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, sqrt
from typing import Final

from sagemaker_ab.traffic.counts import Minute, metric_reader
from sagemaker_ab.traffic.evidence.linear_algebra import Matrix, scaled_identity, solve
from sagemaker_ab.traffic.evidence.strata import STRATUM_MINUTES

_PRIOR_DEVIATION: Final = 0.3
_PRIOR_PRECISION: Final = 1.0 / _PRIOR_DEVIATION**2
# A full Newton step from few events can leave the region where the approximation holds, so steps are limited.
_MAX_ITERATIONS: Final = 20
_MAX_STEP: Final = 1.0
_CONVERGED_STEP: Final = 1e-6
_NO_BIN: Final = -1
_UNKNOWN_WEIGHT: Final = -1.0


@dataclass(slots=True)
class StratumCounts:
    """The trials and the events of a stratum, each by variant."""

    trials: list[float]
    events: list[float]


@dataclass(slots=True)
class PosteriorState:
    """What was learned up to the last whole period, and the strata of the open one.

    `mean` (K values) and `precision` (K×K) are of K variants' log rates. `last_period` is the index of the
    period that was added last, -1 before the first. `strata` are the closed ones of the open period.

    `open` and `weights` are of the bin that is not over. Its index is `bin`, -1 if there is none. `mixed` is
    1 if one of its weights has changed, else 0. `last_seen` is the last minute in which any variant had the
    metric, -1 before the first.
    """

    mean: list[float]
    precision: list[list[float]]
    open: StratumCounts
    weights: list[float]
    strata: list[StratumCounts] = field(default_factory=list)
    bin: int = _NO_BIN
    mixed: float = 0.0
    last_period: int = -1
    last_seen: float = -1.0


class Posterior:
    """The normal distribution of the variants' log rates. Minutes are counted since 1970-01-01 UTC."""

    __slots__ = ("_decay", "_period_minutes", "_read", "_variants", "state")

    def __init__(
        self, variants: Sequence[str], *, metric: str, period_minutes: int, half_life_minutes: float
    ) -> None:
        self._variants = tuple(variants)
        self._read = metric_reader(metric)
        self._period_minutes = period_minutes
        # λ of one period.
        self._decay = 0.5 ** (period_minutes / half_life_minutes)
        size = len(self._variants)
        self.state = PosteriorState(
            mean=[0.0] * size,
            precision=scaled_identity(size, _PRIOR_PRECISION),
            open=_no_counts(size),
            weights=[0.0] * size,
        )

    def add(self, minute: Minute) -> None:
        seen = [self._seen(minute, name) for name in self._variants]
        if all(each is None for each in seen):
            return
        state = self.state
        state.last_seen = float(minute.at)
        weights = [_UNKNOWN_WEIGHT if each is None else each[2] for each in seen]
        index = minute.at // STRATUM_MINUTES
        if index != state.bin:
            self._close_stratum()
            period_before = state.bin * STRATUM_MINUTES // self._period_minutes
            if state.bin >= 0 and index * STRATUM_MINUTES // self._period_minutes != period_before:
                self._close_period(period_before)
            self._open_bin(index, weights)
        elif any(old != new for old, new in zip(state.weights, weights, strict=True) if min(old, new) >= 0.0):
            state.mixed = 1.0
        for i, each in enumerate(seen):
            if each is not None:
                state.open.events[i] += each[0]
                state.open.trials[i] += each[1]
        if (minute.at + 1) % self._period_minutes == 0:
            self._close_stratum()
            self._close_period(minute.at // self._period_minutes)
            self._open_bin(_NO_BIN, weights)

    def _open_bin(self, index: int, weights: list[float]) -> None:
        state = self.state
        state.bin, state.weights, state.mixed = index, weights, 0.0
        state.open = _no_counts(len(self._variants))

    @property
    def last_seen(self) -> float:
        """The last minute in which any variant had the metric, -1 before the first."""
        return self.state.last_seen

    def contrast(self, index: int) -> tuple[float, float]:
        """Return the log ratio of a variant's rate to the first variant's, and its standard deviation."""
        signs = [float(i == index) - float(i == 0) for i in range(len(self._variants))]
        covariances = solve(self.state.precision, signs)
        variance = sum(sign * each for sign, each in zip(signs, covariances, strict=True))
        return self.state.mean[index] - self.state.mean[0], sqrt(variance)

    def _seen(self, minute: Minute, name: str) -> tuple[float, float, float] | None:
        """Return a variant's events, trials and weight, or None if the minute lacks its metric."""
        counts = minute.counts.get(name)
        if counts is None:
            return None
        events, trials = self._read(counts)
        if events is None or trials is None:
            return None
        return events, trials, _UNKNOWN_WEIGHT if counts.weight is None else counts.weight

    def _close_stratum(self) -> None:
        if not self.state.mixed and sum(self.state.open.events) > 0.0:
            self.state.strata.append(self.state.open)

    def _close_period(self, period: int) -> None:
        """Decay by the periods since the last one that was added, and add the strata of this one."""
        state, size = self.state, len(self._variants)
        kept = self._decay ** (1 if state.last_period < 0 else period - state.last_period)
        prior_mean = state.mean
        prior = [
            [
                kept * state.precision[i][j] + (1.0 - kept) * (_PRIOR_PRECISION if i == j else 0.0)
                for j in range(size)
            ]
            for i in range(size)
        ]
        mean, precision = prior_mean, prior
        for _ in range(_MAX_ITERATIONS):
            score, information = _score_and_information(state.strata, mean)
            precision = [[prior[i][j] + information[i][j] for j in range(size)] for i in range(size)]
            gradient = [
                score[i] - sum(prior[i][j] * (mean[j] - prior_mean[j]) for j in range(size))
                for i in range(size)
            ]
            step = solve(precision, gradient)
            longest = max(map(abs, step))
            part = min(1.0, _MAX_STEP / longest) if longest > 0.0 else 1.0
            mean = [old + part * each for old, each in zip(mean, step, strict=True)]
            if longest < _CONVERGED_STEP:
                break
        state.mean, state.precision, state.strata, state.last_period = mean, precision, [], period


def _no_counts(variants: int) -> StratumCounts:
    return StratumCounts(trials=[0.0] * variants, events=[0.0] * variants)


def _score_and_information(
    strata: Sequence[StratumCounts], mean: Sequence[float]
) -> tuple[list[float], Matrix]:
    """Return the score (K values) and the Fisher information (K×K) of the strata at the log rates `mean`.

    A stratum with N trials and X events adds

        score (x - X·q) / (1 - X/N)  and  information X·(diag q - q·qᵀ) / (1 - X/N)

    The factor 1 - X/N corrects for events that are not rare.
    """
    size = len(mean)
    rates = [exp(each) for each in mean]
    score = [0.0] * size
    information = scaled_identity(size, 0.0)
    for stratum in strata:
        trials, events = stratum.trials, stratum.events
        total = sum(events)
        parts = [n * rate for n, rate in zip(trials, rates, strict=True)]
        whole = sum(parts)
        # If every trial is an event, the shares follow from the trials and say nothing about rates.
        left = 1.0 - total / sum(trials)
        if whole <= 0.0 or left <= 0.0:
            continue
        q = [part / whole for part in parts]
        for i in range(size):
            score[i] += (events[i] - total * q[i]) / left
            for j in range(size):
                information[i][j] += total * (q[i] * ((i == j) - q[j])) / left
    return score, information
