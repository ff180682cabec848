"""Roles of variants, and how late a row may come."""

import pytest

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run
from sagemaker_ab.traffic.strategies.registry import strategy_of
from tests.unit.traffic.worlds import ab_test, stepped


def test_with_two_variants_the_unnamed_one_has_the_other_role():
    assert strategy_of(stepped(baseline=None), ["A", "B"]).roles.baseline == "A"
    assert strategy_of(stepped(candidate=None), ["A", "B"]).roles.challengers == ("B",)


@pytest.mark.parametrize(
    ("policy", "variants", "words"),
    [
        (
            stepped(baseline=None),
            ["A", "B", "C"],
            "stepped.baseline: is required unless there are two variants",
        ),
        (
            stepped(candidate=None),
            ["A", "B", "C"],
            r"stepped.candidate: is required unless there are two variants; there are A, B, C",
        ),
        (
            stepped(baseline=None, candidate="Q"),
            ["A", "B"],
            "stepped.candidate: 'Q' should be one of the variants A, B",
        ),
        (
            ab_test(rampUp={"steps": [{"percent": 10}, {"percent": 80}]}),
            ["A", "B", "C"],
            r"abTest.rampUp.steps\[1\].percent: 80 should be at most 66 for 3 variants",
        ),
        (stepped(), ["A", "C"], "stepped.candidate: 'B' should be one of the variants A, C"),
        (ab_test(), ["B", "C"], "abTest.baseline: 'A' should be one of the variants B, C"),
        (
            ab_test(allocation=[{"variant": "A", "percent": 50}, {"variant": "X", "percent": 50}]),
            ["A", "B"],
            r"allocation\[1\].variant: 'X' should be one of the variants A, B",
        ),
        (ab_test(), ["A"], "needs two variants, but there is only A"),
    ],
)
def test_a_policy_that_does_not_fit_the_variants_is_invalid(policy, variants, words):
    with pytest.raises(InvalidPolicy, match=words):
        strategy_of(policy, variants)


def test_the_attribution_window_extends_the_allowed_lateness():
    """A conversion 40 minutes after its trial counts. After 75 minutes it is dropped and counted as late."""
    run = Run(ab_test(attributionSeconds=3600), ["A", "B"], started=0)
    first = [CountsRow(0, name, Counts(weight=50, trials=100, successes=0)) for name in "AB"]
    rest = [row._replace(at=at) for row in first for at in range(1, 120)]
    run.ingest([*first, *(row for row in rest if row.at <= 40)])
    run.ingest(row._replace(counts=row.counts._replace(successes=10)) for row in first)
    run.ingest(rest)
    assert run.evidence.comparisons["A", "B"].values[1] == pytest.approx(10 / 6000, rel=0.1)
    run.ingest(first)
    assert run.evidence.buffer.late_dropped == 2
