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

_StratumCounts = tuple[list[float], list[float]]
"""The trials and the events of a stratum, each by variant."""


class Posterior:
    """The `mean` (K values) and `precision` (K×K) of K variants' log rates, after the last whole period.

    `last_seen` is the last minute in which any variant had the metric, in minutes since 1970-01-01 UTC, -1
    before the first.
    """

    __slots__ = (
        "_bin",
        "_decay",
        "_events",
        "_last_period",
        "_mixed",
        "_period_minutes",
        "_read",
        "_strata",
        "_trials",
        "_variants",
        "_weights",
        "last_seen",
        "mean",
        "precision",
    )

    def __init__(
        self, variants: Sequence[str], *, metric: str, period_minutes: int, half_life_minutes: float
    ) -> None:
        self._variants = tuple(variants)
        self._read = metric_reader(metric)
        self._period_minutes = period_minutes
        # λ of one period.
        self._decay = 0.5 ** (period_minutes / half_life_minutes)
        size = len(self._variants)
        self.mean = [0.0] * size
        self.precision = scaled_identity(size, _PRIOR_PRECISION)
        # The closed strata of the open period.
        self._strata: list[_StratumCounts] = []
        self.last_seen = -1.0
        # The index of the period that was added last, -1 before the first.
        self._last_period = -1
        self._open_bin(_NO_BIN, [0.0] * size)

    def _open_bin(self, index: int, weights: list[float]) -> None:
        self._bin, self._weights, self._mixed = index, weights, False
        self._trials = [0.0] * len(self._variants)
        self._events = [0.0] * len(self._variants)

    def add(self, minute: Minute) -> None:
        seen = [self._seen(minute, name) for name in self._variants]
        if all(each is None for each in seen):
            return
        self.last_seen = float(minute.at)
        weights = [_UNKNOWN_WEIGHT if each is None else each[2] for each in seen]
        index = minute.at // STRATUM_MINUTES
        if index != self._bin:
            self._close_stratum()
            period_before = self._bin * STRATUM_MINUTES // self._period_minutes
            if self._bin >= 0 and index * STRATUM_MINUTES // self._period_minutes != period_before:
                self._close_period(period_before)
            self._open_bin(index, weights)
        elif any(old != new for old, new in zip(self._weights, weights, strict=True) if min(old, new) >= 0.0):
            self._mixed = True
        for i, each in enumerate(seen):
            if each is not None:
                self._events[i] += each[0]
                self._trials[i] += each[1]
        if (minute.at + 1) % self._period_minutes == 0:
            self._close_stratum()
            self._close_period(minute.at // self._period_minutes)
            self._open_bin(_NO_BIN, weights)

    def contrast(self, index: int) -> tuple[float, float]:
        """Return the log ratio of a variant's rate to the first variant's, and its standard deviation."""
        signs = [float(i == index) - float(i == 0) for i in range(len(self._variants))]
        covariances = solve(self.precision, signs)
        variance = sum(sign * each for sign, each in zip(signs, covariances, strict=True))
        return self.mean[index] - self.mean[0], sqrt(variance)

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
        if not self._mixed and sum(self._events) > 0.0:
            self._strata.append((self._trials, self._events))

    def _close_period(self, period: int) -> None:
        """Decay by the periods since the last one that was added, and add the strata of this one."""
        size = len(self._variants)
        kept = self._decay ** (1 if self._last_period < 0 else period - self._last_period)
        prior_mean = self.mean
        prior = [
            [
                kept * self.precision[i][j] + (1.0 - kept) * (_PRIOR_PRECISION if i == j else 0.0)
                for j in range(size)
            ]
            for i in range(size)
        ]
        mean, precision = prior_mean, prior
        for _ in range(_MAX_ITERATIONS):
            score, information = _score_and_information(self._strata, mean)
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
        self.mean, self.precision, self._strata, self._last_period = mean, precision, [], period

    def numbers(self) -> list[float]:
        precision = [number for row in self.precision for number in row]
        strata = [number for trials, events in self._strata for number in (*trials, *events)]
        open_bin = [float(self._bin), float(self._mixed), *self._weights, *self._trials, *self._events]
        return [self.last_seen, float(self._last_period), *self.mean, *precision, *open_bin, *strata]

    def restore(self, numbers: Sequence[float]) -> None:
        size = len(self._variants)
        left = iter(numbers)

        def take(count: int) -> list[float]:
            return [next(left) for _ in range(count)]

        self.last_seen, self._last_period = next(left), int(next(left))
        self.mean = take(size)
        self.precision = [take(size) for _ in range(size)]
        self._bin, self._mixed = int(next(left)), bool(next(left))
        self._weights, self._trials, self._events = take(size), take(size), take(size)
        rest = list(left)
        self._strata = [
            (rest[at : at + size], rest[at + size : at + 2 * size]) for at in range(0, len(rest), 2 * size)
        ]


def _score_and_information(
    strata: Sequence[_StratumCounts], mean: Sequence[float]
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
    for trials, events in strata:
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
