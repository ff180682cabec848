"""ABTest names a winner that is proven at every block length, within its durations, never without data."""

import pytest

from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.decision import DecisionReason, Verdict
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import ab_test, rows, run_through

EVEN = {"percent": 50}


def world(**rates):
    percent = round(100 / len(rates))
    return {name: {"percent": percent, "rate": rate} for name, rate in rates.items()}


def last(policy, variants, *, minutes=1500, every=5, **kwargs):
    return run_through(policy, variants, minutes=minutes, every=every, **kwargs)[-1]


def test_a_better_challenger_is_proven_the_winner():
    outcome = last(ab_test(), world(A=0.1, B=0.13)).outcome
    assert (outcome.verdict, outcome.winner, outcome.reason) == (Verdict.WINNER, "B", DecisionReason.PROVEN)
    assert outcome.evidence >= outcome.threshold == pytest.approx(20)


def test_under_different_the_baseline_wins_over_a_worse_challenger():
    outcome = last(ab_test(), world(A=0.13, B=0.1)).outcome
    assert (outcome.winner, outcome.reason) == ("A", DecisionReason.PROVEN)


def test_under_superior_a_worse_challenger_leaves_the_test_undecided():
    policy = ab_test(hypothesis={"metric": "Successes", "expect": "Superior"})
    assert last(policy, world(A=0.13, B=0.1)).outcome.verdict is Verdict.UNDECIDED


def test_the_goal_decrease_reverses_the_verdict():
    policy = ab_test(hypothesis={"metric": "Successes", "expect": "Different", "goal": "Decrease"})
    assert last(policy, world(A=0.1, B=0.13)).outcome.winner == "A"


def test_non_inferiority_is_proven_at_the_margin():
    policy = ab_test(hypothesis={"metric": "Successes", "expect": "NonInferior", "marginPercent": 20})
    outcome = last(policy, world(A=0.1, B=0.1)).outcome
    assert (outcome.winner, outcome.reason) == ("B", DecisionReason.NOT_INFERIOR)


def test_no_difference_requires_a_minimum_effect():
    hypothesis = {"metric": "Successes", "expect": "Different"}
    equal = world(A=0.3, B=0.3)
    assert last(ab_test(hypothesis=hypothesis), equal).outcome.verdict is Verdict.UNDECIDED
    outcome = last(ab_test(hypothesis=hypothesis | {"minimumEffectPercent": 20}), equal).outcome
    assert (outcome.verdict, outcome.reason) == (Verdict.NO_DIFFERENCE, DecisionReason.WITHIN_MINIMUM_EFFECT)
    assert outcome.winner is None


def test_the_winner_is_best_of_several_unless_proven_over_the_other_challengers():
    outcome = last(ab_test(), world(A=0.05, B=0.1, C=0.101)).outcome
    assert outcome.verdict is Verdict.WINNER
    assert outcome.reason is DecisionReason.BEST_OF_SEVERAL
    clear = last(ab_test(minDurationSeconds=86400), world(A=0.05, B=0.1, C=0.2)).outcome
    assert (clear.winner, clear.reason) == ("C", DecisionReason.PROVEN)


def test_a_lower_average_latency_wins():
    policy = ab_test(hypothesis={"metric": "Latency", "expect": "Different"})
    variants = {"A": EVEN | {"micros": 50_000}, "B": EVEN | {"micros": 40_000}}
    outcome = last(policy, variants).outcome
    assert (outcome.winner, outcome.reason) == ("B", DecisionReason.PROVEN)


def test_there_is_no_verdict_before_the_minimum_duration_and_needs_says_how_long():
    decisions = run_through(ab_test(minDurationSeconds=36_000), world(A=0.1, B=0.15), minutes=700, every=5)
    waiting = [each for each in decisions if each.outcome.reason is DecisionReason.MINIMUM_DURATION]
    assert waiting[0].outcome.needs == {"seconds": 36_000 - waiting[0].at * 60}
    assert decisions[-1].at == 600


def test_at_the_maximum_duration_the_run_ends_undecided():
    outcome = last(ab_test(maxDurationSeconds=3600), world(A=0.1, B=0.1)).outcome
    assert (outcome.verdict, outcome.reason, outcome.final) == (
        Verdict.UNDECIDED,
        DecisionReason.MAXIMUM_DURATION,
        True,
    )


def test_promotion_is_optional_and_keeping_weights_is_the_default():
    policy = ab_test(onWinner="Promote")
    assert last(policy, world(A=0.1, B=0.15)).outcome.weights == {"A": 0, "B": 100}
    assert last(ab_test(), world(A=0.1, B=0.15)).outcome.weights == {"A": 50, "B": 50}


