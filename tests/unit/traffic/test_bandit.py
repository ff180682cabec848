"""Weights follow what is learnt, within bounds; the same counts and seed give the same weights."""

from itertools import pairwise

import pytest

from sagemaker_ab.api.policies.traffic import InvalidPolicy
from sagemaker_ab.traffic.decision import Reason, Verdict
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import bandit, rows

NAMES = ["A", "B", "C"]


def learn(policy, *, rates, minutes=600, errors=None, names=NAMES):
    run = Run(policy, names, started=0)
    decisions = [run.look(0)]
    for at in range(minutes):
        weights = decisions[-1].outcome.weights
        variants = {
            name: {"percent": weights[name], "rate": rate, "errors": (errors or {}).get(name, 0.01)}
            for name, rate in zip(names, rates, strict=True)
        }
        run.observe(rows(variants, minutes=1, start=at, seed=at))
        decisions.append(run.look(at + 1))
        if decisions[-1].outcome.final:
            break
    return decisions


def test_it_warms_up_with_an_even_split():
    decisions = learn(bandit(), rates=[0.1, 0.1, 0.3], minutes=59)
    assert {tuple(each.outcome.weights.values()) for each in decisions} == {(34, 33, 33)}
    assert decisions[-1].outcome.reason is Reason.WARMING_UP


def test_the_best_gets_the_most_and_the_others_keep_their_floor():
    weights = learn(bandit(floorPercent=5, ceilingPercent=85), rates=[0.1, 0.1, 0.3])[-1].outcome.weights
    assert weights["C"] >= 80
    assert min(weights.values()) >= 5
    assert max(weights.values()) <= 85
    assert sum(weights.values()) == 100


def test_while_it_learns_it_says_how_near_the_evidence_to_stop_is():
    outcome = learn(bandit(stop={"minDurationSeconds": 86400}), rates=[0.1, 0.1, 0.2])[-1].outcome
    assert (outcome.reason, outcome.subject) == (Reason.LEARNING, "Successes of C over the others")
    assert outcome.evidence > outcome.threshold == 40


def test_where_less_is_better_the_least_gets_the_most():
    weights = learn(bandit(goal="Decrease"), rates=[0.1, 0.1, 0.02])[-1].outcome.weights
    assert weights["C"] >= 80


def test_no_step_is_greater_than_the_greatest():
    decisions = learn(bandit(maxStepPercent=10), rates=[0.1, 0.1, 0.3], minutes=300)
    series = [each.outcome.weights for each in decisions]
    steps = [abs(after[name] - before[name]) for before, after in pairwise(series) for name in NAMES]
    assert 0 < max(steps) <= 11  # ten points, rounded to whole percents


def test_changes_within_the_dead_band_are_not_made():
    decisions = learn(bandit(deadbandPercent=50, ceilingPercent=60), rates=[0.1, 0.1, 0.3], minutes=300)
    assert len({tuple(each.outcome.weights.values()) for each in decisions}) == 1


def test_the_same_seed_gives_the_same_weights_and_another_others():
    def weights(seed):
        decisions = learn(bandit(seed=seed), rates=[0.1, 0.1, 0.1], minutes=200)
        return [each.outcome.weights for each in decisions]

    assert weights(1) == weights(1)
    assert weights(1) != weights(2)


def test_a_variant_in_breach_is_excluded_and_with_the_last_challenger_it_rolls_back():
    guard = [{"metric": "ServerErrors", "noWorseThanPercent": 10}]
    policy = bandit(baseline="A", guardrails=guard)
    weights = learn(policy, rates=[0.1] * 3, errors={"C": 0.4}, minutes=59)[-1].outcome.weights
    assert weights == {"A": 50, "B": 50, "C": 0}
    last = learn(policy, rates=[0.1] * 3, errors={"B": 0.4, "C": 0.4}, minutes=60)[-1].outcome
    assert (last.verdict, last.weights) == (Verdict.ROLLBACK, {"A": 100, "B": 0, "C": 0})


def test_a_guardrail_may_hold_the_weights():
    guard = [{"metric": "ServerErrors", "noWorseThanPercent": 10, "onBreach": "Hold"}]
    last = learn(bandit(baseline="A", guardrails=guard), rates=[0.1] * 3, errors={"C": 0.4}, minutes=90)[-1]
    assert last.outcome.verdict is Verdict.HOLD


def test_it_stops_when_one_is_proven_over_all_others():
    last = learn(bandit(stop={"minDurationSeconds": 3600}), rates=[0.1, 0.1, 0.3], minutes=900)[-1].outcome
    assert (last.verdict, last.winner, last.weights) == (Verdict.WINNER, "C", {"A": 0, "B": 0, "C": 100})


def test_without_data_it_keeps_its_weights():
    run = Run(bandit(), NAMES, started=0)
    run.look(0)
    outcome = run.look(600).outcome
    assert outcome.reason is Reason.MISSING_DATA
    assert outcome.weights == {"A": 34, "B": 33, "C": 33}


def test_floors_and_ceilings_must_leave_room_for_all():
    with pytest.raises(InvalidPolicy, match=r"floorPercent: 40 should be at most 33 for 3 variants"):
        Run(bandit(floorPercent=40), NAMES, started=0)
    with pytest.raises(InvalidPolicy, match=r"ceilingPercent: 30 should be at least 34 for 3 variants"):
        Run(bandit(ceilingPercent=30), NAMES, started=0)
