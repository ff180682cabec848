"""Thresholds, ages and shares of the checks that strategies have in common."""

from dataclasses import replace

import pytest

from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import DecisionReason, Verdict
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.strategies.shares import all_traffic_to, round_to_percents
from sagemaker_ab.traffic.strategies.thompson import under_ceiling
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped

START = 10_000
GUARDS = [{"metric": "ServerErrors", "onBreach": "Hold"}, {"metric": "ClientErrors", "onBreach": "Hold"}]
HOLD = {"minDurationSeconds": 36_000, "minRequests": 1}
EVEN = {name: {"percent": 50, "errors": 0.02} for name in "AB"}
THREE = {name: {"percent": 33, "errors": 0.02} for name in "ABC"}


def last(policy, world, *, minutes=300, start=START):
    run = Run(policy, list(world), started=START)
    run.ingest(rows(world, minutes=minutes, start=start))
    return run, run.look(START + minutes).outcome


def held(**changes):
    return stepped(steps=[{"percent": 50, "hold": HOLD}, {"percent": 100}], **changes)


def test_all_guardrails_and_challengers_share_the_false_alarm_rate():
    """Two guardrails at 1 % with one challenger, and with two."""
    assert last(held(guardrails=GUARDS), EVEN)[1].threshold == pytest.approx(200)
    harmful = THREE | {"C": {"percent": 33, "errors": 0.2}}
    policy = ab_test(guardrails=GUARDS, errorRates={"falseAlarm": "0.02"})
    assert last(policy, harmful)[1].threshold == pytest.approx(4 / 0.02)


def test_all_challengers_share_the_false_winner_rate():
    rate = {"falseWinner": "0.01"}
    assert last(ab_test(errorRates=rate, minDurationSeconds=86_400), THREE)[1].threshold == pytest.approx(200)
    policy = bandit(stop={"falseWinner": "0.01", "minDurationSeconds": 86_400}, warmUpSeconds=0)
    assert last(policy, THREE)[1].threshold == pytest.approx(200)


def test_a_sample_ratio_mismatch_needs_evidence_of_two_sides_and_all_variants_at_one_in_a_thousand():
    skewed = [
        row._replace(counts=row.counts._replace(weight=33))
        for row in rows(THREE | {"C": {"percent": 80}}, minutes=60, start=START)
    ]
    run = Run(ab_test(), list("ABC"), started=START)
    run.ingest(skewed)
    outcome = run.look(START + 60).outcome
    assert (outcome.reason, outcome.threshold) == (DecisionReason.SAMPLE_RATIO_MISMATCH, pytest.approx(6000))
    assert outcome.subject == "share of A"


@pytest.mark.parametrize(("age", "verdict"), [(30, Verdict.UNDECIDED), (31, Verdict.HOLD)])
def test_guardrail_data_is_missing_when_it_is_more_than_thirty_minutes_old(age, verdict):
    run = Run(held(), ["A", "B"], started=START)
    run.ingest(rows(EVEN, minutes=100, start=START))
    newest = START + 99
    assert run.look(newest + age).outcome.verdict is verdict


@pytest.mark.parametrize(("age", "verdict"), [(40, Verdict.UNDECIDED), (41, Verdict.HOLD)])
def test_successes_may_be_older_by_the_attribution_window(age, verdict):
    """The newest minutes wait for their conversions, so the newest one that counted is ten minutes older."""
    policy = ab_test(guardrails=[{"metric": "Successes"}], attributionSeconds=600)
    run = Run(policy, ["A", "B"], started=START)
    run.ingest(rows(EVEN, minutes=100, start=START))
    newest_counted = START + 89
    assert run.look(newest_counted + age).outcome.verdict is verdict


def test_a_run_has_thirty_minutes_before_its_first_data():
    run = Run(held(), ["A", "B"], started=START)
    assert run.look(START + 29).outcome.verdict is Verdict.UNDECIDED
    assert run.look(START + 30).outcome.needs == {"data": "ServerErrors of A and B"}


def test_a_candidate_whose_weight_is_not_known_has_no_share():
    run = Run(held(), ["A", "B"], started=START)
    run.ingest([CountsRow(START, "A", Counts(weight=1, invocations=5, errors_5xx=0))])
    run.ingest([CountsRow(START, "B", Counts(invocations=5, errors_5xx=0))])
    assert run.look(START + 1).outcome.reason is DecisionReason.WEIGHTS_NOT_APPLIED


def test_without_any_weight_in_the_counts_a_hold_starts_at_once():
    run = Run(held(), ["A", "B"], started=START)
    run.ingest([CountsRow(START, name, Counts(invocations=5, errors_5xx=0)) for name in "AB"])
    assert run.look(START + 1).outcome.reason is DecisionReason.STEP_HOLD


