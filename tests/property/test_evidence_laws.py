"""The formulas of the evidence equal independent computations and have the required symmetries."""

from math import comb, exp, inf, log
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence import t_bayes_factor
from sagemaker_ab.traffic.evidence.linear_algebra import solve
from sagemaker_ab.traffic.evidence.mixture import LikelihoodMixture, binomial_hypotheses
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.evidence.rate_comparison import RateComparison
from sagemaker_ab.traffic.evidence.signed_evidence import SignedEvidence
from sagemaker_ab.traffic.evidence.t_bayes_factor import bayes_factor, critical_value
from sagemaker_ab.traffic.forecast import TestDesign as Design  # pytest collects names in Test
from sagemaker_ab.traffic.forecast import draw_binomial, draw_poisson, fixed_sample_minutes

WIDTHS = (0.01, 0.1, 1.0)


def t_by_integration(y, width):
    """Compute the Bayes factor by definition: noncentral t against t, integrated over the effect's prior."""
    n = len(y)
    t = np.mean(y) / (np.std(y, ddof=1) / np.sqrt(n))

    def weighted(effect):
        return stats.nct.pdf(t, n - 1, np.sqrt(n) * effect) * stats.norm.pdf(effect, 0, np.sqrt(width))

    spread = 8 * np.sqrt(width)
    return integrate.quad(weighted, -spread, spread, limit=200)[0] / stats.t.pdf(t, n - 1)


@pytest.mark.parametrize("seed", range(4))
def test_the_bayes_factor_equals_its_definition_by_the_t_statistic(seed):
    y = np.random.default_rng(seed).normal(0.2, 1.3, 14)
    expected = np.mean([t_by_integration(y, width) for width in WIDTHS])
    assert bayes_factor(len(y), sum(y) ** 2 / sum(y**2)) == pytest.approx(expected, rel=1e-5)


def test_under_the_null_the_bayes_factor_has_mean_one_at_every_n():
    """S²/(n·V) of normals with mean 0 has a beta distribution, so the mean is computed by integration."""
    for n in (2, 5, 12, 60):
        law = stats.beta(0.5, (n - 1) / 2)
        mean = integrate.quad(
            lambda part, n=n, law=law: bayes_factor(n, n * part) * law.pdf(part), 0, 1, limit=400
        )[0]
        assert mean == pytest.approx(1.0, rel=1e-3)


