"""A mixture of binomial likelihood ratios, tempered by the dispersion of the data.

In each minute, x of X events are in one group, with the probability p₀ under the null and p_j under
alternative j. With c_j the sum over minutes of the logarithms of the likelihood ratios, the evidence against
the null is

    E = mean over j of exp(c_j / φ)

At φ = 1, E is a test martingale under the null: it ever reaches 1/alpha with probability at most alpha (Ville
1939). The dispersion φ ≥ 1 allows for counts that vary more than binomial ones. It is estimated at the
alternative that fits best, so that an effect is not mistaken for noise:

    φ = max(1, (Z + 2·M + 7.5) / (k + 4))

with Z the sum of the squared standardized deviations (x - X·p)²/(X·p·(1 - p)), M the largest of them and k
the number of minutes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from operator import add
from typing import Final, NamedTuple, Self

MAX_LOG_EVIDENCE: Final = 700.0
"""Evidence is capped at e^700, near the largest float."""

MIN_MINUTES: Final = 5
"""There is no evidence before so many minutes with events."""

# The prior of the dispersion: a chi-square of 7.5 over 4 minutes.
_PRIOR_SQUARES: Final = 7.5
_PRIOR_MINUTES: Final = 4


class Hypotheses(NamedTuple):
    """The null, which comes first, and its alternatives.

    `shares` are the probabilities p that an event is in the group. `event_logs` are log(p/p₀), and
    `other_logs` are log((1 - p)/(1 - p₀)): what an event in the group and any other event add to the
    log-likelihood ratio.
    """

    shares: Sequence[float]
    event_logs: Sequence[float]
    other_logs: Sequence[float]


def binomial_hypotheses(shares: Sequence[float]) -> Hypotheses:
    """Return the null `shares[0]` and the alternatives that follow it; all lie strictly between 0 and 1."""
    null = shares[0]
    event_logs = [log(share / null) for share in shares]
    other_logs = [log((1.0 - share) / (1.0 - null)) for share in shares]
    return Hypotheses(shares, event_logs, other_logs)


@dataclass(slots=True)
class LikelihoodMixture:
    """The sums over minutes of the null, which comes first, and of each alternative.

    `log_ratios` are the log-likelihood ratios c, `squares` the sums Z of squared standardized deviations and
    `largest_squares` the largest of these in one minute. `minutes` counts the minutes with events.
    """

    minutes: float
    log_ratios: list[float]
    squares: list[float]
    largest_squares: list[float]

    @classmethod
    def of(cls, alternatives: int) -> Self:
        """Return an empty mixture of so many alternatives."""
        nothing = [0.0] * (alternatives + 1)
        return cls(minutes=0.0, log_ratios=nothing, squares=nothing, largest_squares=nothing)

    def add_sums(self, events: float, total: float, squares_by_total: float, hypotheses: Hypotheses) -> None:
        """Add many minutes of the same hypotheses at once: Σx, ΣX and Σ(x²/X).

        The caller counts these minutes in `minutes` and reports their deviations to `update_largest`.
        """
        deviations = [
            (squares_by_total - 2.0 * p * events + p * p * total) / (p * (1.0 - p)) for p in hypotheses.shares
        ]
        self.log_ratios = list(map(add, self.log_ratios, log_ratios_of(events, total, hypotheses)))
        self.squares = list(map(add, self.squares, deviations))

    def update_largest(self, events: float, total: float, hypotheses: Hypotheses) -> None:
        """Raise the largest squares to those of this minute where these are larger."""
        squares = [square_of(events, total, share) for share in hypotheses.shares]
        self.largest_squares = list(map(max, self.largest_squares, squares))

    def copy(self) -> "LikelihoodMixture":
        """Return an independent copy."""
        return LikelihoodMixture(self.minutes, self.log_ratios, self.squares, self.largest_squares)

    def reaches(self, threshold: float) -> bool:
        """Return whether the evidence is at least `threshold`; fast where no alternative comes close."""
        return max(self.log_ratios) >= log(threshold) and self.evidence >= threshold

    @property
    def dispersion(self) -> float:
        """φ at the alternative with the greatest likelihood, or at the null if none exceeds it."""
        best = self.log_ratios.index(max(self.log_ratios))
        return dispersion_of(self.squares[best], self.largest_squares[best], self.minutes)

    @property
    def evidence(self) -> float:
        """The evidence E against the null. 0 before five minutes with events."""
        if self.minutes < MIN_MINUTES:
            return 0.0
        dispersion = self.dispersion
        logs = [c / dispersion for c in self.log_ratios[1:]]
        # The log-sum-exp of the alternatives, which does not overflow.
        top = max(logs)
        total = sum([exp(each - top) for each in logs]) / len(logs)
        return exp(min(top + log(total), MAX_LOG_EVIDENCE))


def log_ratios_of(events: float, total: float, hypotheses: Hypotheses) -> list[float]:
    """Return the log-likelihood ratio of each hypothesis to the null."""
    rest = total - events
    return [
        events * event_log + rest * other_log
        for event_log, other_log in zip(hypotheses.event_logs, hypotheses.other_logs, strict=True)
    ]


def square_of(events: float, total: float, share: float) -> float:
    """Return the squared standardized deviation of `events` of `total` events from this share."""
    deviation = events - total * share
    return deviation * deviation / (total * share * (1.0 - share))


def dispersion_of(squares: float, largest_square: float, minutes: float) -> float:
    """Return φ, given the sum and the largest of the squared standardized deviations of so many minutes."""
    return max(1.0, (squares + 2.0 * largest_square + _PRIOR_SQUARES) / (minutes + _PRIOR_MINUTES))


def log_spaced(low: float, high: float, count: int) -> list[float]:
    """Return `count` numbers from `low` to `high` in geometric progression."""
    step = log(high / low) / (count - 1)
    return [low * exp(step * index) for index in range(count)]
