"""Weights follow the posterior, within bounds. The same counts and seed give the same weights."""

from itertools import pairwise
from math import log
from random import Random

import pytest

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.traffic.counts import Counts, Minute
from sagemaker_ab.traffic.decision import DecisionReason, Verdict
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.evidence.posterior import Posterior
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import bandit, drawn, rows

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
        run.ingest(rows(variants, minutes=1, start=at, seed=at))
        decisions.append(run.look(at + 1))
        if decisions[-1].outcome.final:
            break
    return decisions


def test_the_warm_up_has_an_even_split():
    decisions = learn(bandit(), rates=[0.1, 0.1, 0.3], minutes=59)
    assert {tuple(each.outcome.weights.values()) for each in decisions} == {(34, 33, 33)}
    assert decisions[-1].outcome.reason is DecisionReason.WARMING_UP


def test_the_best_variant_gets_the_most_traffic_and_the_others_keep_their_floor():
    weights = learn(bandit(floorPercent=5, ceilingPercent=85), rates=[0.1, 0.1, 0.3])[-1].outcome.weights
    assert weights["C"] >= 80
    assert min(weights.values()) >= 5
    assert max(weights.values()) <= 85
    assert sum(weights.values()) == 100


def test_a_learning_outcome_reports_the_evidence_of_the_stopping_rule():
    outcome = learn(bandit(stop={"minDurationSeconds": 86400}), rates=[0.1, 0.1, 0.2])[-1].outcome
    assert (outcome.reason, outcome.subject) == (DecisionReason.LEARNING, "Successes of C over the others")
    assert outcome.evidence > outcome.threshold == 40


def test_at_goal_decrease_the_lowest_rate_gets_the_most_traffic():
    weights = learn(bandit(goal="Decrease"), rates=[0.1, 0.1, 0.02])[-1].outcome.weights
    assert weights["C"] >= 80


def test_no_update_exceeds_the_maximum_step():
    decisions = learn(bandit(maxStepPercent=10), rates=[0.1, 0.1, 0.3], minutes=300)
    series = [each.outcome.weights for each in decisions]
    steps = [abs(after[name] - before[name]) for before, after in pairwise(series) for name in NAMES]
    assert 0 < max(steps) <= 11  # ten points, rounded to whole percents


def test_changes_within_the_dead_band_are_not_made():
    decisions = learn(bandit(deadbandPercent=50, ceilingPercent=60), rates=[0.1, 0.1, 0.3], minutes=300)
    assert len({tuple(each.outcome.weights.values()) for each in decisions}) == 1


def test_the_same_seed_gives_the_same_weights_and_another_seed_gives_others():
    def weights(seed):
        decisions = learn(bandit(seed=seed), rates=[0.1, 0.1, 0.1], minutes=200)
        return [each.outcome.weights for each in decisions]

    assert weights(1) == weights(1)
    assert weights(1) != weights(2)


def test_a_challenger_in_breach_is_excluded_and_the_last_one_rolls_back():
    guard = [{"metric": "ServerErrors", "noWorseThanPercent": 10}]
    policy = bandit(baseline="A", guardrails=guard)
    decisions = learn(policy, rates=[0.1] * 3, errors={"C": 0.4}, minutes=59)
    assert decisions[-1].outcome.weights == {"A": 50, "B": 50, "C": 0}
    breach = next(each for each in decisions if each.outcome.reason is DecisionReason.GUARDRAIL_BREACHED)
    assert (breach.outcome.subject, breach.progress.dropped) == ("ServerErrors of C", ("C",))
    last = learn(policy, rates=[0.1] * 3, errors={"B": 0.4, "C": 0.4}, minutes=60)[-1].outcome
    assert (last.verdict, last.weights) == (Verdict.ROLLBACK, {"A": 100, "B": 0, "C": 0})


def test_a_guardrail_with_hold_keeps_the_weights():
    guard = [{"metric": "ServerErrors", "noWorseThanPercent": 10, "onBreach": "Hold"}]
    last = learn(bandit(baseline="A", guardrails=guard), rates=[0.1] * 3, errors={"C": 0.4}, minutes=90)[-1]
    assert last.outcome.verdict is Verdict.HOLD


def test_the_run_ends_when_one_variant_is_proven_over_all_others():
    last = learn(bandit(stop={"minDurationSeconds": 3600}), rates=[0.1, 0.1, 0.3], minutes=900)[-1].outcome
    assert (last.verdict, last.winner, last.weights) == (Verdict.WINNER, "C", {"A": 0, "B": 0, "C": 100})


def test_without_data_the_weights_stay():
    run = Run(bandit(), NAMES, started=0)
    run.look(0)
    outcome = run.look(600).outcome
    assert outcome.reason is DecisionReason.MISSING_DATA
    assert outcome.weights == {"A": 34, "B": 33, "C": 33}


