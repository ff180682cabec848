"""Which minutes and metrics a run reads, and what the datapoints of a minute mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.api.policies.traffic_policy import parse_policy
from sagemaker_ab.planning.run_minutes import (
    MOST_MINUTES,
    MinuteRange,
    RunQueries,
    counts_by_minute,
    first_open,
    metrics_of_policy,
    newest_complete,
    range_to_read,
)
from sagemaker_ab.planning.variant_metrics import (
    INVOCATION_5XX_ERRORS,
    INVOCATIONS,
    MODEL_LATENCY_AVERAGE,
    Query,
)
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.variant_roles import VariantRoles

MIDNIGHT = 29_453_760
"""A minute: midnight of 1 January 2026, UTC."""
DAY = 1440
METRICS = (INVOCATIONS, INVOCATION_5XX_ERRORS, MODEL_LATENCY_AVERAGE)
QUERIES = RunQueries(endpoint_name="reviews", metrics={"A": METRICS, "B": METRICS})
ROLES = VariantRoles(baseline="A", challengers=("B",))


def at(minute, second=0):
    return minute * 60.0 + second


@given(now=st.floats(1.6e9, 2e9))
def test_a_minute_is_complete_three_minutes_after_its_end(now):
    minute = newest_complete(now)
    assert 180 <= now - at(minute + 1) < 240


def test_the_newest_fifteen_minutes_are_open():
    assert first_open(MIDNIGHT) == MIDNIGHT - 14


def test_nothing_is_read_before_the_first_minute_is_complete():
    assert range_to_read(MIDNIGHT, at(MIDNIGHT + 4, -1)) is None
    assert range_to_read(MIDNIGHT, at(MIDNIGHT + 4)) == MinuteRange(MIDNIGHT, MIDNIGHT)


def test_a_short_gap_is_read_at_once():
    assert range_to_read(MIDNIGHT, at(MIDNIGHT + 3 + MOST_MINUTES)) == MinuteRange(
        MIDNIGHT, MIDNIGHT + MOST_MINUTES - 1
    )


def test_a_long_gap_is_read_from_its_oldest_minute_in_parts_that_end_with_an_hour():
    now = at(MIDNIGHT + DAY)
    assert range_to_read(MIDNIGHT, now) == MinuteRange(MIDNIGHT, MIDNIGHT + 119)
    assert range_to_read(MIDNIGHT + 1, now) == MinuteRange(MIDNIGHT + 1, MIDNIGHT + 119)
    assert range_to_read(MIDNIGHT + 119, now) == MinuteRange(MIDNIGHT + 119, MIDNIGHT + 179)


def test_minutes_that_cloudwatch_no_longer_keeps_are_left_out():
    now = at(MIDNIGHT + 40 * DAY)
    oldest = range_to_read(MIDNIGHT, now).first
    assert 14 * DAY < newest_complete(now) - oldest < 15 * DAY


@given(
    first=st.integers(MIDNIGHT, MIDNIGHT + 20 * DAY),
    now=st.integers(60 * MIDNIGHT, 60 * (MIDNIGHT + 20 * DAY)),
)
def test_repeated_reads_reach_the_newest_minute(first, now):
    newest = newest_complete(now)
    reads = 0
    while (minutes := range_to_read(first, now)) is not None and minutes.last < newest:
        assert minutes.last - minutes.first < MOST_MINUTES
        reads, first = reads + 1, first_open(minutes.last)
    assert reads <= 15 * DAY / (MOST_MINUTES - 60 - 15)


def policy(**stepped):
    steps = {"baseline": "A", "candidate": "B", "steps": [{"percent": 10}]}
    return parsed(strategy="Stepped", stepped={**steps, **stepped})


def parsed(**traffic):
    return parse_policy({"traffic": traffic}).policy


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["Invocations Sum"]),
        ({"guardrails": [{"metric": "ServerErrors"}]}, ["Invocations Sum", "Invocation5XXErrors Sum"]),
        ({"guardrails": [{"metric": "Latency"}]}, ["Invocations Sum", "ModelLatency Average"]),
    ],
)
def test_only_metrics_that_a_guardrail_needs_are_read(given, names):
    found = metrics_of_policy(policy(**given), ROLES)
    assert {variant: named(metrics) for variant, metrics in found.items()} == {"A": names, "B": names}


@pytest.mark.parametrize(
    ("given", "baseline", "candidate"),
    [
        (
            {"breakers": [{"metric": "Latency", "maxMicros": 9}]},
            ["Invocations Sum"],
            ["Invocations Sum", "ModelLatency p99"],
        ),
        (
            {"guardrails": [{"metric": "ClientErrors"}], "breakers": [{"metric": "ModelErrors"}]},
            ["Invocations Sum", "Invocation4XXErrors Sum"],
            ["Invocations Sum", "Invocation4XXErrors Sum", "InvocationModelErrors Sum"],
        ),
    ],
)
def test_what_only_a_breaker_needs_is_read_of_the_candidate_alone(given, baseline, candidate):
    found = metrics_of_policy(policy(**given), ROLES)
    assert (named(found["A"]), named(found["B"])) == (baseline, candidate)


def named(metrics):
    return [f"{metric.name} {metric.statistic}" for metric in metrics]


def test_the_metric_of_a_hypothesis_is_read_and_successes_are_not():
    ab_test = {"baseline": "A", "hypothesis": {"metric": "Latency"}}
    given = parsed(strategy="ABTest", abTest=ab_test)
    assert metrics_of_policy(given, ROLES)["B"] == (INVOCATIONS, MODEL_LATENCY_AVERAGE)
    bandit = parsed(strategy="Bandit", bandit={"metric": "Successes"})
    assert metrics_of_policy(bandit, ROLES)["B"] == (INVOCATIONS,)


def counted(**numbers):
    """Return the counts of variant A at midnight, from the datapoints that are given."""
    named = {"invocations": INVOCATIONS, "errors": INVOCATION_5XX_ERRORS, "latency": MODEL_LATENCY_AVERAGE}
    values = {
        Query("reviews", "A", metric): {MIDNIGHT: numbers[name]}
        for name, metric in named.items()
        if name in numbers
    }
    return counts_by_minute(QUERIES, MinuteRange(MIDNIGHT - 5, MIDNIGHT), values).get((MIDNIGHT, "A"))


def test_sums_are_integers_and_latency_is_in_microseconds():
    counts = counted(invocations=540.0, errors=2.0, latency=41_700.5)
    assert counts == Counts(invocations=540, errors_5xx=2, latency_average_micros=41_700.5)


def test_a_missing_datapoint_of_errors_is_not_zero():
    assert counted(invocations=540.0) == Counts(invocations=540)
    assert counted(invocations=540.0, errors=0.0) == Counts(invocations=540, errors_5xx=0)


def test_errors_above_the_invocations_of_their_minute_are_unknown():
    assert counted(invocations=3.0, errors=4.0).errors_5xx is None
    assert counted(invocations=3.0, errors=3.0).errors_5xx == 3
    assert counted(errors=4.0).errors_5xx == 4


def test_a_latency_without_invocations_is_unknown():
    assert counted(invocations=0.0, latency=0.0) == Counts(invocations=0)
    assert counted(latency=0.0) is None


def test_minutes_outside_the_range_and_variants_without_numbers_are_left_out():
    points = {MIDNIGHT - 6: 1.0, MIDNIGHT - 5: 2.0, MIDNIGHT: 3.0, MIDNIGHT + 1: 4.0}
    counts = counts_by_minute(
        QUERIES, MinuteRange(MIDNIGHT - 5, MIDNIGHT), {Query("reviews", "B", INVOCATIONS): points}
    )
    assert {key: each.invocations for key, each in counts.items()} == {
        (MIDNIGHT - 5, "B"): 2,
        (MIDNIGHT, "B"): 3,
    }
