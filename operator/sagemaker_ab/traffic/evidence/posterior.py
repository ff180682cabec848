"""What a bandit has learnt: log rates with a normal posterior, stratified and never pooled over weights.

In a stratum, given its X events, they fall on the variants as q = n·e^m / Σ: only ratios of rates enter, so
that what moves all variants alike, such as the time of day, teaches nothing. With each period the precision
decays towards the prior's; then Newton's method takes the period's strata in.
"""

from collections.abc import Sequence
from math import exp, sqrt
from typing import Final

from sagemaker_ab.traffic.counts import Minute, reading
from sagemaker_ab.traffic.evidence.linear_algebra import Matrix, identity, solve
from sagemaker_ab.traffic.evidence.strata import MINUTES

_PRIOR_DEVIATION: Final = 0.3
_PRIOR_PRECISION: Final = 1.0 / _PRIOR_DEVIATION**2
# Newton's method, its steps cut where a few events would carry it far beyond what they say.
_MOST_STEPS: Final = 20
_LONGEST_STEP: Final = 1.0
_CLOSE: Final = 1e-6


class Posterior:
    """`mean` and `precision` of the log rates of `variants`, as of the last whole period."""

    __slots__ = (
        "_calls",
        "_decay",
        "_ended",
        "_events",
        "_mixed",
        "_open",
        "_period",
        "_place",
        "_read",
        "_strata",
        "_variants",
        "_weights",
        "last",
        "mean",
        "precision",
    )

    def __init__(
        self, variants: Sequence[str], *, metric: str, period_minutes: int, half_life_minutes: float
    ) -> None:
        self._variants = tuple(variants)
        self._read = reading(metric)
        self._period = period_minutes
        self._decay = 0.5 ** (period_minutes / half_life_minutes)
        size = len(self._variants)
        self.mean = [0.0] * size
        self.precision = identity(size, _PRIOR_PRECISION)
        self._strata: list[tuple[list[float], list[float]]] = []
        self.last = -1.0
        # The period that was taken in last.
        self._ended = -1
        self._begin(-1, [0.0] * size)

    def _begin(self, place: int, weights: list[float]) -> None:
        self._place, self._weights, self._mixed = place, weights, False
        self._calls = [0.0] * len(self._variants)
        self._events = [0.0] * len(self._variants)

    def add(self, minute: Minute) -> None:
        taken = [self._of(minute, name) for name in self._variants]
        if all(each is None for each in taken):
            return
        self.last = float(minute.at)
        weights = [-1.0 if each is None else each[2] for each in taken]
        place = minute.at // MINUTES
        if place != self._place:
            self._end_stratum()
            if self._place >= 0 and place * MINUTES // self._period != self._place * MINUTES // self._period:
                self._end_period(self._place * MINUTES // self._period)
            self._begin(place, weights)
        elif any(old != new for old, new in zip(self._weights, weights, strict=True) if min(old, new) >= 0.0):
            self._mixed = True
        for index, each in enumerate(taken):
            if each is not None:
                self._events[index] += each[0]
                self._calls[index] += each[1]
        if (minute.at + 1) % self._period == 0:
            self._end_stratum()
            self._end_period(minute.at // self._period)
            self._begin(-1, weights)

    def contrast(self, place: int) -> tuple[float, float]:
        """Return the log ratio of a variant's rate to the first one's, and its standard deviation."""
        signs = [float(index == place) - float(index == 0) for index in range(len(self._variants))]
        spread = solve(self.precision, signs)
        variance = sum(sign * each for sign, each in zip(signs, spread, strict=True))
        return self.mean[place] - self.mean[0], sqrt(variance)

    def _of(self, minute: Minute, name: str) -> tuple[float, float, float] | None:
        counts = minute.counts.get(name)
        if counts is None:
            return None
        events, trials = self._read(counts)
        if events is None or trials is None:
            return None
        return events, trials, -1.0 if counts.weight is None else counts.weight

    def _end_stratum(self) -> None:
        if not self._mixed and sum(self._events) > 0.0:
            self._strata.append((self._calls, self._events))

    def _end_period(self, period: int) -> None:
        """Decay by the periods since the last that was taken in, and take this one in."""
        size = len(self._variants)
        kept = self._decay ** (1 if self._ended < 0 else period - self._ended)
        prior_mean = self.mean
        prior = [
            [
                kept * self.precision[i][j] + (1.0 - kept) * (_PRIOR_PRECISION if i == j else 0.0)
                for j in range(size)
            ]
            for i in range(size)
        ]
        mean, precision = prior_mean, prior
        for _ in range(_MOST_STEPS):
            score, information = _slope(self._strata, mean)
            precision = [[prior[i][j] + information[i][j] for j in range(size)] for i in range(size)]
            pull = [
                score[i] - sum(prior[i][j] * (mean[j] - prior_mean[j]) for j in range(size))
                for i in range(size)
            ]
            step = solve(precision, pull)
            longest = max(map(abs, step))
            part = min(1.0, _LONGEST_STEP / longest) if longest > 0.0 else 1.0
            mean = [old + part * each for old, each in zip(mean, step, strict=True)]
            if longest < _CLOSE:
                break
        self.mean, self.precision, self._strata, self._ended = mean, precision, [], period

    def numbers(self) -> list[float]:
        precision = [number for row in self.precision for number in row]
        strata = [number for calls, events in self._strata for number in (*calls, *events)]
        open_stratum = [float(self._place), float(self._mixed), *self._weights, *self._calls, *self._events]
        return [self.last, float(self._ended), *self.mean, *precision, *open_stratum, *strata]

    def restore(self, numbers: Sequence[float]) -> None:
        size = len(self._variants)
        left = iter(numbers)

        def take(count: int) -> list[float]:
            return [next(left) for _ in range(count)]

        self.last, self._ended = next(left), int(next(left))
        self.mean = take(size)
        self.precision = [take(size) for _ in range(size)]
        self._place, self._mixed = int(next(left)), bool(next(left))
        self._weights, self._calls, self._events = take(size), take(size), take(size)
        rest = list(left)
        self._strata = [
            (rest[at : at + size], rest[at + size : at + 2 * size]) for at in range(0, len(rest), 2 * size)
        ]


def _slope(
    strata: Sequence[tuple[list[float], list[float]]], mean: Sequence[float]
) -> tuple[list[float], Matrix]:
    """Return score and information at `mean`, each stratum's corrected for its share of events."""
    size = len(mean)
    rates = [exp(each) for each in mean]
    score = [0.0] * size
    information = identity(size, 0.0)
    for calls, events in strata:
        total = sum(events)
        parts = [n * rate for n, rate in zip(calls, rates, strict=True)]
        whole = sum(parts)
        # Where every call is an event, shares are known exactly and say nothing of rates.
        left = 1.0 - total / sum(calls)
        if whole <= 0.0 or left <= 0.0:
            continue
        q = [part / whole for part in parts]
        for i in range(size):
            score[i] += (events[i] - total * q[i]) / left
            for j in range(size):
                information[i][j] += total * (q[i] * ((i == j) - q[j])) / left
    return score, information
