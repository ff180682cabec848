"""A mixture of binomial likelihood ratios, tempered by the dispersion that the data show.

Evidence against a null share is the mean over alternatives of exp(c_j / φ), with c_j the summed logarithms of
likelihood ratios. At φ = 1 it is a test martingale under the null (Ville 1939: it reaches 1/alpha with
probability at most alpha). φ is estimated at the best alternative, not at the null, so that an effect is not
taken for noise.
"""

from collections.abc import Sequence
from math import exp, log
from operator import add
from typing import Final, NamedTuple

LARGEST_LOG: Final = 700.0
"""Evidence is not told apart beyond e^700, where floats end."""

_LEAST_MINUTES: Final = 5
# The dispersion's prior: seven and a half units of chi-square over four minutes.
_PRIOR_SQUARES: Final = 7.5
_PRIOR_MINUTES: Final = 4


class Rivals(NamedTuple):
    """Shares of the events, and the logs of their odds against the null's: for an event, for none."""

    shares: Sequence[float]
    gains: Sequence[float]
    losses: Sequence[float]


def rivals(shares: Sequence[float]) -> Rivals:
    """Return the null, which is the first of `shares`, and its alternatives; all lie between 0 and 1."""
    null = shares[0]
    gains = [log(share / null) for share in shares]
    losses = [log((1.0 - share) / (1.0 - null)) for share in shares]
    return Rivals(shares, gains, losses)


class Mixture:
    """Log-likelihood ratios c, squared deviations z and the largest of these, the null's first."""

    __slots__ = ("_alternatives", "c", "largest", "minutes", "z")

    def __init__(self, alternatives: int) -> None:
        self._alternatives = alternatives
        self.c = [0.0] * (alternatives + 1)
        self.z = [0.0] * (alternatives + 1)
        self.largest = [0.0] * (alternatives + 1)
        self.minutes = 0.0

    def add(self, events: float, total: float, rivals: Rivals) -> None:
        """Take a minute's `events` of `total`; `rivals` are the null and each alternative."""
        squares = _squares(events, total, rivals)
        self.c = list(map(add, self.c, _ratios(events, total, rivals)))
        self.z = list(map(add, self.z, squares))
        self.largest = list(map(max, self.largest, squares))
        self.minutes += 1.0

    def add_sums(self, events: float, total: float, squares: float, rivals: Rivals) -> None:
        """Take sums over minutes that were counted: of events, of totals, of events² by total."""
        deviations = [(squares - 2.0 * p * events + p * p * total) / (p * (1.0 - p)) for p in rivals.shares]
        self.c = list(map(add, self.c, _ratios(events, total, rivals)))
        self.z = list(map(add, self.z, deviations))

    def exceed(self, events: float, total: float, rivals: Rivals) -> None:
        """Keep a minute's squares where they are the largest."""
        self.largest = list(map(max, self.largest, _squares(events, total, rivals)))

    def copy(self) -> "Mixture":
        """Return one that can go another way."""
        other = Mixture(self._alternatives)
        other.c, other.z, other.largest, other.minutes = self.c, self.z, self.largest, self.minutes
        return other

    def reaches(self, threshold: float) -> bool:
        """Say whether the evidence is as much, without working it out where no alternative is near."""
        return max(self.c) >= log(threshold) and self.evidence >= threshold

    @property
    def dispersion(self) -> float:
        """φ at the best alternative, or at the null where none is better; never below 1."""
        best = self.c.index(max(self.c))
        squares = self.z[best] + 2.0 * self.largest[best] + _PRIOR_SQUARES
        return max(1.0, squares / (self.minutes + _PRIOR_MINUTES))

    @property
    def evidence(self) -> float:
        """The evidence against the null; 0 before five minutes with events."""
        if self.minutes < _LEAST_MINUTES:
            return 0.0
        dispersion = self.dispersion
        logs = [c / dispersion for c in self.c[1:]]
        top = max(logs)
        total = sum([exp(each - top) for each in logs]) / self._alternatives
        return exp(min(top + log(total), LARGEST_LOG))

    def numbers(self) -> list[float]:
        return [self.minutes, *self.c, *self.z, *self.largest]

    def restore(self, numbers: Sequence[float]) -> None:
        size = self._alternatives + 1
        self.minutes = numbers[0]
        self.c = list(numbers[1 : 1 + size])
        self.z = list(numbers[1 + size : 1 + 2 * size])
        self.largest = list(numbers[1 + 2 * size : 1 + 3 * size])


def _ratios(events: float, total: float, rivals: Rivals) -> list[float]:
    """Return the logarithms of likelihoods over the null's."""
    rest = total - events
    return [events * gain + rest * loss for gain, loss in zip(rivals.gains, rivals.losses, strict=True)]


def _squares(events: float, total: float, rivals: Rivals) -> list[float]:
    """Return squared deviations over their variances."""
    return [(d := events - total * p) * d / (total * p * (1.0 - p)) for p in rivals.shares]


def log_even(low: float, high: float, count: int) -> list[float]:
    """Return `count` numbers from `low` to `high`, each the same multiple of the one before."""
    step = log(high / low) / (count - 1)
    return [low * exp(step * place) for place in range(count)]
