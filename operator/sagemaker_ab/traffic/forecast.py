"""Forecasts how long a test will take, by running the sequential test itself on simulated counts.

For comparison it also computes the size of a test of a fixed sample, which is evaluated once, at its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, log, sqrt
from random import Random
from statistics import NormalDist
from typing import Final

from sagemaker_ab.traffic.evidence.rate_comparison import RateComparison
from sagemaker_ab.traffic.evidence.strata import STRATUM_MINUTES, Stratum

# The number of strata that can be added in a few seconds, and the simulations to spend them on.
_STRATUM_BUDGET: Final = 400_000
_MAX_RUNS: Final = 300
_MIN_RUNS: Final = 60
_HORIZON_FACTOR: Final = 6.0
_MIN_HORIZON_MINUTES: Final = 600.0
_NORMAL_APPROXIMATION_FROM: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDesign:
    """The assumptions about a test.

    `rate` is the baseline's rate, `effect` the challenger's relative difference to find,
    `requests_per_minute` the traffic of all variants together. `shares` are the traffic shares, the
    baseline's first; they sum to 1. `power` is the probability of finding the effect, below 1, `false_winner`
    the probability of a winner between equals.
    """

    rate: float
    effect: float
    requests_per_minute: float
    power: float
    shares: tuple[float, ...]
    false_winner: float = 0.05
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Minutes until a verdict: of the fixed sample, in half of the runs, and in a share `power` of them.

    A duration beyond the horizon of the simulation is infinite.
    """

    fixed_sample_minutes: float
    median_minutes: float
    power_minutes: float
    horizon_minutes: float
    runs: int


def forecast(design: TestDesign) -> Forecast:
    """Simulate a test that is evaluated at every stratum. The same design gives the same forecast."""
    fixed = fixed_sample_minutes(design)
    horizon = max(_HORIZON_FACTOR * fixed, _MIN_HORIZON_MINUTES)
    challengers = len(design.shares) - 1
    strata = horizon / STRATUM_MINUTES * challengers
    runs = int(min(_MAX_RUNS, max(_MIN_RUNS, _STRATUM_BUDGET / strata)))
    # A test of many weeks is simulated in wider strata. Its blocks are so long that this makes no difference.
    width = STRATUM_MINUTES * ceil(strata * runs / (2 * _STRATUM_BUDGET))
    random = Random(design.seed)  # noqa: S311  # reproducible on purpose
    times = sorted(_simulated_minutes(design, random, width=width, horizon=horizon) for _ in range(runs))
    return Forecast(
        fixed_sample_minutes=fixed,
        median_minutes=times[runs // 2],
        power_minutes=times[int(design.power * runs)],
        horizon_minutes=horizon,
        runs=runs,
    )


def fixed_sample_minutes(design: TestDesign) -> float:
    """Return the minutes that a two-sided z-test of two proportions needs for the first challenger.

    The usual sample size formula gives the number of requests n of all variants together:

        n = (z(1 - alpha/2) + z(power))²·(p·(1 - p)/s_a + q·(1 - q)/s_b) / (p - q)²

    with z(·) the normal quantile, p the baseline's rate, q = p·(1 + effect), s_a and s_b the traffic shares;
    alpha is `false_winner` divided by the number of challengers (Bonferroni).
    """
    normal = NormalDist()
    alpha = design.false_winner / (len(design.shares) - 1)
    z = normal.inv_cdf(1.0 - alpha / 2.0) + normal.inv_cdf(design.power)
    p, q = design.rate, design.rate * (1.0 + design.effect)
    variance = p * (1.0 - p) / design.shares[0] + q * (1.0 - q) / design.shares[1]
    return z * z * variance / (p - q) ** 2 / design.requests_per_minute


def _simulated_minutes(design: TestDesign, random: Random, *, width: int, horizon: float) -> float:
    """Simulate one run. Return the minute at which the first challenger's effect is proven, or infinity."""
    comparison = RateComparison(baseline="", challenger="", metric="Successes")
    threshold = (len(design.shares) - 1) / design.false_winner
    direction = 1 if design.effect > 0 else -1
    rates = (design.rate, design.rate * (1.0 + design.effect))
    calls = [design.requests_per_minute * width * share for share in design.shares[:2]]
    for at in range(0, int(horizon), width):
        n_a, n_b = draw_poisson(random, calls[0]), draw_poisson(random, calls[1])
        if not n_a or not n_b:
            continue
        x_a, x_b = draw_binomial(random, n_a, rates[0]), draw_binomial(random, n_b, rates[1])
        comparison.add_stratum(Stratum(float(at), n_a, x_a, n_b, x_b))
        signed = comparison.evidence_at()
        if signed.direction == direction and signed.evidence >= threshold:
            return float(at + width)
    return inf


def draw_poisson(random: Random, mean: float) -> int:
    """Draw a Poisson count. From a mean of 30 on, the normal approximation is used."""
    if mean >= _NORMAL_APPROXIMATION_FROM:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    # Counts the arrivals of a Poisson process, whose gaps are exponential.
    count, left = 0, random.expovariate(1.0)
    while left < mean:
        count += 1
        left += random.expovariate(1.0)
    return count


def draw_binomial(random: Random, tries: int, rate: float) -> int:
    """Draw a binomial count. From 30 expected of the rarer kind on, the normal approximation is used."""
    if rate > 0.5:  # noqa: PLR2004  # the rarer kind is counted
        return tries - draw_binomial(random, tries, 1.0 - rate)
    mean = tries * rate
    if mean >= _NORMAL_APPROXIMATION_FROM:
        return max(0, min(tries, round(random.gauss(mean, sqrt(mean * (1.0 - rate))))))
    # The gaps between events are geometric.
    count, at = 0, 0.0
    scale = log(1.0 - rate) if rate > 0.0 else -inf
    while scale > -inf:
        at += int(log(1.0 - random.random()) / scale) + 1
        if at > tries:
            break
        count += 1
    return count


def even_shares(variants: int) -> tuple[float, ...]:
    """Return the shares of an even split."""
    return (1.0 / variants,) * variants


def shares_from_percents(percents: Sequence[int]) -> tuple[float, ...]:
    """Return percents as shares between 0 and 1."""
    return tuple(percent / 100 for percent in percents)
