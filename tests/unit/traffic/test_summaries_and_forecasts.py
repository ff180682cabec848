"""Comparison summaries, forecasts of test designs, and the restored outcome of a run."""

import json
from math import inf

import pytest

from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import DecisionReason
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.forecast import TestDesign as Design  # pytest collects names in Test
from sagemaker_ab.traffic.forecast import even_shares, forecast, shares_from_percents
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped

VARIANTS = {"A": {"percent": 50, "rate": 0.1}, "B": {"percent": 50, "rate": 0.15, "errors": 0.02}}


def ingested(policy, *, minutes=600):
    run = Run(policy, list(VARIANTS), started=0)
    run.ingest(rows(VARIANTS, minutes=minutes))
    return run


def test_a_summary_has_rates_ratio_interval_and_p_value():
    run = ingested(ab_test())
    (summary,) = run.summaries()
    assert (summary.metric, summary.baseline, summary.challenger) == ("Successes", "A", "B")
    assert summary.values == pytest.approx((0.1, 0.15), rel=0.1)
    assert 1 < summary.interval[0] < summary.ratio < summary.interval[1]
    assert summary.p < 0.05


def test_before_there_is_evidence_a_summary_has_no_interval():
    run = ingested(ab_test(), minutes=30)
    (summary,) = run.summaries()
    assert (summary.interval, summary.p) == (None, 1.0)


def test_guardrails_of_stepped_and_the_stopping_rule_of_a_bandit_have_summaries():
    run = ingested(stepped(steps=[{"percent": 50}]))
    assert [each.metric for each in run.summaries()] == ["ServerErrors"]
    run = ingested(bandit(stop={}))
    assert [each.metric for each in run.summaries()] == ["Successes"]


def test_the_summary_of_a_guardrail_on_a_rate_has_the_compared_rates():
    guard = [{"metric": "ServerErrors", "noWorseThanPercent": 10}]
    run = Run(ab_test(guardrails=guard), ["A", "B"], started=0)
    run.ingest(
        rows({"A": {"percent": 50, "errors": 0.02}, "B": {"percent": 50, "errors": 0.04}}, minutes=600)
    )
    _, summary = run.summaries()
    assert (summary.metric, summary.challenger) == ("ServerErrors", "B")
    assert summary.values == pytest.approx((0.02, 0.04), rel=0.1)
    assert summary.interval is None


def test_the_summary_of_a_bandit_without_stopping_rule_has_the_posterior():
    run = ingested(bandit())
    (summary,) = run.summaries()
    assert (summary.metric, summary.baseline, summary.challenger) == ("Successes", "A", "B")
    assert summary.ratio == pytest.approx(1.5, rel=0.1)
    assert 1 < summary.interval[0] < summary.ratio < summary.interval[1]
    assert summary.p is None


def test_a_forecast_simulates_the_sequential_test_and_is_seeded():
    design = Design(rate=0.1, effect=0.3, requests_per_minute=100, power=0.8, shares=even_shares(2))
    found = forecast(design)
    assert 120 <= found.median_minutes <= found.power_minutes < found.horizon_minutes
    assert found.fixed_sample_minutes < found.median_minutes
    assert forecast(design) == found


def test_a_forecast_simulates_six_times_the_fixed_sample_and_ten_hours_at_least():
    short = Design(rate=0.1, effect=0.5, requests_per_minute=100, power=0.8, shares=even_shares(2))
    found = forecast(short)
    assert 6 * found.fixed_sample_minutes < found.horizon_minutes == 600
    assert found.runs == 300
    long = forecast(Design(rate=0.05, effect=0.1, requests_per_minute=10, power=0.9, shares=even_shares(2)))
    assert long.horizon_minutes == pytest.approx(6 * long.fixed_sample_minutes)
    assert long.runs == max(60, int(400_000 / (long.horizon_minutes / 5)))


def test_a_forecast_of_an_effect_without_noise_is_the_time_that_twelve_blocks_take():
    """Every call of the baseline succeeds, and every second one of the challenger."""
    found = forecast(
        Design(rate=1.0, effect=-0.5, requests_per_minute=1000, power=0.8, shares=even_shares(2))
    )
    assert found.median_minutes == found.power_minutes == 120


def test_a_negative_effect_is_forecast_and_three_variants_take_longer():
    design = {"rate": 0.1, "requests_per_minute": 100, "power": 0.8}
    loss = forecast(Design(effect=-0.3, shares=shares_from_percents([50, 50]), **design))
    three = forecast(Design(effect=-0.3, shares=even_shares(3), **design))
    assert loss.median_minutes <= three.median_minutes
    assert loss.power_minutes < three.power_minutes


def test_a_lower_false_winner_rate_takes_longer():
    design = {"rate": 0.1, "effect": 0.3, "requests_per_minute": 100, "power": 0.8, "shares": even_shares(2)}
    usual, strict = forecast(Design(**design)), forecast(Design(false_winner=0.001, **design))
    assert forecast(Design(false_winner=0.05, **design)) == usual
    assert usual.fixed_sample_minutes < strict.fixed_sample_minutes
    assert usual.median_minutes < strict.median_minutes


def test_a_test_of_many_weeks_is_simulated_in_wider_strata_and_may_have_no_end():
    found = forecast(
        Design(rate=0.01, effect=0.2, requests_per_minute=0.5, power=0.99, shares=even_shares(2))
    )
    assert found.fixed_sample_minutes > 30 * 1440
    assert found.median_minutes < found.power_minutes <= inf


def test_a_breaker_on_latency_requires_a_p99_above_the_bound_in_every_minute():
    policy = stepped(guardrails=[], breakers=[{"metric": "Latency", "maxMicros": 1000, "minRequests": 3}])
    for tails, tripped in (
        ((2000, 2000, 2000), True),
        ((2000, 500, 2000), False),
        ((2000, None, 2000), False),
    ):
        run = Run(policy, ["A", "B"], started=0)
        run.ingest(
            CountsRow(at, name, Counts(weight=50, invocations=10, latency_p99_micros=tail))
            for at, tail in enumerate(tails)
            for name in "AB"
        )
        assert (run.look(3).outcome.reason is DecisionReason.BREAKER_TRIPPED) is tripped


def test_a_final_outcome_is_restored():
    run = ingested(ab_test())
    outcome = run.look(600).outcome
    assert outcome.final
    again = Run.from_json(json.loads(json.dumps(run.to_json())), run.policy, list(VARIANTS))
    assert again.look(700).outcome == outcome
    assert again.progress == run.progress