def test_a_final_outcome_does_not_change():
    run = Run(ab_test(), ["A", "B"], started=0)
    run.ingest(rows(world(A=0.1, B=0.15), minutes=600))
    first = run.look(600)
    run.ingest(rows(world(A=0.2, B=0.05), minutes=600, start=600))
    assert first.outcome.final
    assert run.look(1200).outcome == first.outcome
    assert (first.next_look_in_minutes, run.look(1200).next_look_in_minutes) == (0, 0)


def test_a_breach_drops_the_challenger_and_the_last_one_rolls_back():
    guard = [{"metric": "ServerErrors", "noWorseThanPercent": 10}]
    variants = world(A=0.1, B=0.1, C=0.1)
    variants["C"]["errors"] = 0.3
    variants["A"]["errors"] = variants["B"]["errors"] = 0.01
    decisions = run_through(ab_test(guardrails=guard), variants, minutes=120)
    breach = next(each for each in decisions if each.outcome.reason is DecisionReason.GUARDRAIL_BREACHED)
    assert (breach.outcome.subject, breach.progress.dropped) == ("ServerErrors of C", ("C",))
    dropped = decisions[-1].outcome
    assert dropped.verdict is Verdict.UNDECIDED
    assert dropped.weights == {"A": 50, "B": 50, "C": 0}
    variants["B"]["errors"] = 0.3
    outcome = last(ab_test(guardrails=guard), variants, minutes=120, every=1).outcome
    assert (outcome.verdict, outcome.reason) == (Verdict.ROLLBACK, DecisionReason.GUARDRAIL_BREACHED)
    assert outcome.weights == {"A": 100, "B": 0, "C": 0}


def test_a_guardrail_with_hold_keeps_the_weights_while_it_is_breached():
    guard = [{"metric": "ServerErrors", "noWorseThanPercent": 0, "onBreach": "Hold"}]
    variants = {"A": EVEN | {"errors": 0.01}, "B": EVEN | {"errors": 0.2, "rate": 0.2}}
    outcome = last(ab_test(guardrails=guard), variants, minutes=300).outcome
    assert (outcome.verdict, outcome.reason) == (Verdict.HOLD, DecisionReason.GUARDRAIL_BREACHED)


def test_a_sample_ratio_mismatch_holds_the_run_unless_it_is_ignored():
    variants = {"A": {"percent": 65, "rate": 0.1}, "B": {"percent": 35, "rate": 0.15}}
    skewed = [
        row._replace(counts=Counts(weight=50, **{name: getattr(row.counts, name) for name in FIELDS}))
        for row in rows(variants, minutes=400)
    ]
    for reaction, expected in (
        ("Hold", DecisionReason.SAMPLE_RATIO_MISMATCH),
        ("Ignore", DecisionReason.PROVEN),
    ):
        run = Run(ab_test(onSampleRatioMismatch=reaction), ["A", "B"], started=0)
        run.ingest(skewed)
        assert run.look(400).outcome.reason is expected


FIELDS = ("invocations", "successes", "trials")


def test_the_hypothesis_discards_the_evidence_of_a_ramp_up():
    policy = ab_test(rampUp={"steps": [{"percent": 10, "hold": {"minDurationSeconds": 3600}}]})
    ramp = {"A": {"percent": 90, "rate": 0.1}, "B": {"percent": 10, "rate": 0.3}}
    run = Run(policy, ["A", "B"], started=0)
    assert run.look(0).outcome.weights == {"A": 90, "B": 10}
    for at in range(400):
        run.ingest(row for row in rows(ramp, minutes=1, start=at, seed=at))
        decision = run.look(at + 1)
        if decision.begins_test:
            break
    assert decision.outcome.weights == {"A": 50, "B": 50}
    assert run.evidence.comparisons["A", "B"].values == (None, None)
    run.ingest(rows(world(A=0.1, B=0.1), minutes=600, start=decision.at))
    assert run.look(decision.at + 600).outcome.verdict is Verdict.UNDECIDED


def test_the_data_of_the_warm_up_does_not_count():
    run = Run(ab_test(warmUpSeconds=3600), ["A", "B"], started=0)
    run.ingest(rows(world(A=0.1, B=0.5), minutes=60))
    assert run.look(59).outcome.reason is DecisionReason.WARMING_UP
    assert run.evidence.comparisons["A", "B"].values == (None, None)


