"""Properties of verdicts at any counts: symmetry, and no decision on missing data."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemaker_ab.traffic.decision import Verdict
from sagemaker_ab.traffic.run import Run
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped

OTHER = {"A": "B", "B": "A", None: None}
GUARDS = [{"metric": "ServerErrors", "noWorseThanPercent": 50}]
POSITIVE = {Verdict.WINNER, Verdict.PROMOTE, Verdict.NO_DIFFERENCE}
LEAST = 240
"""These policies decide nothing before this minute. The data ends earlier."""


def verdict(policy, taken, *, every=10):
    """Return minute and outcome of the first final decision, or of the last one."""
    run = Run(policy, ["A", "B"], started=0)
    by_minute = {}
    for row in taken:
        by_minute.setdefault(row.at, []).append(row)
    for at in range(400):
        run.ingest(by_minute.get(at, []))
        if (at + 1) % every == 0:
            decision = run.look(at + 1)
            if decision.outcome.final:
                break
    return decision.at, decision.outcome


def drawn(seed, ratio, *, percent=50):
    world = {
        "A": {"percent": percent, "rate": 0.1, "errors": 0.1, "micros": 50_000},
        "B": {"percent": 100 - percent, "rate": 0.1 * ratio, "errors": 0.1, "micros": 50_000},
    }
    return list(rows(world, minutes=400, seed=seed, calls=200))


def swapped(taken):
    return [row._replace(variant=OTHER[row.variant]) for row in taken]


def hypothesis(**changes):
    return ab_test(hypothesis={"metric": "Successes", "expect": "Different"} | changes)


worlds = {"seed": st.integers(0, 10**6), "ratio": st.sampled_from([0.6, 1.0, 1.5])}


@given(**worlds, percent=st.sampled_from([50, 30]))
@settings(max_examples=8, deadline=None)
def test_swapped_variants_get_the_mirrored_verdict_at_the_same_minute(seed, ratio, percent):
    taken = drawn(seed, ratio, percent=percent)
    (at, straight), (mirrored_at, mirrored) = (
        verdict(hypothesis(), taken),
        verdict(hypothesis(), swapped(taken)),
    )
    assert (mirrored_at, mirrored.verdict, mirrored.reason) == (at, straight.verdict, straight.reason)
    assert mirrored.winner == OTHER[straight.winner]
    assert mirrored.evidence == pytest.approx(straight.evidence, rel=1e-6)


@given(**worlds)
@settings(max_examples=8, deadline=None)
def test_the_opposite_goal_gives_the_opposite_verdict(seed, ratio):
    """The same evidence names the other variant, at the same minute."""
    taken = drawn(seed, ratio)
    (at, up), (down_at, down) = verdict(hypothesis(), taken), verdict(hypothesis(goal="Decrease"), taken)
    assert (down_at, down.verdict, down.evidence) == (at, up.verdict, up.evidence)
    assert down.winner == OTHER[up.winner]


@given(**worlds)
@settings(max_examples=8, deadline=None)
def test_superiority_at_goal_decrease_is_superiority_at_goal_increase_with_swapped_variants(seed, ratio):
    taken = drawn(seed, ratio)
    (at, more), (less_at, less) = (
        verdict(hypothesis(expect="Superior"), taken),
        verdict(hypothesis(expect="Superior", goal="Decrease"), swapped(taken)),
    )
    assert (less_at, less.verdict, less.winner) == (at, more.verdict, more.winner)
    assert less.evidence == pytest.approx(more.evidence, rel=1e-6)


def without(taken, *, since, fields, variants):
    """Remove fields of some variants from minute `since` on, or their rows if there are no fields."""
    for row in taken:
        if row.at < since or row.variant not in variants:
            yield row
        elif fields:
            yield row._replace(counts=row.counts._replace(**dict.fromkeys(fields)))


def steps(**changes):
    hold = {"minDurationSeconds": LEAST * 60, "minRequests": 1}
    return stepped(steps=[{"percent": 50, "hold": hold}, {"percent": 100}], guardrails=GUARDS, **changes)


TEST = {"minDurationSeconds": LEAST * 60, "guardrails": GUARDS}
EQUAL = {"metric": "Successes", "minimumEffectPercent": 40}
STOP = {"minDurationSeconds": LEAST * 60}
METRIC, GUARD = ("successes", "trials"), ("errors_5xx",)
CASES = {
    "a winner without the metric": (ab_test(**TEST), 1.5, METRIC),
    "a winner without trials": (ab_test(**TEST), 1.5, ("trials",)),
    "a winner without its guardrail": (ab_test(**TEST), 1.5, GUARD),
    "a winner without invocations": (ab_test(**TEST), 1.5, ("invocations",)),
    "a winner without rows": (ab_test(**TEST), 1.5, ()),
    "a winner at the maximum": (ab_test(**TEST, maxDurationSeconds=LEAST * 60), 1.5, GUARD),
    "no difference without the metric": (ab_test(**TEST, hypothesis=EQUAL), 1.0, METRIC),
    "no difference without its guardrail": (ab_test(**TEST, hypothesis=EQUAL), 1.0, GUARD),
    "a promotion without its guardrail": (steps(), 1.0, GUARD),
    "a promotion without invocations": (steps(), 1.0, ("invocations",)),
    "a promotion without rows": (steps(), 1.0, ()),
    "a proven promotion without its guardrail": (steps(advanceOn="NonInferior"), 1.0, GUARD),
    "a stop without the metric": (bandit(stop=STOP, baseline="A", guardrails=GUARDS), 1.5, METRIC),
    "a stop without its guardrail": (bandit(stop=STOP, baseline="A", guardrails=GUARDS), 1.5, GUARD),
    "a stop without rows": (bandit(stop=STOP), 1.5, ()),
}


@pytest.mark.parametrize("name", CASES)
@given(since=st.integers(0, LEAST - 35), silenced=st.sampled_from(["A", "B", "AB"]))
@settings(max_examples=4, deadline=None)
def test_missing_data_never_end_in_a_winner_a_promotion_or_no_difference(name, since, silenced):
    policy, ratio, fields = CASES[name]
    taken = drawn(7, ratio)
    _, outcome = verdict(policy, without(taken, since=since, fields=fields, variants=silenced))
    assert outcome.verdict not in POSITIVE, outcome


@pytest.mark.parametrize("name", CASES)
def test_the_same_counts_without_gaps_do_end_in_such_a_verdict(name):
    policy, ratio, _ = CASES[name]
    assert verdict(policy, drawn(7, ratio))[1].verdict in POSITIVE
