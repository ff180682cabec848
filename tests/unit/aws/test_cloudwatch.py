"""Metrics are read in as few calls as CloudWatch's limits allow, against the simulated AWS."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from sagemaker_ab.aws.cloudwatch import MAX_QUERIES, read_minutes, read_series, read_window
from sagemaker_ab.planning.charts import TimeRange
from sagemaker_ab.planning.policy_metrics import MetricRequest, traffic_requests
from sagemaker_ab.planning.run_minutes import MOST_MINUTES, MinuteRange
from sagemaker_ab.planning.variant_metrics import INVOCATIONS, Monitored, MonitoredVariant, Query, Window
from sandbox.aws.inprocess import START, InProcessAws
from tests.unit.controller.scaling_stage import ScalingStage

WINDOW = Window(int(START) - 300, 300)


@pytest.mark.parametrize(("endpoints", "calls"), [(0, 0), (1, 1), (38, 1), (39, 2)])
def test_five_hundred_queries_go_in_one_call(endpoints, calls):
    aws = InProcessAws(lost_answers=False)
    clients = SimpleNamespace(cloudwatch=aws.client("cloudwatch"))
    variants = (MonitoredVariant("VariantA", "ml.m5.large"),)
    queries = [
        query for number in range(endpoints) for query in Monitored(f"e{number}", variants, 300).queries
    ]
    assert (len(queries) > MAX_QUERIES) == (calls == 2)

    answer = read_window(clients, WINDOW, queries)

    assert (answer.values, answer.failed) == ({}, {})
    assert [call["operation"] for call in aws.calls()] == ["GetMetricData"] * calls


def test_the_longest_range_of_a_full_call_fits_on_one_page():
    aws = InProcessAws(lost_answers=False)
    clients = SimpleNamespace(cloudwatch=aws.client("cloudwatch"))
    minutes = MinuteRange(int(START) // 60 - MOST_MINUTES, int(START) // 60 - 1)
    queries = [Query("reviews", f"Variant{number}", INVOCATIONS) for number in range(MAX_QUERIES)]

    answer = read_minutes(clients, minutes, queries)

    assert answer.failed == {}
    assert answer.values == {query: {} for query in queries}
    assert aws.engine.ledger.value("cloudwatch.datapoints-per-page") > MAX_QUERIES * MOST_MINUTES
    assert [call["operation"] for call in aws.calls()] == ["GetMetricData"]


@pytest.fixture(scope="module")
def busy():
    """An endpoint whose two variants, of one instance each, have taken 60 requests a minute for long."""
    stage = ScalingStage()
    stage.sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 120})
    stage.sim.advance(minutes=30)
    return stage


def read(stage, *requests):
    """Five minutes that ended five minutes ago, and how many calls they took."""
    end = datetime.fromtimestamp(stage.now() // 60 * 60, UTC) - timedelta(minutes=5)
    time_range = TimeRange(start=end - timedelta(minutes=5), end=end)
    before = len(stage.sim.calls())
    found = read_series(stage.clients().cloudwatch, requests, time_range=time_range)
    return found, len(stage.sim.calls()) - before


def values(series):
    return [point.value for point in series.points]


def test_metrics_share_a_call_and_keep_their_order_and_divisor(busy):
    total, per_instance = traffic_requests("reviews", "VariantA")
    unknown, _ = traffic_requests("reviews", "VariantC")

    (first, none, second, half), calls = read(busy, total, unknown, per_instance, replace(total, divisor=2.0))

    assert calls == 1
    assert len(first.points) == 5
    assert values(first) == values(second) == [2 * value for value in values(half)]
    assert sum(values(first)) > 0
    assert none.points == ()
    assert [each.complete for each in (first, second, half)] == [True] * 3
    assert {each.period for each in (first, second, half)} == {timedelta(minutes=1)}


def test_metric_math_has_a_call_of_its_own(busy):
    total, _ = traffic_requests("reviews", "VariantA")
    inputs = {**total.queries[0], "Id": "m1", "ReturnData": False}
    doubled = MetricRequest(queries=(inputs, {"Id": "e1", "Expression": "m1 * 2"}))

    (first, second), calls = read(busy, total, doubled)

    assert (calls, len(first.points)) == (2, 5)
    assert values(second) == [2 * value for value in values(first)]


def test_a_request_of_a_longer_period_says_so(busy):
    total, _ = traffic_requests("reviews", "VariantA")
    stat = {**total.queries[0]["MetricStat"], "Period": 300}
    period = timedelta(minutes=5)

    (found,), _ = read(
        busy, replace(total, queries=({**total.queries[0], "MetricStat": stat},), period=period)
    )

    assert found.period == period
    assert len(found.points) in {1, 2}


def test_nothing_to_read_takes_no_call(busy):
    assert read(busy) == ((), 0)
