"""The posterior equals an independent computation from its definition in docs/evidence.md."""

from random import Random

import numpy as np
import pytest

from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.evidence.posterior import Posterior

NAMES = ["A", "B", "C"]
PRIOR = np.eye(3) / 0.3**2


def drawn(*, minutes, seed=1, rates=(0.1, 0.12, 0.2), calls=(50, 30, 20), weights=None):
    random = Random(seed)
    for at in range(minutes):
        counts = {}
        for place, name in enumerate(NAMES):
            trials = random.randint(1, 2 * calls[place])
            successes = sum(random.random() < rates[place] for _ in range(trials))
            weight = (weights or {}).get((at, name), 30)
            counts[name] = Counts(weight=weight, trials=trials, successes=successes)
        yield Minute(at, counts)


def posterior_of(minutes, *, period=10, half_life=60.0):
    posterior = Posterior(NAMES, metric="Successes", period_minutes=period, half_life_minutes=half_life)
    for minute in minutes:
        posterior.add(minute)
    return posterior


def strata_of(minutes):
    """Return (trials, events) of each bin of five minutes by its first minute."""
    strata = {}
    for at, counts in minutes:
        trials, events = strata.setdefault(at // 5 * 5, (np.zeros(3), np.zeros(3)))
        for place, name in enumerate(NAMES):
            trials[place] += counts[name].trials
            events[place] += counts[name].successes
    return strata


def updated(mean, precision, strata, kept):
    """Decay the precision, and add the strata by Newton's method, to convergence."""
    prior = kept * precision + (1 - kept) * PRIOR
    at = mean.copy()
    for _ in range(50):
        gradient, total = -prior @ (at - mean), prior.copy()
        for trials, events in strata:
            whole = events.sum()
            q = trials * np.exp(at) / (trials @ np.exp(at))
            rare = 1 - whole / trials.sum()
            gradient = gradient + (events - whole * q) / rare
            total = total + whole * (np.diag(q) - np.outer(q, q)) / rare
        at = at + np.linalg.solve(total, gradient)
    return at, total


def expected(minutes, *, kept):
    mean, precision = np.zeros(3), PRIOR
    strata = strata_of(minutes)
    for period in range(len(strata) // 2):
        of_period = [strata[start] for start in (10 * period, 10 * period + 5)]
        mean, precision = updated(mean, precision, of_period, kept)
    return mean, precision


def test_mean_and_precision_follow_from_the_strata_and_the_decay_of_each_period():
    minutes = list(drawn(minutes=60))
    mean, precision = expected(minutes, kept=0.5 ** (10 / 60))
    found = posterior_of(minutes).state
    assert found.mean == pytest.approx(mean, abs=1e-5)
    assert np.array(found.precision) == pytest.approx(precision, rel=1e-4, abs=1e-3)


def test_the_contrast_has_the_log_ratio_and_its_standard_deviation():
    minutes = list(drawn(minutes=60))
    mean, precision = expected(minutes, kept=0.5 ** (10 / 60))
    signs = np.array([-1.0, 0.0, 1.0])
    ratio, deviation = posterior_of(minutes).contrast(2)
    assert ratio == pytest.approx(mean[2] - mean[0], abs=1e-5)
    assert deviation == pytest.approx((signs @ np.linalg.solve(precision, signs)) ** 0.5, rel=1e-4)


def test_a_bin_in_which_a_weight_changed_does_not_count():
    changed = list(drawn(minutes=10, weights={(7, "B"): 40}))
    mean, precision = updated(np.zeros(3), PRIOR, [strata_of(changed)[0]], 0.5 ** (10 / 60))
    found = posterior_of(changed).state
    assert found.mean == pytest.approx(mean, abs=1e-5)
    assert np.array(found.precision) == pytest.approx(precision, rel=1e-4, abs=1e-3)


def test_an_unknown_weight_is_not_a_change():
    unknown = list(drawn(minutes=10, weights={(7, "B"): None}))
    assert posterior_of(unknown).state.mean == posterior_of(drawn(minutes=10)).state.mean


def test_the_open_period_is_not_learned_yet():
    minutes = list(drawn(minutes=19))
    assert posterior_of(minutes).state.mean == posterior_of(minutes[:10]).state.mean
    assert posterior_of(minutes).last_seen == 18


def test_a_period_whose_last_minute_is_missing_ends_with_the_next_one():
    minutes = list(drawn(minutes=20))
    gap = [minute for minute in minutes if minute.at not in {9, 19}]
    first = updated(np.zeros(3), PRIOR, list(strata_of(minutes[:9]).values()), 0.5 ** (10 / 60))
    found = posterior_of([*gap, Minute(20, minutes[0].counts)]).state
    mean, _ = updated(*first, list(strata_of(minutes[10:19]).values()), 0.5 ** (10 / 60))
    assert found.mean == pytest.approx(mean, abs=1e-5)


def test_a_minute_counts_for_the_variants_that_have_the_metric():
    without = [Minute(at, {**counts, "C": Counts(weight=30)}) for at, counts in drawn(minutes=10)]
    found = posterior_of(without)
    assert found.state.mean[2] == pytest.approx(0.0, abs=1e-9)
    assert found.state.mean[0] != 0.0
    absent = posterior_of([Minute(5, {name: Counts(weight=30) for name in NAMES})])
    assert absent.state == posterior_of([]).state