def test_missing_data_never_ends_in_a_winner():
    """The evidence suffices but is too old when the minimum duration ends."""
    run = Run(ab_test(minDurationSeconds=86400), ["A", "B"], started=0)
    run.ingest(rows(world(A=0.1, B=0.2), minutes=600))
    outcome = run.look(1440).outcome
    assert (outcome.verdict, outcome.reason) == (Verdict.UNDECIDED, DecisionReason.MISSING_DATA)


@pytest.mark.parametrize("empty", [[], [CountsRow(at, "A", Counts(weight=50)) for at in range(600)]])
def test_without_data_nothing_is_decided(empty):
    run = Run(ab_test(hypothesis={"metric": "Successes", "minimumEffectPercent": 50}), ["A", "B"], started=0)
    run.ingest(empty)
    assert run.look(600).outcome.verdict is Verdict.UNDECIDED


def test_a_challenger_without_recent_invocations_does_not_win():
    run = Run(ab_test(minDurationSeconds=86400, onSampleRatioMismatch="Ignore"), ["A", "B"], started=0)
    run.ingest(rows(world(A=0.1, B=0.15), minutes=1200))
    assert run.look(1200).outcome.reason is DecisionReason.MINIMUM_DURATION
    silent = {"A": {"percent": 100, "rate": 0.1}, "B": {"percent": 0}}
    run.ingest(rows(silent, minutes=300, start=1200))
    assert run.look(1500).outcome.reason is DecisionReason.MISSING_DATA


def test_variants_outside_the_allocation_are_not_part_of_the_test():
    allocation = [{"variant": name, "percent": 50} for name in "AB"]
    counted = list(rows(world(A=0.1, B=0.15, C=0.9), minutes=400))
    with_others, without = (Run(ab_test(allocation=allocation), ["A", "B", "C"], started=0) for _ in "12")
    with_others.ingest(counted)
    without.ingest(row for row in counted if row.variant != "C")
    assert with_others.look(400) == without.look(400)
    assert with_others.to_json() == without.to_json()


def test_a_guardrail_on_successes_waits_for_the_attribution_window():
    """The variants are equal, but the conversions of B come 15 minutes later."""
    guard = [{"metric": "Successes", "noWorseThanPercent": 10}]
    run = Run(ab_test(attributionSeconds=3600, guardrails=guard), ["A", "B"], started=0)
    for at in range(400):
        run.ingest(rows(world(A=0.2, B=0.2), minutes=1, start=at, seed=at))
        early = [row for row in rows(world(A=0.2, B=0.2), minutes=1, start=at, seed=at) if row.variant == "B"]
        run.ingest(row._replace(counts=row.counts._replace(successes=0)) for row in early)
        if at >= 15:
            late = rows(world(A=0.2, B=0.2), minutes=1, start=at - 15, seed=at - 15)
            run.ingest(row for row in late if row.variant == "B")
        assert run.look(at + 1).outcome.verdict is Verdict.UNDECIDED


RAMP = {"steps": [{"percent": 10, "hold": {"minDurationSeconds": 600, "minRequests": 10}}]}
RAMPING = {"A": {"percent": 90, "rate": 0.1}, "B": {"percent": 10, "rate": 0.1}}


def test_a_warm_up_that_is_longer_than_the_ramp_up_does_not_count():
    run = Run(ab_test(rampUp=RAMP, warmUpSeconds=7200), ["A", "B"], started=0)
    for at in range(130):
        run.ingest(rows(RAMPING, minutes=1, start=at, seed=at))
        run.look(at + 1)
    assert run.evidence.tested_since == 120
    assert run.evidence.comparisons["A", "B"].last_seen == 129


def test_the_maximum_duration_of_a_ramp_up_starts_after_the_warm_up():
    guard = [{"metric": "ServerErrors"}]
    policy = ab_test(rampUp=RAMP, warmUpSeconds=14_400, maxDurationSeconds=3600, guardrails=guard)
    run = Run(policy, ["A", "B"], started=0)
    for at in range(260):
        run.ingest(rows(RAMPING, minutes=1, start=at, seed=at))
        assert not run.look(at + 1).outcome.final
    assert run.progress.step == 1


def test_a_ramp_up_that_does_not_end_is_undecided_after_its_holds_and_the_maximum_duration():
    policy = ab_test(rampUp=RAMP, maxDurationSeconds=3600)
    run = Run(policy, ["A", "B"], started=0)
    outcomes = [run.look(at).outcome for at in (69, 70)]
    assert [each.final for each in outcomes] == [False, True]
    assert outcomes[1].reason is DecisionReason.MAXIMUM_DURATION
