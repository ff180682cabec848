"""The Bayes factor of the t-test, averaged over three prior variances: an e-process of n, S = Σy and V = Σy².

For independent normal y with mean μ and an unknown standard deviation sd, the null μ = 0 is compared with
effects μ/sd ~ N(0, g), with the right-Haar prior on sd. For a prior variance g the factor is

    (1 + n·g)^(-1/2) · (1 - g·S² / ((1 + n·g)·V))^(-n/2)

It depends on the data only through S²/V. Under the null it is a test martingale with mean 1 at every n, so it
may be evaluated after every observation (Lai 1976, On confidence sequences, Annals of Statistics 4; Wang and
Ramdas, arXiv 2310.03722).
"""

from functools import lru_cache
from math import exp, log1p, sqrt
from typing import Final

from sagemaker_ab.traffic.evidence.mixture import MAX_LOG_EVIDENCE

_PRIOR_VARIANCES: Final = (0.01, 0.1, 1.0)
_BISECTIONS: Final = 45


def bayes_factor(n: float, s2_over_v: float) -> float:
    """Return the two-sided evidence against μ = 0 from `n` observations; S²/V lies in [0, n]."""
    total = 0.0
    for variance in _PRIOR_VARIANCES:
        shrinkage = 1.0 + n * variance
        # S² ≤ n·V (Cauchy-Schwarz) keeps the argument of log1p above -1.
        logarithm = -0.5 * n * log1p(-variance * s2_over_v / shrinkage)
        total += exp(min(MAX_LOG_EVIDENCE, logarithm)) / sqrt(shrinkage)
    return total / len(_PRIOR_VARIANCES)


@lru_cache(maxsize=1 << 16)
def critical_value(n: float, threshold: float) -> float:
    """Return the S²/V at which the evidence of `n` observations reaches `threshold`, or `n` if it cannot."""
    low, high = 0.0, n
    if bayes_factor(n, n) < threshold:
        return n
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if bayes_factor(n, middle) >= threshold else (middle, high)
    return high
