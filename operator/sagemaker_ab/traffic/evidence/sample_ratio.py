"""Tests for a sample ratio mismatch: whether invocations are split as the weights say.

The null is that a variant's share of the invocations is within two points of its share of the weights. Each
side has a tempered mixture over shares beyond its bound. A minute counts if the minutes before and after it
have the same weights, because invocations near a change of weights are split by both.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import sqrt
from typing import Final

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.mixture import (
    Hypotheses,
    LikelihoodMixture,
    binomial_hypotheses,
    log_spaced,
)

FALSE_ALARM_RATE: Final = 0.001
"""The probability that a run whose shares are right is ever held: once in a thousand runs."""

_TOLERANCE: Final = 0.02
_BEYOND_BOUND: Final = log_spaced(0.005, 0.30, 12)
_MIN_MINUTES: Final = 10
_MAX_SHARE: Final = 1.0 - 1e-6
_NO_SHARE: Final = -1.0
_NO_MINUTE: Final = (0.0, 0.0)


class _OneSidedTest:
    """The mixture over shares beyond one bound.

    While the weights stay the same, so do the hypotheses. The log-likelihood ratios and the squares of many
    minutes then follow from sums, so `_past` is brought up to date only when the weights change. The largest
    squares need the counts of each minute. The deviation (X·p - x)/√X is linear in the share p, so a minute
    whose deviations at the nearest and at the farthest share are within those of another minute has no larger
    square at any share, and is skipped.
    """

    __slots__ = ("_events", "_far", "_hypotheses", "_near", "_past", "_squares", "_total")

    def __init__(self) -> None:
        self._past = LikelihoodMixture(len(_BEYOND_BOUND))
        self._start(_NO_SHARE)

    def _start(self, share: float) -> None:
        self._hypotheses = _hypotheses_beyond(share)
        # Σx, ΣX and Σ(x²/X) at the current share.
        self._events = self._total = self._squares = 0.0
        # The deviations (X·p - x)/√X of one minute at the nearest and at the farthest share.
        self._near = self._far = -1.0

    def change_share(self, share: float) -> None:
        """Continue with another share."""
        self._past = self._current()
        self._start(share)

    def add(self, events: float, total: float) -> None:
        """Add a minute in which the variant had `events` of `total` invocations."""
        if self._hypotheses is None:
            return
        self._events += events
        self._total += total
        self._squares += events * events / total
        self._past.minutes += 1.0
        root, shares = sqrt(total), self._hypotheses.shares
        near, far = (total * shares[0] - events) / root, (total * shares[-1] - events) / root
        if abs(near) <= self._near and abs(far) <= self._far:
            return
        self._past.update_largest(events, total, self._hypotheses)
        if near >= 0.0 and near + far > self._near + self._far:
            self._near, self._far = near, far

    def _current(self) -> LikelihoodMixture:
        current = self._past.copy()
        if self._hypotheses is not None:
            current.add_sums(self._events, self._total, self._squares, self._hypotheses)
        return current

    @property
    def evidence(self) -> float:
        """The evidence that the share is beyond the bound. 0 before ten minutes."""
        return self._current().evidence if self._past.minutes >= _MIN_MINUTES else 0.0

    def reaches(self, threshold: float) -> bool:
        """Return whether the evidence is at least `threshold`; fast where no alternative comes close."""
        return self._current().reaches(threshold) if self._past.minutes >= _MIN_MINUTES else False

    def numbers(self) -> list[float]:
        sums = [self._events, self._total, self._squares]
        return [*sums, self._near, self._far, *self._past.numbers()]

    def restore(self, numbers: Sequence[float], share: float) -> None:
        self._start(share)
        self._events, self._total, self._squares, self._near, self._far = numbers[:5]
        self._past.restore(numbers[5:])


class SampleRatioTest:
    """The test of one variant's share among all variants, in both directions."""

    __slots__ = ("_above", "_below", "_pending", "_share", "_variant", "_variants")

    def __init__(self, variant: str, variants: Sequence[str]) -> None:
        self._variant, self._variants = variant, tuple(variants)
        self._above, self._below = _OneSidedTest(), _OneSidedTest()
        # The variant's share of the newest weights.
        self._share = _NO_SHARE
        # The variant's and all invocations of the newest minute. It counts if the next one has its weights.
        self._pending = _NO_MINUTE

    def add(self, minute: Minute) -> None:
        split = self._split(minute.counts)
        if split is None:
            return
        share, own, total = split
        if share != self._share:
            self._share, self._pending = share, _NO_MINUTE
            self._above.change_share(share)
            self._below.change_share(1.0 - share)
            return
        pending_own, pending_total = self._pending
        if pending_total > 0.0:
            self._above.add(pending_own, pending_total)
            self._below.add(pending_total - pending_own, pending_total)
        self._pending = (own, total)

    def _split(self, counts: Mapping[str, Counts]) -> tuple[float, float, float] | None:
        """Return the variant's share of the weights, its invocations and the invocations of all variants."""
        weights, invocations = 0.0, 0.0
        own_weight, own_invocations = 0.0, 0.0
        for name in self._variants:
            each = counts.get(name)
            if each is None or each.weight is None or each.invocations is None:
                return None
            weights += each.weight
            invocations += each.invocations
            if name == self._variant:
                own_weight, own_invocations = each.weight, float(each.invocations)
        return (own_weight / weights, own_invocations, invocations) if weights > 0.0 else None

    @property
    def evidence(self) -> float:
        """The greater evidence of the two sides, each at half the false alarm rate. 0 before ten minutes."""
        return max(self._above.evidence, self._below.evidence)

    def reaches(self, threshold: float) -> bool:
        """Return whether the evidence of a side is at least `threshold`."""
        return self._above.reaches(threshold) or self._below.reaches(threshold)

    def numbers(self) -> list[float]:
        return [self._share, *self._pending, *self._above.numbers(), *self._below.numbers()]

    def restore(self, numbers: Sequence[float]) -> None:
        self._share = share = numbers[0]
        self._pending = (numbers[1], numbers[2])
        middle = 3 + (len(numbers) - 3) // 2
        self._above.restore(numbers[3:middle], share)
        self._below.restore(numbers[middle:], 1.0 - share if share >= 0.0 else _NO_SHARE)


@lru_cache(maxsize=1024)
def _hypotheses_beyond(share: float) -> Hypotheses | None:
    """Return the bound of a share as the null, and shares beyond it. None if the bound is near 1 or above."""
    bound = share + _TOLERANCE
    if share == _NO_SHARE or bound >= _MAX_SHARE:
        return None
    return binomial_hypotheses([min(bound + beyond, _MAX_SHARE) for beyond in (0.0, *_BEYOND_BOUND)])
