"""A mixture of binomial likelihood ratios over alternatives and over the minutes at which a change may begin.

In minute t, x of X events are in one group, with the probability p₀ under the null and p_j under alternative
j. LR_j is the minute's likelihood ratio of the alternative to the null. Each alternative has one number S_j,
and the evidence against the null is E:

    S_j ← (S_j + w_t)·min(12, LR_j^(1/φ_t)),  E = mean over j of S_j + r_t

S_j is the sum over all start times s of w_s times the product of the factors from minute s on. The weights
w_t = r_{t-1} - r_t of the start times sum to 1, with r_t the weight of those after minute t:

    r_0 = 1,  r_t = 0.6 · 500/(500 + t - 1)

Only minutes with events count. The first of them has the weight 0.4, and half of the rest is on the next 500.

φ_t ≥ 1 follows from the minutes before t. Under the null, a factor therefore has a mean of at most 1, and E
is a nonnegative supermartingale that starts at 1. It ever reaches 1/alpha with probability at most alpha
(Ville 1939). The bound of 12 keeps single noisy minutes from counting as much as harm that lasts.
"""

from dataclasses import dataclass
from math import exp, log
from operator import add
from typing import Final, Self

from sagemaker_ab.traffic.evidence.mixture import (
    MAX_LOG_EVIDENCE,
    MIN_MINUTES,
    Hypotheses,
    dispersion_of,
    log_ratios_of,
    square_of,
)

_IMMEDIATE_WEIGHT: Final = 0.4
_HALF_LATER_MINUTES: Final = 500.0
_MAX_LOG_FACTOR: Final = log(12.0)
_MAX_SCORE: Final = exp(MAX_LOG_EVIDENCE)


def weight_after(minutes: float) -> float:
    """Return r: the weight of all start times after so many minutes with events."""
    if minutes == 0.0:
        return 1.0
    later = 1.0 - _IMMEDIATE_WEIGHT
    return later * _HALF_LATER_MINUTES / (_HALF_LATER_MINUTES + minutes - 1.0)


@dataclass(slots=True)
class ChangePointMixture:
    """The number S of each alternative in `scores`, and what the dispersion needs.

    `squares` is the sum over minutes of the squared standardized deviations, `largest_square` the largest of
    them. A deviation is from the alternative that fits best after its minute if a score exceeds r, else from
    the null. An effect is therefore not mistaken for noise. `minutes` counts the minutes with events.
    """

    scores: list[float]
    squares: float = 0.0
    largest_square: float = 0.0
    minutes: float = 0.0

    @classmethod
    def of(cls, alternatives: int) -> Self:
        """Return an empty mixture of so many alternatives."""
        return cls(scores=[0.0] * alternatives)

    def add(self, events: float, total: float, hypotheses: Hypotheses) -> None:
        """Add a minute in which `events` of `total` events are in the group. `total` is not 0."""
        dispersion = dispersion_of(self.squares, self.largest_square, self.minutes)
        later = weight_after(self.minutes + 1.0)
        weight = weight_after(self.minutes) - later
        starts = [score + weight for score in self.scores]
        _, *log_ratios = log_ratios_of(events, total, hypotheses)
        log_factors = [each / dispersion for each in log_ratios]
        self.scores = [
            min(start * exp(min(each, _MAX_LOG_FACTOR)), _MAX_SCORE)
            for start, each in zip(starts, log_factors, strict=True)
        ]
        self.minutes += 1.0
        share = hypotheses.shares[0]
        if max(self.scores) > later:
            # Without the bound of a factor, because many alternatives may be at the bound.
            fits = list(map(add, map(log, starts), log_factors))
            share = hypotheses.shares[1 + fits.index(max(fits))]
        square = square_of(events, total, share)
        self.squares += square
        self.largest_square = max(self.largest_square, square)

    @property
    def evidence(self) -> float:
        """The evidence E against the null. 0 before five minutes with events."""
        if self.minutes < MIN_MINUTES:
            return 0.0
        return sum(self.scores) / len(self.scores) + weight_after(self.minutes)