def broken(*, failed, calls=100, minutes=1, **changes):
    breaker = {"metric": "ServerErrors", "maxRate": "0.2", "minRequests": 100, "forMinutes": 3}
    run = Run(held(guardrails=[], breakers=[breaker | changes]), ["A", "B"], started=START)
    for at in range(START, START + minutes):
        run.ingest([CountsRow(at, "B", Counts(weight=50, invocations=calls, errors_5xx=failed))])
    return run.look(START + minutes).outcome


@pytest.mark.parametrize(
    ("given", "trips"),
    [
        ({"failed": 20}, False),
        ({"failed": 21}, True),
        ({"failed": 99, "calls": 99}, False),
        ({"failed": 33, "calls": 33, "minutes": 3}, False),
        ({"failed": 34, "calls": 34, "minutes": 3}, True),
        ({"failed": 25, "calls": 25, "minutes": 9}, False),
    ],
)
def test_a_breaker_trips_above_its_rate_with_enough_requests_in_its_minutes(given, trips):
    outcome = broken(**given)
    assert (outcome.reason is DecisionReason.BREAKER_TRIPPED) is trips
    if trips:
        assert outcome.evidence == pytest.approx(given["failed"] / given.get("calls", 100))
        assert outcome.threshold == pytest.approx(0.2)


def test_a_breaker_sees_only_its_minutes_across_a_gap():
    """Minutes 0 and 3 are not within three minutes of each other, 1 and 3 are."""
    breaker = {"metric": "ServerErrors", "maxRate": "0.2", "minRequests": 100, "forMinutes": 3}
    for gap, trips in ((3, False), (2, True)):
        run = Run(held(guardrails=[], breakers=[breaker]), ["A", "B"], started=START)
        for at in (START, START + gap):
            run.ingest([CountsRow(at, "B", Counts(weight=50, invocations=50, errors_5xx=50))])
        outcome = run.look(START + gap + 1).outcome
        assert (outcome.reason is DecisionReason.BREAKER_TRIPPED) is trips


def test_an_excluded_variant_gets_no_share_at_later_updates():
    guard = [{"metric": "ServerErrors", "noWorseThanPercent": 10}]
    policy = bandit(baseline="A", guardrails=guard, warmUpSeconds=0, updateSeconds=600, deadbandPercent=0)
    run = Run(policy, list("ABC"), started=START)
    world = {
        "A": {"percent": 33, "rate": 0.1, "errors": 0.01},
        "B": {"percent": 33, "rate": 0.2, "errors": 0.01},
        "C": {"percent": 33, "rate": 0.1, "errors": 0.4},
    }
    requested = []
    for at in range(START, START + 120):
        run.ingest(rows(world, minutes=1, start=at, seed=at))
        requested.append(run.look(at + 1).outcome.weights)
    assert run.progress.dropped == ("C",)
    assert requested[-1]["C"] == 0
    assert requested[-1]["B"] > requested[-1]["A"] >= 5
    assert len({tuple(each.values()) for each in requested}) > 3


def test_the_others_share_evenly_if_an_excluded_variant_had_all_the_traffic():
    run = Run(bandit(), list("ABC"), started=START)
    weights = {"A": 0, "B": 0, "C": 100}
    run.progress = replace(run.progress, weights=weights, dropped=("C",))
    outcome = run.look(START + 1440).outcome
    assert (outcome.reason, outcome.weights) == (DecisionReason.MISSING_DATA, {"A": 50, "B": 50, "C": 0})


def test_shares_are_rounded_by_the_largest_remainder():
    assert round_to_percents({"A": 1.0, "B": 1.0, "C": 1.0}) == {"A": 34, "B": 33, "C": 33}
    assert round_to_percents({"A": 0.125, "B": 0.0, "C": 0.875}) == {"A": 13, "B": 0, "C": 87}
    assert round_to_percents({"A": 10.2, "B": 10.5, "C": 79.3}) == {"A": 10, "B": 11, "C": 79}
    assert all_traffic_to("B", ["A", "B"]) == {"A": 0, "B": 100}


@pytest.mark.parametrize(
    ("shares", "ceiling", "limited"),
    [
        ({"A": 10.0, "B": 20.0, "C": 70.0}, 90, {"A": 10.0, "B": 20.0, "C": 70.0}),
        ({"A": 10.0, "B": 20.0, "C": 70.0}, 40, {"A": 20.0, "B": 40.0, "C": 40.0}),
        ({"A": 10.0, "B": 30.0, "C": 60.0}, 50, {"A": 12.5, "B": 37.5, "C": 50.0}),
        ({"A": 0.0, "B": 100.0}, 80, {"A": 20.0, "B": 80.0}),
        ({"A": 0.0, "B": 0.0, "C": 100.0}, 34, {"A": 33.0, "B": 33.0, "C": 34.0}),
        ({"A": 20.0, "B": 80.0}, 34, {"A": 50.0, "B": 50.0}),
    ],
)
def test_the_excess_over_the_ceiling_goes_to_the_others_in_proportion(shares, ceiling, limited):
    assert under_ceiling(shares, ceiling) == pytest.approx(limited)
