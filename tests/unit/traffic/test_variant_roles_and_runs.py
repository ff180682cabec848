"""Roles of variants, and restoring a run from its state."""

import json

import pytest

from sagemaker_ab.api.policies.traffic_policy import InvalidPolicy
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow
from sagemaker_ab.traffic.run import Run, RunMismatch
from sagemaker_ab.traffic.variant_roles import assign_roles
from tests.unit.traffic.worlds import ab_test, bandit, rows, stepped


def test_with_two_variants_the_unnamed_one_has_the_other_role():
    assert assign_roles(stepped(baseline=None), ["A", "B"]).baseline == "A"
    assert assign_roles(stepped(candidate=None), ["A", "B"]).challengers == ("B",)


@pytest.mark.parametrize(
    ("policy", "variants", "words"),
    [
        (
            stepped(baseline=None),
            ["A", "B", "C"],
            "stepped.baseline: is required unless there are two variants",
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
        assign_roles(policy, variants)


def test_restoring_the_state_of_another_policy_raises_run_mismatch():
    state = Run(ab_test(), ["A", "B"], started=0).to_json()
    with pytest.raises(RunMismatch):
        Run.from_json(state, ab_test(onWinner="Promote"), ["A", "B"])
    with pytest.raises(RunMismatch):
        Run.from_json(state, ab_test(), ["A", "B", "C"])


def test_restoring_the_state_of_another_layout_raises_run_mismatch(monkeypatch):
    state = Run(ab_test(), ["A", "B"], started=0).to_json()
    monkeypatch.setattr("sagemaker_ab.traffic.run._LAYOUT", 3)
    with pytest.raises(RunMismatch):
        Run.from_json(state, ab_test(), ["A", "B"])


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


FOUR = ("ServerErrors", "ClientErrors", "Latency")
GUARDRAILS = [{"metric": metric, "noWorseThanPercent": 10} for metric in FOUR]


@pytest.mark.parametrize(
    "policy",
    [
        ab_test(guardrails=GUARDRAILS),
        ab_test(guardrails=GUARDRAILS, attributionSeconds=3600),
        ab_test(guardrails=GUARDRAILS, rampUp={"steps": [{"percent": 20}]}),
        bandit(guardrails=GUARDRAILS, baseline="A", stop={}, updateSeconds=21_600),
    ],
    ids=["ABTest", "attribution", "ramp-up", "Bandit"],
)
def test_four_variants_with_four_metrics_fit_into_32_kilobytes(policy):
    """At thousands of calls a minute, where no number is round or zero."""
    variants = {name: {"percent": 25, "errors": 0.01, "micros": 50_000} for name in "ABCD"}
    run = Run(policy, list(variants), started=0)
    run.ingest(busy(row) for row in rows(variants, minutes=359, calls=4000))
    run.look(359)
    state = json.dumps(run.to_json())
    assert len(state) <= 32 * 1024
    assert json.dumps(Run.from_json(json.loads(state), policy, list(variants)).to_json()) == state


def busy(row):
    more = {"errors_4xx": row.at % 5, "model_errors": row.at % 3, "latency_p99_micros": row.at * 1.1}
    return row._replace(counts=row.counts._replace(**more))
