"""Durations, shares and percents of a policy take effect at their exact values."""

from math import ceil

import pytest

from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import DecisionReason, Verdict
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped

START = 10_000
"""Not a minute from which anything is counted by accident."""

EQUAL = {name: {"percent": 50, "rate": 0.1} for name in "AB"}
BETTER = EQUAL | {"B": {"percent": 50, "rate": 0.2}}
STEPS = [{"percent": 10, "hold": {"minDurationSeconds": 600, "minRequests": 1}}, {"percent": 100}]


def fed(policy, world, *, minutes, start=START):
    run = Run(policy, ["A", "B"], started=START)
    run.ingest(rows(world, minutes=minutes, start=start))
    return run


def candidate(at, *, weight, calls=50):
    """Rows of a baseline and a candidate whose percent of the weight, and of the calls, is `weight`."""
    others = calls * (100 - weight) // weight if weight else calls
    split = {"A": (100 - weight, others), "B": (weight, calls if weight else 0)}
    return [
        CountsRow(at, name, Counts(weight=share, invocations=invocations, errors_5xx=0))
        for name, (share, invocations) in split.items()
    ]


def test_half_of_what_a_bandit_has_learned_remains_after_the_half_life():
    """Two half-lives of two hours pass without calls. A quarter remains, and half an hour is added."""
    policy = bandit(halfLifeSeconds=7200, updateSeconds=1800, warmUpSeconds=0)
    gap = Run(policy, ["A", "B"], started=0)

    def precision():
        return gap.evidence.accumulators.posterior.contrast(1)[1] ** -2

    gap.ingest(rows(EQUAL, minutes=30, calls=100_000))
    before = precision()
    gap.ingest(rows(EQUAL, minutes=30, start=240, calls=100_000))
    assert precision() / before == pytest.approx(1.25, rel=0.02)


def test_a_bandit_stops_at_its_minimum_duration_and_not_a_minute_earlier():
    run = fed(bandit(stop={"minDurationSeconds": 14_400}, warmUpSeconds=0), BETTER, minutes=240)
    before, at = run.look(START + 239), run.look(START + 240)
    assert before.outcome.reason is DecisionReason.LEARNING
    assert (at.outcome.verdict, at.outcome.winner) == (Verdict.WINNER, "B")


def test_a_bandit_warms_up_until_its_seconds_are_over():
    run = fed(bandit(warmUpSeconds=3600), BETTER, minutes=60)
    assert run.look(START + 59).outcome.needs == {"seconds": 60}
    assert run.look(START + 60).outcome.reason is DecisionReason.LEARNING


def test_a_test_ends_at_its_minimum_duration_and_not_a_minute_earlier():
    run = fed(ab_test(minDurationSeconds=14_400), BETTER, minutes=240)
    before, at = run.look(START + 239), run.look(START + 240)
    assert (before.outcome.reason, before.outcome.needs) == (DecisionReason.MINIMUM_DURATION, {"seconds": 60})
    assert at.outcome.verdict is Verdict.WINNER


def test_a_test_warms_up_until_its_seconds_are_over():
    run = fed(ab_test(warmUpSeconds=3600), BETTER, minutes=60)
    assert run.look(START + 59).outcome.needs == {"seconds": 60}
    assert run.look(START + 60).outcome.reason is DecisionReason.MISSING_DATA
    run.ingest(rows(BETTER, minutes=1, start=START + 60))
    assert run.look(START + 61).outcome.reason is DecisionReason.EVIDENCE_TOO_LOW


@pytest.mark.parametrize(("weight", "applied"), [(8, True), (7.9, False), (12, True)])
def test_a_share_is_applied_if_at_most_two_points_are_missing(weight, applied):
    run = Run(stepped(steps=STEPS), ["A", "B"], started=START)
    run.ingest(candidate(START, weight=weight))
    reason = DecisionReason.STEP_HOLD if applied else DecisionReason.WEIGHTS_NOT_APPLIED
    assert run.look(START + 1).outcome.reason is reason


