"""The run of a strategy in `get`: each state of a rollout, as the pages show it."""

import re
from datetime import timedelta

import pytest

from sagemaker_ab.api.traffic_status import TrafficStatus
from sagemaker_ab.cli.snapshot import parse_resource
from sagemaker_ab.cli.views.comparisons import comparison_rows
from sagemaker_ab.cli.views.meter import meter
from sagemaker_ab.cli.views.run import run_branch
from sagemaker_ab.cli.views.tree import resource_tree
from tests.unit.cli import recorded_states
from tests.unit.cli.recorded_states import load, rendered, shown_on_pages

SHOWN = dict(shown_on_pages())


def test_the_pages_show_every_recorded_state():
    assert sorted(SHOWN) == recorded_states.names()


@pytest.mark.parametrize("name", recorded_states.names())
def test_the_pages_show_a_state_as_get_does(name):
    assert SHOWN[name] == rendered(load(name)), "write the pages: python -m tests.integration.run_states"


def lines_of(name, **changes):
    """The lines of a recorded state whose status.traffic has these changes, without the guides."""
    state = load(name)
    state.resource["status"]["traffic"] |= changes
    return [line.lstrip("│├└─ ") for line in rendered(state).splitlines()]


def test_the_branch_is_between_the_conditions_and_the_endpoint(text):
    state = load("ramping")

    lines = text(resource_tree(state.snapshot, now=state.at)).splitlines()

    branches = [line.split()[1:3] for line in lines if line.startswith(("├── ", "└── "))]
    assert [first for first, _ in branches[-2:]] == ["Run", "Endpoint"]
    assert branches[-3][1] == "SpecConverged"


def test_the_times_of_a_run_are_told_by_the_clock_of_aws(text):
    state = load("ramping")

    tree = text(resource_tree(state.snapshot, now=state.at - timedelta(days=1), aws_now=state.at))

    for line in rendered(state).splitlines():
        assert line.lstrip("│├└─ ").split("  ")[0] in tree
    times = re.findall(r"\(\w+ ago\)|\w+ left", rendered(state))
    assert len(times) == 2
    assert all(each in tree for each in times)


def test_the_strategy_manual_has_no_run(shifting, now):
    assert run_branch(parse_resource(shifting), now=now) is None


def test_before_the_first_run_it_says_what_the_run_waits_for():
    state = load("starting")
    message = "The run starts once the endpoint is in service"
    state.resource["status"]["traffic"] = {"strategy": "Stepped", "mode": "Apply", "message": message}

    assert rendered(state) == f"No run yet\n└── waits for  {message}\n"


def test_the_run_before_is_shown_with_its_outcome_and_why():
    previous = {
        "run": "ffffffffff-1",
        "outcome": "Superseded",
        "endedAt": "2026-01-01T00:00:00Z",
        "message": "The policy or the content of a variant changed. Another run follows",
    }
    lines = lines_of("ramping", previous=previous)
    assert f"before it  ffffffffff-1 Superseded: {previous['message']}" in lines


def test_requests_that_are_missing_are_also_said_as_time_at_the_rate_of_the_metrics():
    state = load("waiting for traffic")
    state.resource["status"]["metrics"] = {
        "windowStart": "2026-01-01T00:40:00Z",
        "windowEnd": "2026-01-01T00:45:00Z",
        "periodSeconds": 300,
        "variants": [{"name": "VariantB", "invocations": 10}],
    }
    state.resource["status"]["traffic"]["gates"] = [
        {
            "name": "minRequests",
            "state": "Waiting",
            "message": "60 of 200 requests",
            "value": "60",
            "required": "200",
        }
    ]

    assert "requests: 140 more to VariantB, about 70m at the present rate" in rendered(state)


def test_a_proof_that_is_missing_has_a_forecast():
    gate = {
        "name": "guardrails",
        "state": "Waiting",
        "message": "ServerErrors: not proven within its margin yet, evidence 10^0.4 of 10^1.3",
        "value": "0.4",
        "required": "1.3",
    }
    compared = {
        "metric": "ServerErrors",
        "variant": "VariantB",
        "secondsNeeded": {"half": 1200, "most": 5400},
    }

    lines = lines_of("ramping", gates=[gate], comparisons=[compared])

    assert lines[3].startswith("waits for  proof: ServerErrors: not proven within its margin yet; half of")
    assert "◌ guardrails  ━━━─────── 30%  ServerErrors: not proven within its margin yet" in lines


def test_a_promotion_that_was_only_observed_has_no_next_step():
    ended = {"outcome": "Promoted", "endedAt": "2026-01-01T00:30:00Z"}

    assert not [line for line in lines_of("observing", **ended) if line.startswith("next")]


@pytest.mark.parametrize(
    ("evidence", "needed", "shown"),
    [
        ("-9.0", "2.0", "────────── 0%"),
        ("0.7", "2.0", "━━━─────── 35%"),
        ("1.9", "2.0", "━━━━━━━━━─ 95%"),
        ("2.0", "2.0", "━━━━━━━━━━ 100%"),
        ("7.0", "2.0", "━━━━━━━━━━ 100%"),
        (None, "2.0", ""),
        ("1.0", "0.0", ""),
    ],
)
def test_a_meter_shows_evidence_as_a_part_of_what_is_needed(evidence, needed, shown):
    assert meter(evidence, needed).plain == shown


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        (None, "1.2 times"),
        ({"lower": "0.8", "upper": "1.9"}, "1.2 times (0.8 to 1.9)"),
        ({"lower": "0.8"}, "1.2 times (at least 0.8)"),
        ({"upper": "1.9"}, "1.2 times (at most 1.9)"),
        ({}, "1.2 times"),
    ],
)
def test_a_ratio_is_shown_with_the_interval_as_far_as_it_is_bounded(interval, shown):
    compared = {"metric": "Latency", "variant": "B", "ratio": "1.2", "value": "89000", "interval": interval}
    traffic = TrafficStatus.model_validate(
        {"strategy": "Stepped", "baseline": "A", "comparisons": [compared]}
    )

    [(_, value, baseline, ratio, *_)] = comparison_rows(traffic)

    assert (value.plain, baseline.plain, ratio.plain) == ("89 ms", "against –", shown)  # noqa: RUF001  # absent
