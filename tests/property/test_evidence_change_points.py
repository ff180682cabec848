"""The evidence of harm is a mixture over alternatives and start times, and a valid test at every minute."""

from itertools import product
from math import comb, exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_ab.traffic.evidence.change_point import ChangePointMixture, weight_after
from sagemaker_ab.traffic.evidence.codec import numbers_of, state_from
from sagemaker_ab.traffic.evidence.mixture import binomial_hypotheses

SHARES = [0.1, 0.15, 0.3, 0.6]
"""The null and three alternatives."""

HYPOTHESES = binomial_hypotheses(SHARES)


def mixture_of(minutes):
    mixture = ChangePointMixture.of(len(SHARES) - 1)
    for events, total in minutes:
        mixture.add(events, total, HYPOTHESES)
    return mixture


def drawn(seed, *, minutes=80, onset=40, share=0.3):
    """Draw minutes at the null, and at another share from `onset` on."""
    random = np.random.default_rng(seed)
    totals = random.poisson(3, minutes) + 1
    shares = np.where(np.arange(minutes) < onset, SHARES[0], share)
    return list(zip(random.binomial(totals, shares).tolist(), totals.tolist(), strict=True))


def by_start_times(minutes):
    """Compute each alternative's number as docs/evidence.md defines it, a product for each start time.

    Return the numbers and the dispersion that each minute was tempered with.
    """
    weights = [0.4, *(0.6 * (500 / (499 + t) - 500 / (500 + t)) for t in range(1, len(minutes)))]
    squares, dispersions, factors = [], [], []
    numbers = np.zeros(len(SHARES) - 1)
    for t, (x, total) in enumerate(minutes):
        largest = max(squares, default=0.0)
        dispersions.append(max(1.0, (sum(squares) + 2 * largest + 7.5) / (t + 4)))
        ratios = [
            (x * log(p / SHARES[0]) + (total - x) * log((1 - p) / (1 - SHARES[0]))) / dispersions[-1]
            for p in SHARES[1:]
        ]
        fits = np.log(numbers + weights[t]) + ratios
        factors.append([min(12.0, exp(each)) for each in ratios])
        products_since = np.cumprod(factors[::-1], axis=0)[::-1]
        numbers = np.array(weights[: t + 1]) @ products_since
        best = int(np.argmax(fits))
        share = SHARES[best + 1] if numbers.max() > 1 - sum(weights[: t + 1]) else SHARES[0]
        squares.append((x - total * share) ** 2 / (total * share * (1 - share)))
    return numbers, dispersions


@given(
    seed=st.integers(0, 10**6), onset=st.sampled_from([0, 40, 80]), share=st.sampled_from([0.15, 0.3, 0.9])
)
@settings(max_examples=25, deadline=None)
def test_each_number_is_the_weighted_sum_over_all_start_times(seed, onset, share):
    minutes = drawn(seed, onset=onset, share=share)
    numbers, _ = by_start_times(minutes)
    mixture = mixture_of(minutes)
    assert mixture.scores == pytest.approx(numbers.tolist(), rel=1e-9)
    assert mixture.evidence == pytest.approx(numbers.mean() + weight_after(len(minutes)), rel=1e-9)


@given(minutes=st.integers(0, 10**6))
def test_the_weights_of_all_start_times_sum_to_one(minutes):
    assert weight_after(0) == 1.0
    assert 0.0 < weight_after(minutes + 1) < weight_after(minutes)
    assert weight_after(1e15) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("total", [1, 3])
def test_under_the_null_no_number_has_a_mean_above_the_weight_of_its_start_times(total):
    """Exactly, over every history of four minutes."""
    means = np.zeros(len(SHARES) - 1)
    chances = [comb(total, x) * SHARES[0] ** x * (1 - SHARES[0]) ** (total - x) for x in range(total + 1)]
    for history in product(range(total + 1), repeat=4):
        chance = np.prod([chances[x] for x in history])
        means += chance * np.array(mixture_of([(x, total) for x in history]).scores)
    assert all(means <= 1.0 - weight_after(4))


def test_under_the_null_the_evidence_of_a_long_run_has_a_mean_of_at_most_one():
    """By simulation: within three standard errors, at any time."""
    histories = [drawn(seed, minutes=100, onset=100) for seed in range(400)]
    for until in (20, 100):
        found = [mixture_of(minutes[:until]).evidence for minutes in histories]
        assert np.mean(found) <= 1.0 + 3 * np.std(found) / len(found) ** 0.5


@given(seed=st.integers(0, 10**6), events=st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_a_minute_is_tempered_by_the_dispersion_of_earlier_minutes_only(seed, events):
    minutes = drawn(seed, minutes=20, onset=10)
    _, dispersions = by_start_times([*minutes, (events, 50)])
    assert dispersions == by_start_times([*minutes, (0, 50)])[1]


def test_no_minute_multiplies_a_number_by_more_than_twelve():
    mixture = mixture_of(drawn(1, onset=80))
    before = mixture.scores
    weight = weight_after(80) - weight_after(81)
    mixture.add(1000, 1000, HYPOTHESES)
    assert mixture.scores == pytest.approx([12.0 * (score + weight) for score in before])


def test_neither_large_counts_nor_long_harm_exceed_the_range_of_floats():
    mixture = mixture_of([(60_000, 100_000)] * 2000)
    assert 1e300 < mixture.evidence < float("inf")
    mixture.add(0, 100_000, HYPOTHESES)
    assert mixture.evidence < 1.0


def test_a_restored_mixture_continues_bit_for_bit():
    minutes = drawn(2)
    saved = numbers_of(mixture_of(minutes[:50]))
    restored = state_from(ChangePointMixture, iter(saved))
    for events, total in minutes[50:]:
        restored.add(events, total, HYPOTHESES)
    assert restored == mixture_of(minutes)
