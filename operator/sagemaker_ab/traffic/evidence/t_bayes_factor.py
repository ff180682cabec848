"""The t-test's Bayes factor at several prior widths: a test martingale from n, S = Σy and V = Σy².

Right-Haar prior on the standard deviation, effect ~ N(0, g·sd²): under the null the mean is 1 at every n, and
it may be looked at for ever (Lai 1976; Wang and Ramdas, arXiv 2310.03722).
"""

from functools import lru_cache
from math import exp, log1p, sqrt
from typing import Final

from sagemaker_ab.traffic.evidence.mixture import LARGEST_LOG

_WIDTHS: Final = (0.01, 0.1, 1.0)
_HALVINGS: Final = 45


def t_evidence(n: float, share: float) -> float:
    """Return the two-sided evidence against a mean of 0, with `share` = S²/V, which lies in 0 … n."""
    total = 0.0
    for width in _WIDTHS:
        spread = 1.0 + n * width
        # S² ≤ n·V keeps the argument above -1.
        logarithm = -0.5 * n * log1p(-width * share / spread)
        total += exp(min(LARGEST_LOG, logarithm)) / sqrt(spread)
    return total / len(_WIDTHS)


@lru_cache(maxsize=1 << 16)
def critical_share(n: float, needed: float) -> float:
    """Return the S²/V at which the evidence of `n` observations reaches `needed`; `n` where it never does."""
    low, high = 0.0, n
    if t_evidence(n, n) < needed:
        return n
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if t_evidence(n, middle) >= needed else (middle, high)
    return high
