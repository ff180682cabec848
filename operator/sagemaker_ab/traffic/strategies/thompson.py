"""Thompson sampling: shares by the posterior probability that a variant is the best.

Thompson 1933, Biometrika 25; Chapelle and Li 2011, NIPS 24. The samples are seeded, so the same counts give
the same shares.
"""

from collections.abc import Mapping, Sequence
from operator import mul
from random import Random
from typing import Final

from sagemaker_ab.traffic.evidence.linear_algebra import back_substitute, cholesky, scaled_identity
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.variant_roles import ALL_TRAFFIC_PERCENT

_SAMPLES: Final = 600


def probabilities_of_best(
    posterior: Posterior, *, better: int, among: Sequence[int], random: Random
) -> dict[int, float]:
    """Return the probability that each of `among`, by its index, has the best rate, from posterior samples.

    `better` is 1 if a higher rate is better and -1 if a lower one is.
    """
    lower = cholesky(posterior.state.precision)
    # The columns of L⁻ᵀ: a sample of N(m, P⁻¹) with P = L·Lᵀ is m + L⁻ᵀz for independent standard normal z.
    columns = [back_substitute(lower, unit) for unit in scaled_identity(len(lower), 1.0)]
    arms = [(better * posterior.state.mean[index], [column[index] for column in columns]) for index in among]
    wins = [0] * len(arms)
    for _ in range(_SAMPLES):
        z = [random.gauss(0.0, 1.0) for _ in columns]
        sample = [mean + better * sum(map(mul, row, z)) for mean, row in arms]
        wins[sample.index(max(sample))] += 1
    return {index: won / _SAMPLES for index, won in zip(among, wins, strict=True)}


def under_ceiling(shares: Mapping[str, float], ceiling: int) -> dict[str, float]:
    """Limit shares to the ceiling. The others get the excess, in proportion to their shares."""
    at_ceiling: set[str] = set()
    while len(at_ceiling) < len(shares):
        below = {name: share for name, share in shares.items() if name not in at_ceiling}
        rest, total = ALL_TRAFFIC_PERCENT - ceiling * len(at_ceiling), sum(below.values())
        scaled = {name: rest * (share / total if total else 1 / len(below)) for name, share in below.items()}
        over = {name for name, share in scaled.items() if share > ceiling}
        if not over:
            return {name: scaled.get(name, float(ceiling)) for name in shares}
        at_ceiling |= over
    return dict.fromkeys(shares, ALL_TRAFFIC_PERCENT / len(shares))
