"""A line says what it is about, and nothing that is about something else."""

import json

import pytest

from sagemaker_ab.cli.replaying.lines import line
from sagemaker_ab.cli.replaying.replayer import Look
from sagemaker_ab.traffic.decision import Decision, DecisionReason, LookOutcome, Progress, Verdict
from sagemaker_ab.traffic.explain import ComparisonSummary


def comparison(metric, challenger, interval):
    return ComparisonSummary(
        metric=metric,
        baseline="A",
        challenger=challenger,
        values=(0.1, 0.1),
        ratio=1.0,
        interval=interval,
        p=None,
    )


COMPARISONS = [comparison("Successes", "B", (0.9, 1.1)), comparison("Latency", "B", (0.8, 1.2))]


def told(subject, **progress):
    outcome = LookOutcome(
        verdict=Verdict.UNDECIDED, reason=DecisionReason.LEARNING, weights={"A": 50, "B": 50}, subject=subject
    )
    decision = Decision(at=0, outcome=outcome, progress=Progress(**progress))
    return json.loads(line(Look(decision=decision, comparisons=COMPARISONS, applied={}, late_dropped=0)))


@pytest.mark.parametrize(
    ("subject", "interval"),
    [
        ("Successes of B over A", [0.9, 1.1]),
        ("Successes of B over the others", [0.9, 1.1]),
        ("Latency of B", [0.8, 1.2]),
        ("Successes of A over the others", None),
        ("ServerErrors of B", None),
        ("Successes of A and B", None),
        ("share of B", None),
        ("", None),
    ],
)
def test_the_interval_belongs_to_the_subject(subject, interval):
    assert told(subject)["interval"] == interval


def test_challengers_that_a_guardrail_excluded_are_named_in_their_order():
    assert told("", dropped=("C", "B"))["dropped"] == ["C", "B"]
    assert told("")["dropped"] == []