def test_the_hold_of_the_first_step_starts_at_the_first_look_that_finds_its_share():
    """The share is applied seven minutes after the start of the run. The hold of ten minutes ends at 17."""
    run = Run(stepped(steps=STEPS, guardrails=[]), ["A", "B"], started=START)
    reasons = []
    for minute in range(20):
        run.ingest(candidate(START + minute, weight=10 if minute >= 6 else 0))
        decision = run.look(START + minute + 1)
        reasons.append(decision.outcome.reason)
        if decision.outcome.final:
            break
    assert reasons[:6] == [DecisionReason.WEIGHTS_NOT_APPLIED] * 6
    assert reasons[6:-1] == [DecisionReason.STEP_HOLD] * 10
    assert (decision.at, decision.outcome.verdict) == (START + 17, Verdict.PROMOTE)


def test_the_requests_of_a_hold_count_from_its_start():
    hold = {"minDurationSeconds": 0, "minRequests": 120}
    steps = [{"percent": 10, "hold": hold}, {"percent": 100}]
    run = Run(stepped(steps=steps, guardrails=[]), ["A", "B"], started=START)
    run.ingest(candidate(START, weight=10, calls=500))
    assert run.look(START + 1).outcome.needs == {"requests": 120}
    run.ingest(candidate(START + 1, weight=10, calls=119))
    assert run.look(START + 2).outcome.needs == {"requests": 1}
    run.ingest(candidate(START + 2, weight=10, calls=1))
    assert run.look(START + 3).outcome.verdict is Verdict.PROMOTE


def test_the_first_step_starts_with_the_run():
    """So the candidate may be without invocations for ten minutes after that, and not for eleven."""
    policy = stepped(noTrafficGraceSeconds=600, onNoTraffic="Rollback")
    run = Run(policy, ["A", "B"], started=START)
    assert run.look(START + 10).outcome.verdict is Verdict.UNDECIDED
    assert run.progress.step_since == START
    assert run.look(START + 11).outcome.reason is DecisionReason.NO_TRAFFIC


def test_a_rollout_rolls_back_at_its_deadline_and_not_a_minute_earlier():
    policy = stepped(deadlineSeconds=3600, noTrafficGraceSeconds=7200, guardrails=[])
    run = Run(policy, ["A", "B"], started=START)
    assert run.look(START + 59).outcome.verdict is Verdict.UNDECIDED
    assert run.look(START + 60).outcome.reason is DecisionReason.DEADLINE_EXCEEDED


@pytest.mark.parametrize("rate", [0.295, 0.305])
def test_there_is_no_difference_once_the_interval_is_within_the_minimum_effect(rate):
    """The effect is a percent of the baseline's rate, on both sides."""
    world = {"A": {"percent": 50, "rate": 0.3}, "B": {"percent": 50, "rate": rate}}

    def outcome(effect):
        hypothesis = {"metric": "Successes", "expect": "Different", "minimumEffectPercent": effect}
        run = fed(ab_test(hypothesis=hypothesis), world, minutes=600)
        return run.look(START + 600).outcome, run.summaries()[0].interval

    _, (low, high) = outcome(99)
    effect = ceil(100 * max(1 - low, high - 1))
    assert 2 <= effect <= 30
    assert outcome(effect)[0].verdict is Verdict.NO_DIFFERENCE
    assert outcome(effect - 1)[0].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(("margin", "reason"), [(40, DecisionReason.NOT_INFERIOR), (5, None)])
def test_the_margin_is_a_percent_of_the_baselines_rate(margin, reason):
    """The challenger's rate is 20 % lower."""
    world = {"A": {"percent": 50, "rate": 0.3}, "B": {"percent": 50, "rate": 0.24}}
    hypothesis = {"metric": "Successes", "expect": "NonInferior", "marginPercent": margin}
    outcome = fed(ab_test(hypothesis=hypothesis), world, minutes=600).look(START + 600).outcome
    assert (outcome.reason if outcome.final else None) is reason