def test_floor_and_ceiling_must_fit_the_number_of_variants():
    with pytest.raises(InvalidPolicy, match=r"floorPercent: 40 should be at most 33 for 3 variants"):
        Run(bandit(floorPercent=40), NAMES, started=0)
    with pytest.raises(InvalidPolicy, match=r"ceilingPercent: 30 should be at least 34 for 3 variants"):
        Run(bandit(ceilingPercent=30), NAMES, started=0)


def test_a_breached_guardrail_with_hold_does_not_prevent_an_exclusion():
    guards = [
        {"metric": "ClientErrors", "onBreach": "Hold"},
        {"metric": "ServerErrors", "onBreach": "Rollback"},
    ]
    run = Run(bandit(baseline="A", guardrails=guards), ["A", "B"], started=0)
    for at in range(60):
        for name, failed in (("A", 1), ("B", 40)):
            run.ingest([CountsRow(at, name, Counts(50, 100, errors_4xx=failed, errors_5xx=failed))])
        decision = run.look(at + 1)
        if decision.outcome.final:
            break
    assert (decision.outcome.verdict, decision.outcome.subject) == (Verdict.ROLLBACK, "ServerErrors of B")


def test_no_share_exceeds_the_ceiling_when_several_would():
    rates = [0.02, 0.3, 0.3]
    policy = bandit(ceilingPercent=40, floorPercent=5, maxStepPercent=100, deadbandPercent=0)
    weights = [each.outcome.weights for each in learn(policy, rates=rates, minutes=400)]
    assert max(max(each.values()) for each in weights) <= 40
    assert weights[-1] == {"A": 20, "B": 40, "C": 40}


def learned(shares, rates, *, minutes=range(30), half_life=1e9):
    """The posterior's log ratio of B over A after thousands of calls a minute."""
    random = Random(1)
    posterior = Posterior(["A", "B"], metric="Successes", period_minutes=30, half_life_minutes=half_life)
    for at in minutes:
        counts = {}
        for name, share, rate in zip("AB", shares, rates, strict=True):
            calls = round(10_000 * share)
            counts[name] = Counts(weight=100 * share, trials=calls, successes=drawn(random, calls, rate))
        posterior.add(Minute(at, counts))
    return posterior


@pytest.mark.parametrize(
    ("shares", "rates"), [((0.99, 0.01), (0.01, 0.2)), ((0.9, 0.1), (0.01, 0.3)), ((0.5, 0.5), (0.1, 0.11))]
)
def test_the_posterior_is_accurate_at_unequal_shares(shares, rates):
    ratio, deviation = learned(shares, rates).contrast(1)
    assert ratio == pytest.approx(log(rates[1] / rates[0]), abs=0.15)
    assert deviation < 0.1


def test_the_posterior_decays_over_a_gap_as_over_periods_with_data():
    """After two half-lives without calls a quarter of the precision remains, plus that of the last period."""
    before = learned((0.5, 0.5), (0.1, 0.1), minutes=range(30)).contrast(1)[1] ** -2
    gap = [*range(30), *range(30 * 100, 30 * 101)]
    after = learned((0.5, 0.5), (0.1, 0.1), minutes=gap, half_life=1500).contrast(1)[1] ** -2
    assert after / before == pytest.approx(1.25, rel=0.05)


def test_the_posterior_waits_for_the_attribution_window():
    run = Run(bandit(attributionSeconds=3600, warmUpSeconds=0, stop={}), ["A", "B"], started=0)
    run.ingest(rows({"A": {"percent": 50}, "B": {"percent": 50}}, minutes=100))
    assert run.evidence.accumulators.posterior.last_seen == 39
    assert run.look(100).outcome.reason is DecisionReason.LEARNING


def test_without_guardrails_the_next_look_is_at_the_next_update():
    learning = [each for each in learn(bandit(), rates=[0.1] * 3, minutes=70) if each.at in (0, 59, 60, 65)]
    assert [each.at + each.next_look_in_minutes for each in learning] == [60, 60, 90, 90]
    guarded = bandit(baseline="A", guardrails=[{"metric": "ServerErrors"}])
    assert {each.next_look_in_minutes for each in learn(guarded, rates=[0.1] * 3, minutes=70)} == {1}


def test_a_variant_without_a_floor_gets_what_the_ceiling_leaves():
    """Without traffic, nothing more could be learned about it."""
    policy = bandit(floorPercent=0, ceilingPercent=90, maxStepPercent=100)
    weights = learn(policy, rates=[0.02, 0.5], minutes=300, names=["A", "B"])[-1].outcome.weights
    assert weights == {"A": 10, "B": 90}


def test_without_data_the_next_look_is_in_a_minute():
    run = Run(bandit(), NAMES, started=0)
    missing = run.look(600)
    assert (missing.outcome.reason, missing.next_look_in_minutes) == (DecisionReason.MISSING_DATA, 1)
