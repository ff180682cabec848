"""What the documentation says about the cost of a run follows from the metrics that are requested."""

import re
from pathlib import Path

import pytest

from sagemaker_ab.api.policies.traffic_policy import parse_policy
from sagemaker_ab.planning.run_minutes import RunQueries, metrics_of_policy
from sagemaker_ab.traffic.variant_roles import VariantRoles

PAGE = Path(__file__).parents[3] / "docs" / "stepped.md"
ERRORS = {"metric": "ServerErrors"}
LATENCY = {"metric": "Latency"}
SLOW = {"metric": "Latency", "maxMicros": 500_000}
DOLLARS_A_METRIC = 0.01 / 1000
MINUTES_A_DAY = 1440


def rows():
    """The numbers of the table, row by row: metrics a minute, dollars a day and for 30 days."""
    _, _, section = PAGE.read_text().partition("## What reading the minutes costs")
    table = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| ")][1:]
    return [[float(cell) for cell in re.findall(r"\$?([0-9.]+) (?=\|)", line)] for line in table]


@pytest.mark.parametrize(
    ("row", "guardrails", "breakers"),
    [(0, [ERRORS], [ERRORS]), (1, [ERRORS, LATENCY], [ERRORS]), (2, [ERRORS, LATENCY], [ERRORS, SLOW])],
)
def test_the_cost_of_a_policy_is_that_of_the_metrics_that_it_requests(row, guardrails, breakers):
    stepped = {"baseline": "A", "steps": [{"percent": 10}], "guardrails": guardrails, "breakers": breakers}
    policy = parse_policy({"traffic": {"strategy": "Stepped", "stepped": stepped}}).policy
    roles = VariantRoles(baseline="A", challengers=("B",))
    metrics = len(list(RunQueries(endpoint_name="reviews", metrics=metrics_of_policy(policy, roles))))
    day = metrics * MINUTES_A_DAY * DOLLARS_A_METRIC
    assert rows()[row] == [metrics, round(day, 3), round(30 * day, 2)]
