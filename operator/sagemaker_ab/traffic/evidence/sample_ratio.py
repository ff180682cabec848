"""Sample ratio: whether invocations are split as the weights say.

H0: a variant's share is within two points of its weight. Per side a tempered mixture over shares beyond the
bound. A minute counts when it and its neighbours have one weight, for in the others two weights are mixed.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import sqrt
from typing import Final

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.mixture import Mixture, Rivals, log_even, rivals

ALARM_RATE: Final = 0.001
"""How often a run whose shares are right may be held: once in a thousand."""

_TOLERANCE: Final = 0.02
_BEYOND: Final = log_even(0.005, 0.30, 12)
_LEAST_MINUTES: Final = 10
_MOST_SHARE: Final = 1.0 - 1e-6
_NO_SHARE: Final = -1.0
_NOTHING_HELD: Final = (0.0, 0.0)


class _Side:
    """A mixture over shares beyond one bound.

    While the weights stay, so do the shares: then ratios and squares of many minutes are those of sums. Only
    the largest squares need a minute's own counts; but a deviation is linear in the share, so that one within
    another's at both ends of the shares is within it at each of them, and exceeds nothing.
    """

    __slots__ = ("_events", "_far", "_near", "_past", "_rivals", "_squares", "_total")

    def __init__(self) -> None:
        self._past = Mixture(len(_BEYOND))
        self._begin(_NO_SHARE)

    def _begin(self, share: float) -> None:
        self._rivals = _beyond(share)
        self._events = self._total = self._squares = 0.0
        # The deviations of one minute, from the nearest share and from the furthest.
        self._near = self._far = -1.0

    def turn(self, share: float) -> None:
        """Go on with another share."""
        self._past = self._whole()
        self._begin(share)

    def add(self, events: float, total: float) -> None:
        if self._rivals is None:
            return
        self._events += events
        self._total += total
        self._squares += events * events / total
        self._past.minutes += 1.0
        root, shares = sqrt(total), self._rivals.shares
        near, far = (total * shares[0] - events) / root, (total * shares[-1] - events) / root
        if abs(near) <= self._near and abs(far) <= self._far:
            return
        self._past.exceed(events, total, self._rivals)
        if near >= 0.0 and near + far > self._near + self._far:
            self._near, self._far = near, far

    def _whole(self) -> Mixture:
        whole = self._past.copy()
        if self._rivals is not None:
            whole.add_sums(self._events, self._total, self._squares, self._rivals)
        return whole

    @property
    def evidence(self) -> float:
        return self._whole().evidence if self._past.minutes >= _LEAST_MINUTES else 0.0

    def reaches(self, threshold: float) -> bool:
        """Say whether the evidence is as much, without working it out where no alternative is near."""
        return self._whole().reaches(threshold) if self._past.minutes >= _LEAST_MINUTES else False

    def numbers(self) -> list[float]:
        sums = [self._events, self._total, self._squares]
        return [*sums, self._near, self._far, *self._past.numbers()]

    def restore(self, numbers: Sequence[float], share: float) -> None:
        self._begin(share)
        self._events, self._total, self._squares, self._near, self._far = numbers[:5]
        self._past.restore(numbers[5:])


class SampleRatio:
    """One variant among all: `evidence` that its share is off, whichever way."""

    __slots__ = ("_above", "_below", "_held", "_share", "_variant", "_variants")

    def __init__(self, variant: str, variants: Sequence[str]) -> None:
        self._variant, self._variants = variant, tuple(variants)
        self._above, self._below = _Side(), _Side()
        # The share that the last weights give, and the minute that waits for its neighbour.
        self._share = _NO_SHARE
        self._held = _NOTHING_HELD

    def add(self, minute: Minute) -> None:
        seen = self._seen(minute.counts)
        if seen is None:
            return
        share, own, total = seen
        if share != self._share:
            self._share, self._held = share, _NOTHING_HELD
            self._above.turn(share)
            self._below.turn(1.0 - share)
            return
        own_held, total_held = self._held
        if total_held > 0.0:
            self._above.add(own_held, total_held)
            self._below.add(total_held - own_held, total_held)
        self._held = (own, total)

    def _seen(self, counts: Mapping[str, Counts]) -> tuple[float, float, float] | None:
        """Return the share that the weights give, the variant's own calls and all calls."""
        weights, calls = 0.0, 0.0
        own_weight, own_calls = 0.0, 0.0
        for name in self._variants:
            each = counts.get(name)
            if each is None or each.weight is None or each.invocations is None:
                return None
            weights += each.weight
            calls += each.invocations
            if name == self._variant:
                own_weight, own_calls = each.weight, float(each.invocations)
        return (own_weight / weights, own_calls, calls) if weights > 0.0 else None

    @property
    def evidence(self) -> float:
        """The greater of both sides' evidence; each side has half of the alarm rate. 0 before ten minutes."""
        return max(self._above.evidence, self._below.evidence)

    def reaches(self, threshold: float) -> bool:
        """Say whether a side has as much evidence."""
        return self._above.reaches(threshold) or self._below.reaches(threshold)

    def numbers(self) -> list[float]:
        return [self._share, *self._held, *self._above.numbers(), *self._below.numbers()]

    def restore(self, numbers: Sequence[float]) -> None:
        self._share = share = numbers[0]
        self._held = (numbers[1], numbers[2])
        middle = 3 + (len(numbers) - 3) // 2
        self._above.restore(numbers[3:middle], share)
        self._below.restore(numbers[middle:], 1.0 - share if share >= 0.0 else _NO_SHARE)


@lru_cache(maxsize=1024)
def _beyond(share: float) -> Rivals | None:
    """Return the bound of a share and what may lie beyond it; nothing where a variant has nearly all."""
    bound = share + _TOLERANCE
    if share == _NO_SHARE or bound >= _MOST_SHARE:
        return None
    return rivals([min(bound + beyond, _MOST_SHARE) for beyond in (0.0, *_BEYOND)])
