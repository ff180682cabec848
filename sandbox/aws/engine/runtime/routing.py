"""Which variant serves a request."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def pick(*, weights: Sequence[float], draw: float) -> int | None:
    """Index of the variant whose share of the weights holds `draw` (0 <= draw < 1).

    A variant gets weight / sum of weights of the traffic (API_ProductionVariant, InitialVariantWeight), one
    of weight 0 gets none. None when no variant has any weight.
    """
    bounds = list(accumulate(weights))
    if not bounds or bounds[-1] <= 0:
        return None
    at = draw * bounds[-1]
    for index, bound in enumerate(bounds):
        if at < bound:
            return index
    return max(index for index, weight in enumerate(weights) if weight > 0)