SLEEP = {
    "drug 1": [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    "drug 2": [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
}
"""Hours of sleep gained: Student 1908, "The probable error of a mean", the data set `sleep` of R."""


@pytest.mark.parametrize(
    ("y", "published"),
    [
        (np.subtract(SLEEP["drug 1"], SLEEP["drug 2"]), 17.25888),
        (np.array(SLEEP["drug 2"]), 10.71554),
    ],
)
def test_with_a_cauchy_prior_it_equals_the_published_factors_of_the_sleep_data(monkeypatch, y, published):
    """The figures of `ttestBF` in BayesFactor's manual (Morey, Rouder; rscale √2/2), to all their digits.

    Rouder et al. 2009, "Bayesian t tests for accepting and rejecting the null hypothesis": a Cauchy prior of
    the effect is a normal prior whose variance is r² over a chi-square with one degree of freedom. The code
    averages over three prior variances; averaged over the quantiles of that distribution, it equals theirs.
    With the right-Haar prior such a factor allows optional stopping (Hendriksen, de Heide, Grünwald 2021,
    Bayesian Analysis 16).
    """
    places = (np.arange(200_000) + 0.5) / 200_000
    widths = 0.5 / stats.chi2.ppf(places, 1)
    monkeypatch.setattr(t_bayes_factor, "_PRIOR_VARIANCES", tuple(widths.tolist()))
    assert bayes_factor(len(y), sum(y) ** 2 / sum(y**2)) == pytest.approx(published, rel=2e-6)


def test_one_sided_evidence_does_not_exceed_the_published_exact_value():
    """BayesFactor's `ttestBF(…, nullInterval = c(-Inf, 0))` on the same differences: 34.41694."""
    assert SignedEvidence(-1, 17.25888).one_sided(-1) <= 34.41694
    assert SignedEvidence(-1, 17.25888).one_sided(1) == 0.0


@given(n=st.integers(12, 2000), needed=st.floats(2, 1e6))
def test_at_the_critical_value_the_evidence_reaches_the_threshold(n, needed):
    share = critical_value(n, needed)
    if share < n:
        assert bayes_factor(n, share) == pytest.approx(needed, rel=1e-6)


def test_without_tempering_the_mixture_is_a_martingale_under_the_null():
    """The likelihood ratios, summed over every outcome of one minute, have mean 1 exactly."""
    shares = [0.2, 0.3, 0.5, 0.9]
    total = 6
    mean = 0.0
    for events in range(total + 1):
        mixture = LikelihoodMixture.of(3)
        mixture.add_sums(events, total, events * events / total, binomial_hypotheses(shares))
        chance = comb(total, events) * 0.2**events * 0.8 ** (total - events)
        mean += chance * sum(exp(c) for c in mixture.log_ratios[1:]) / 3
    assert mean == pytest.approx(1.0)


def test_the_log_likelihood_ratios_are_those_of_binomials():
    mixture = LikelihoodMixture.of(1)
    mixture.add_sums(3, 10, 3 * 3 / 10, binomial_hypotheses([0.2, 0.4]))
    expected = stats.binom.logpmf(3, 10, 0.4) - stats.binom.logpmf(3, 10, 0.2)
    assert mixture.log_ratios == [0.0, pytest.approx(expected)]


def test_the_binomial_dominates_the_hypergeometric_law_of_one_variants_events():
    """Hoeffding 1963: convex functions such as likelihood ratios have the greater mean under the binomial."""
    n_a, n_b, total = 40, 10, 12
    share = n_b / (n_a + n_b)
    for theta in (1.5, 4.0):
        other = n_b * theta / (n_a + n_b * theta)
        mean = sum(
            stats.hypergeom.pmf(x, n_a + n_b, n_b, total)
            * (other / share) ** x
            * ((1 - other) / (1 - share)) ** (total - x)
            for x in range(total + 1)
        )
        assert mean <= 1.0


@pytest.mark.parametrize("calls", [(40, 10), (10, 40), (25, 25)])
@pytest.mark.parametrize("rate", [0.01, 0.2, 0.6])
@pytest.mark.parametrize("null", [0.8, 1.0, 1.1, 1.5])
def test_the_mean_likelihood_ratio_of_a_minute_is_at_most_one_at_any_margin_and_base_rate(calls, rate, null):
    """By enumeration of both binomials. The harm test is therefore valid also where events are not rare."""
    n_a, n_b = calls
    x_a, x_b = np.arange(n_a + 1)[:, None], np.arange(n_b + 1)[None, :]
    chance = stats.binom.pmf(x_a, n_a, rate) * stats.binom.pmf(x_b, n_b, rate * null)
    share, *others = [n_b * theta / (n_a + n_b * theta) for theta in (null, null * 1.15, null * 2, null * 16)]
    for other in others:
        assert (chance * (other / share) ** x_b * ((1 - other) / (1 - share)) ** x_a).sum() <= 1.0


@pytest.mark.parametrize(("looks", "constant"), [(5, 2.040), (7, 2.063)])
def test_the_published_constants_of_o_brien_and_fleming_are_reproduced(looks, constant):
    """Jennison, Turnbull 2000, Group Sequential Methods, constants of O'Brien-Fleming tests at 5 %.

    The calibration compares the strategies with tests that allow only this number of looks.
    """
    at = np.arange(1, looks + 1) / looks
    correlation = np.sqrt(np.minimum.outer(at, at) / np.maximum.outer(at, at))
    bounds = constant / np.sqrt(at)
    within = stats.multivariate_normal(cov=correlation, seed=1).cdf(bounds, lower_limit=-bounds)
    assert 1.0 - within == pytest.approx(0.05, abs=5e-4)


def comparison(minutes, *, metric="Successes", swap=False):
    found = RateComparison(baseline="A", challenger="B", metric=metric)
    for at, (n_a, x_a, n_b, x_b) in enumerate(minutes):
        a = Counts(weight=50, invocations=n_a, trials=n_a, successes=x_a)
        b = Counts(weight=50, invocations=n_b, trials=n_b, successes=x_b)
        found.add(Minute(at, {"A": b, "B": a} if swap else {"A": a, "B": b}))
    return found


def drawn_minutes(seed, *, ratio=1.0, minutes=400):
    random = np.random.default_rng(seed)
    n_a, n_b = random.poisson(50, minutes) + 1, random.poisson(30, minutes) + 1
    x_a, x_b = random.binomial(n_a, 0.1), random.binomial(n_b, 0.1 * ratio)
    return list(zip(n_a.tolist(), x_a.tolist(), n_b.tolist(), x_b.tolist(), strict=True))


def blocks(minutes, length, ratio):
    """Compute the standardized deviations of a length's closed blocks as docs/evidence.md defines them."""
    strata = np.array(minutes, dtype=float)[: len(minutes) // 5 * 5].reshape(-1, 5, 4).sum(axis=1)[:-1]
    found, since, u, s, v = [], 0, 0.0, 0.0, 0.0
    for place, (n_a, x_a, n_b, x_b) in enumerate(strata):
        total, trials = x_a + x_b, n_a + n_b
        s += (x_b * n_a - ratio * x_a * n_b) / trials
        v += total * n_a * n_b / trials**2
        u += total * min(n_a, n_b) / trials
        if (place + 1) * 5 - since >= length and u >= 2:
            found.append(s / np.sqrt(v))
            since, u, s, v = (place + 1) * 5, 0.0, 0.0, 0.0
    return np.array(found)


@given(
    seed=st.integers(0, 10**6), ratio=st.sampled_from([0.7, 1.0, 1.4]), null=st.sampled_from([0.9, 1.0, 1.25])
)
@settings(max_examples=20, deadline=None)
def test_signed_evidence_is_the_least_evidence_of_all_lengths_with_twelve_blocks(seed, ratio, null):
    minutes = drawn_minutes(seed, ratio=ratio)
    found = comparison(minutes).evidence_at(null)
    lengths = [y for length in (10, 30, 90, 270, 810) if len(y := blocks(minutes, length, null)) >= 12]
    least = min(
        np.mean(
            [
                (1 + len(y) * g) ** -0.5
                * (1 - g * y.sum() ** 2 / ((1 + len(y) * g) * (y @ y))) ** (-len(y) / 2)
                for g in WIDTHS
            ]
        )
        for y in lengths
    )
    signs = {np.sign(y.sum()) for y in lengths}
    assert found.direction == (signs.pop() if len(signs) == 1 else 0)
    if found.direction:
        assert found.evidence == pytest.approx(least, rel=1e-9)


@given(seed=st.integers(0, 10**6), ratio=st.sampled_from([0.7, 1.0, 1.4]))
@settings(max_examples=25, deadline=None)
def test_swapped_variants_give_the_mirrored_evidence_and_interval(seed, ratio):
    minutes = drawn_minutes(seed, ratio=ratio)
    straight, mirrored = comparison(minutes), comparison(minutes, swap=True)
    assert mirrored.evidence_at().direction == -straight.evidence_at().direction
    assert mirrored.evidence_at().evidence == pytest.approx(straight.evidence_at().evidence, rel=1e-6)
    low, high = straight.interval(20)
    if low > 0.0 and high < inf:
        assert mirrored.interval(20) == pytest.approx((1 / high, 1 / low), rel=1e-6)


@given(seed=st.integers(0, 10**6), ratio=st.sampled_from([0.1, 0.6, 1.0, 1.3, 2.0, 9.0]))
@settings(max_examples=25, deadline=None)
def test_an_interval_ends_where_the_evidence_reaches_the_threshold(seed, ratio):
    found = comparison(drawn_minutes(seed, ratio=ratio))
    for end, side in zip(found.interval(20), (1, -1), strict=True):
        if 0.0 < end < inf:
            beyond, within = (found.evidence_at(end * (1 + sign * side * 1e-6)) for sign in (-1, 1))
            assert beyond.direction == side
            assert beyond.evidence >= 20
            assert within.direction != side or within.evidence < 20


@pytest.mark.parametrize("one_sided", [(0, 4), (4, 0)])
def test_an_interval_is_unbounded_if_one_variant_has_no_events(one_sided):
    x_a, x_b = one_sided
    assert comparison([(50, x_a, 50, x_b)] * 200).interval(20) == (0.0, inf)


def test_an_interval_can_be_bounded_on_one_side_only():
    """The baseline has few events, all late: the challenger has more, but the ratio has no upper bound."""
    minutes = [(50, 0, 50, 4)] * 195 + [(50, 1, 50, 4)] * 6
    found = comparison(minutes)
    low, high = found.interval(20)
    assert 1.0 < low < high == inf
    assert found.evidence_at(low * 0.999).evidence >= 20 > found.evidence_at(low * 1.001).evidence
    mirrored = comparison(minutes, swap=True).interval(20)
    assert mirrored == (0.0, pytest.approx(1 / low))


@pytest.mark.parametrize("calls", [(400, 100), (50, 450)])
@pytest.mark.parametrize("ratio", [0.1, 1.0, 5.0])
def test_the_difference_has_mean_zero_at_the_true_ratio_and_a_variance_independent_of_weights(calls, ratio):
    """By enumeration of both binomials at rare events. Weights may therefore differ between blocks."""
    n_a, n_b = calls
    rate = 0.002
    x_a, x_b = np.arange(n_a + 1)[:, None], np.arange(n_b + 1)[None, :]
    chance = stats.binom.pmf(x_a, n_a, rate) * stats.binom.pmf(x_b, n_b, rate * ratio)
    trials = n_a + n_b
    difference = (x_b * n_a - ratio * x_a * n_b) / trials
    expected = (chance * (x_a + x_b)).sum() * n_a * n_b / trials**2
    assert (chance * difference).sum() == pytest.approx(0.0, abs=1e-9)
    assert (chance * difference**2).sum() / expected == pytest.approx(ratio, rel=0.02)


@pytest.mark.parametrize("calls", [(10, 24), (7, 3), (1, 1)])
def test_rounding_is_not_evidence_if_every_trial_succeeds(calls):
    n_a, n_b = calls
    found = comparison([(n_a, n_a, n_b, n_b)] * 2000)
    assert found.evidence_at().direction == 0
    assert found.state.peak_evidence < 1.0


def test_before_twelve_blocks_there_is_no_evidence_and_no_interval():
    found = comparison(drawn_minutes(1, ratio=3.0, minutes=100))
    assert found.evidence_at().direction == 0
    assert found.interval(20) is None


def test_the_posterior_of_two_variants_estimates_their_log_ratio():
    random = np.random.default_rng(3)
    posterior = Posterior(["A", "B"], metric="Successes", period_minutes=30, half_life_minutes=1e9)
    for at in range(3000):
        counts = {}
        for name, rate in (("A", 0.1), ("B", 0.12)):
            n = int(random.poisson(50))
            counts[name] = Counts(weight=50, trials=n, successes=int(random.binomial(n, rate)))
        posterior.add(Minute(at, counts))
    mean, precision = posterior.state.mean, posterior.state.precision
    spread = sum(solve(precision, [-1.0, 1.0])[place] * sign for place, sign in ((0, -1), (1, 1))) ** 0.5
    assert mean[1] - mean[0] == pytest.approx(log(1.2), abs=4 * spread)
    assert spread == pytest.approx((0.9 / 15000 + 0.88 / 18000) ** 0.5, rel=0.1)


def test_the_fixed_sample_of_a_design_has_the_designs_power():
    """By enumeration of both binomials: rates of 5 % and 10 % at a power of 80 %."""
    design = Design(rate=0.05, effect=1.0, requests_per_minute=1.0, power=0.8, shares=(0.5, 0.5))
    n = round(fixed_sample_minutes(design) / 2)
    x = np.arange(n + 1)
    p, q = x[:, None] / n, x[None, :] / n
    spread = np.sqrt((p * (1 - p) + q * (1 - q)) / n)
    z = np.divide(q - p, spread, out=np.zeros_like(spread), where=spread > 0)
    chance = stats.binom.pmf(x, n, 0.05)[:, None] * stats.binom.pmf(x, n, 0.10)[None, :]
    assert float(chance[z > stats.norm.ppf(0.975)].sum()) == pytest.approx(0.8, abs=0.015)


def test_draws_have_the_means_and_variances_of_their_distributions():
    random = Random(1)
    for tries, rate in ((20, 0.1), (50, 0.9), (1000, 0.3)):
        drawn = [draw_binomial(random, tries, rate) for _ in range(4000)]
        assert np.mean(drawn) == pytest.approx(tries * rate, rel=0.03)
        assert np.var(drawn) == pytest.approx(tries * rate * (1 - rate), rel=0.1)
    for mean in (3.0, 80.0):
        drawn = [draw_poisson(random, mean) for _ in range(4000)]
        assert np.mean(drawn) == pytest.approx(mean, rel=0.05)
        assert np.var(drawn) == pytest.approx(mean, rel=0.1)
    assert draw_binomial(random, 10, 0.0) == 0
