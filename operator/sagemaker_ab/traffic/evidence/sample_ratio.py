"""Sample ratio: whether invocations are split as the weights say.

H0: a variant's share is within two points of its weight. Per side a tempered mixture over shares beyond the
bound. A minute counts when it and its neighbours have one weight, for in the others two weights are mixed.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.mixture import Mixture, Rival, log_even, rivals

ALARM_RATE: Final = 0.001
"""How often a run whose shares are right may be held: once in a thousand."""

_TOLERANCE: Final = 0.02
_BEYOND: Final = log_even(0.005, 0.30, 12)
_LEAST_MINUTES: Final = 10
_MOST_SHARE: Final = 1.0 - 1e-6


class SampleRatio:
    """One variant among all: `evidence` that its share is off, whichever way."""

    __slots__ = ("_above", "_below", "_held", "_variant", "_variants", "_weights")

    def __init__(self, variant: str, variants: Sequence[str]) -> None:
        self._variant, self._variants = variant, tuple(variants)
        self._above, self._below = Mixture(len(_BEYOND)), Mixture(len(_BEYOND))
        # The share that the last weights give, the total, and the minute that waits for its neighbour.
        self._weights = -1.0
        self._held = (-1.0, 0.0)

    def add(self, minute: Minute) -> None:
        seen = self._seen(minute.counts)
        if seen is None:
            return
        share, own, total = seen
        if share == self._weights:
            self._count(share)
            self._held = (own, total)
        else:
            self._weights, self._held = share, (-1.0, 0.0)

    def _seen(self, counts: Mapping[str, Counts]) -> tuple[float, float, float] | None:
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

    def _count(self, share: float) -> None:
        own, total = self._held
        if own < 0.0 or total <= 0.0:
            return
        if above := _beyond(share):
            self._above.add(own, total, above)
        if below := _beyond(1.0 - share):
            self._below.add(total - own, total, below)

    def _sides(self) -> list[Mixture]:
        return [side for side in (self._above, self._below) if side.minutes >= _LEAST_MINUTES]

    @property
    def evidence(self) -> float:
        """The greater of both sides' evidence; each side has half of the alarm rate. 0 before ten minutes."""
        return max((side.evidence for side in self._sides()), default=0.0)

    def reaches(self, threshold: float) -> bool:
        """Say whether a side has as much evidence."""
        return any(side.reaches(threshold) for side in self._sides())

    def numbers(self) -> list[float]:
        return [self._weights, *self._held, *self._above.numbers(), *self._below.numbers()]

    def restore(self, numbers: Sequence[float]) -> None:
        self._weights = numbers[0]
        self._held = (numbers[1], numbers[2])
        middle = 3 + (len(numbers) - 3) // 2
        self._above.restore(numbers[3:middle])
        self._below.restore(numbers[middle:])


@lru_cache(maxsize=1024)
def _beyond(share: float) -> tuple[Rival, ...]:
    """Return the bound of a share and what may lie beyond it; nothing where a variant has nearly all."""
    bound = share + _TOLERANCE
    if bound >= _MOST_SHARE:
        return ()
    return rivals([min(bound + beyond, _MOST_SHARE) for beyond in (0.0, *_BEYOND)])
