"""How long a test will take: the comparison itself on simulated counts, beside a test of a fixed number."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, log, sqrt
from random import Random
from statistics import NormalDist
from typing import Final

from sagemaker_ab.traffic.evidence.rate_comparison import RateComparison
from sagemaker_ab.traffic.evidence.strata import MINUTES, Stratum

# Additions of a stratum that fit into a few seconds, and the runs that are wanted of them.
_BUDGET: Final = 400_000
_MOST_RUNS: Final = 300
_LEAST_RUNS: Final = 60
_HORIZON: Final = 6.0
_LEAST_HORIZON_MINUTES: Final = 600.0
_NORMAL_FROM: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDesign:
    """The baseline's rate, the challenger's relative effect, requests in all, shares that sum to 1.

    `power` is how often the effect is to be found, `false_winner` how often one between equals.
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
    """Minutes until the verdict: at a fixed n, in half of the runs, in most; infinite past the horizon."""

    fixed_sample_minutes: float
    median_minutes: float
    power_minutes: float
    horizon_minutes: float
    runs: int


def forecast(design: TestDesign) -> Forecast:
    """Simulate a test that looks all the time; the same plan gives the same forecast."""
    fixed = fixed_sample_minutes(design)
    horizon = max(_HORIZON * fixed, _LEAST_HORIZON_MINUTES)
    challengers = len(design.shares) - 1
    strata = horizon / MINUTES * challengers
    runs = int(min(_MOST_RUNS, max(_LEAST_RUNS, _BUDGET / strata)))
    # A test of many weeks is simulated in wider strata: its blocks are long enough not to feel them.
    width = MINUTES * ceil(strata * runs / (2 * _BUDGET))
    random = Random(design.seed)  # noqa: S311  # reproducible on purpose
    times = sorted(_time(design, random, width=width, horizon=horizon) for _ in range(runs))
    return Forecast(
        fixed_sample_minutes=fixed,
        median_minutes=times[runs // 2],
        power_minutes=times[min(runs - 1, int(design.power * runs))],
        horizon_minutes=horizon,
        runs=runs,
    )


def fixed_sample_minutes(design: TestDesign) -> float:
    """Minutes that a z-test of two proportions needs for the first challenger (the usual formula)."""
    normal = NormalDist()
    alpha = design.false_winner / (len(design.shares) - 1)
    z = normal.inv_cdf(1.0 - alpha / 2.0) + normal.inv_cdf(design.power)
    p, q = design.rate, design.rate * (1.0 + design.effect)
    variance = p * (1.0 - p) / design.shares[0] + q * (1.0 - q) / design.shares[1]
    return z * z * variance / (p - q) ** 2 / design.requests_per_minute


def _time(design: TestDesign, random: Random, *, width: int, horizon: float) -> float:
    """Return the minute at which the first challenger is proven better or worse, as its effect is."""
    comparison = RateComparison(baseline="", challenger="", metric="Successes")
    needed = (len(design.shares) - 1) / design.false_winner
    direction = 1 if design.effect > 0 else -1
    rates = (design.rate, design.rate * (1.0 + design.effect))
    calls = [design.requests_per_minute * width * share for share in design.shares[:2]]
    for at in range(0, int(horizon), width):
        n_a, n_b = draw_poisson(random, calls[0]), draw_poisson(random, calls[1])
        if not n_a or not n_b:
            continue
        x_a, x_b = draw_binomial(random, n_a, rates[0]), draw_binomial(random, n_b, rates[1])
        comparison.add_stratum(Stratum(float(at), n_a, x_a, n_b, x_b))
        finding = comparison.finding()
        if finding.direction == direction and finding.evidence >= needed:
            return float(at + width)
    return inf


def draw_poisson(random: Random, mean: float) -> int:
    """Draw a count; from thirty on by the normal law, which is near enough for a plan."""
    if mean >= _NORMAL_FROM:
        return max(0, round(random.gauss(mean, sqrt(mean))))
    count, left = 0, random.expovariate(1.0)
    while left < mean:
        count += 1
        left += random.expovariate(1.0)
    return count


def draw_binomial(random: Random, tries: int, rate: float) -> int:
    """Draw a count of events; where thirty and more are expected of both kinds, by the normal law."""
    if rate > 0.5:  # noqa: PLR2004  # the rarer kind is counted
        return tries - draw_binomial(random, tries, 1.0 - rate)
    mean = tries * rate
    if mean >= _NORMAL_FROM:
        return max(0, min(tries, round(random.gauss(mean, sqrt(mean * (1.0 - rate))))))
    count, at = 0, 0.0
    # Gaps between events are geometric.
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
    """Return percents as shares."""
    return tuple(percent / 100 for percent in percents)
