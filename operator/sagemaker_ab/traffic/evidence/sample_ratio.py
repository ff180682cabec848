"""Tests for a sample ratio mismatch: whether invocations are split as the weights say.

The null is that a variant's share of the invocations is within two points of its share of the weights. Each
side has a tempered mixture over shares beyond its bound. A minute counts if the minutes before and after it
have the same weights, because invocations near a change of weights are split by both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class OneSidedTest:
    """The mixture over shares beyond one bound.

    While the weights stay the same, so do the hypotheses. The log-likelihood ratios and the squares of many
    minutes then follow from sums, so `past` is brought up to date only when the weights change. The largest
    squares need the counts of each minute. The deviation (X·p - x)/√X is linear in the share p, so a minute
    whose deviations at the nearest and at the farthest share are within those of another minute has no larger
    square at any share, and is skipped.

    `events`, `total` and `squares` are Σx, ΣX and Σ(x²/X) at the current share. `near` and `far` are the
    deviations of one minute at the nearest and at the farthest share.
    """

    past: LikelihoodMixture = field(default_factory=lambda: LikelihoodMixture.of(len(_BEYOND_BOUND)))
    events: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    near: float = -1.0
    far: float = -1.0

    def at_another_share(self, hypotheses: Hypotheses | None) -> "OneSidedTest":
        """Return the test that continues at another share, after these hypotheses."""
        return OneSidedTest(past=self._current(hypotheses))

    def add(self, events: float, total: float, hypotheses: Hypotheses | None) -> None:
        """Add a minute in which the variant had `events` of `total` invocations."""
        if hypotheses is None:
            return
        self.events += events
        self.total += total
        self.squares += events * events / total
        self.past.minutes += 1.0
        root, shares = sqrt(total), hypotheses.shares
        near, far = (total * shares[0] - events) / root, (total * shares[-1] - events) / root
        if abs(near) <= self.near and abs(far) <= self.far:
            return
        self.past.update_largest(events, total, hypotheses)
        if near >= 0.0 and near + far > self.near + self.far:
            self.near, self.far = near, far

    def _current(self, hypotheses: Hypotheses | None) -> LikelihoodMixture:
        current = self.past.copy()
        if hypotheses is not None:
            current.add_sums(self.events, self.total, self.squares, hypotheses)
        return current

    def evidence(self, hypotheses: Hypotheses | None) -> float:
        """Return the evidence that the share is beyond the bound. 0 before ten minutes."""
        return self._current(hypotheses).evidence if self.past.minutes >= _MIN_MINUTES else 0.0

    def reaches(self, threshold: float, hypotheses: Hypotheses | None) -> bool:
        """Return whether the evidence is at least `threshold`; fast where no alternative comes close."""
        return self.past.minutes >= _MIN_MINUTES and self._current(hypotheses).reaches(threshold)


@dataclass(slots=True)
class SampleRatioState:
    """Both directions, the variant's `share` of the newest weights, and the newest minute.

    `pending` has the variant's and all invocations of that minute. It counts if the next one has its weights.
    """

    above: OneSidedTest = field(default_factory=OneSidedTest)
    below: OneSidedTest = field(default_factory=OneSidedTest)
    share: float = _NO_SHARE
    pending: tuple[float, float] = _NO_MINUTE


class SampleRatioTest:
    """The test of one variant's share among all variants, in both directions."""

    __slots__ = ("_variant", "_variants", "state")

    def __init__(self, variant: str, variants: Sequence[str]) -> None:
        self._variant, self._variants = variant, tuple(variants)
        self.state = SampleRatioState()

    def add(self, minute: Minute) -> None:
        split = self._split(minute.counts)
        if split is None:
            return
        state = self.state
        share, own, total = split
        above, below = self._hypotheses
        if share != state.share:
            state.share, state.pending = share, _NO_MINUTE
            state.above = state.above.at_another_share(above)
            state.below = state.below.at_another_share(below)
            return
        pending_own, pending_total = state.pending
        if pending_total > 0.0:
            state.above.add(pending_own, pending_total, above)
            state.below.add(pending_total - pending_own, pending_total, below)
        state.pending = (own, total)

    @property
    def _hypotheses(self) -> tuple[Hypotheses | None, Hypotheses | None]:
        """The hypotheses above and below the current share."""
        share = self.state.share
        if share == _NO_SHARE:
            return None, None
        return _hypotheses_beyond(share), _hypotheses_beyond(1.0 - share)

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
        above, below = self._hypotheses
        return max(self.state.above.evidence(above), self.state.below.evidence(below))

    def reaches(self, threshold: float) -> bool:
        """Return whether the evidence of a side is at least `threshold`."""
        above, below = self._hypotheses
        return self.state.above.reaches(threshold, above) or self.state.below.reaches(threshold, below)


@lru_cache(maxsize=1024)
def _hypotheses_beyond(share: float) -> Hypotheses | None:
    """Return the bound of a share as the null, and shares beyond it. None if the bound is near 1 or above."""
    bound = share + _TOLERANCE
    if bound >= _MAX_SHARE:
        return None
    return binomial_hypotheses([min(bound + beyond, _MAX_SHARE) for beyond in (0.0, *_BEYOND_BOUND)])
