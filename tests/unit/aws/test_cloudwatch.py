"""Metrics are read in as few calls as CloudWatch's limits allow, against the simulated AWS."""

from types import SimpleNamespace

import pytest

from sagemaker_ab.aws.cloudwatch import MAX_QUERIES, read_minutes, read_window
from sagemaker_ab.planning.run_minutes import MOST_MINUTES, MinuteRange
from sagemaker_ab.planning.variant_metrics import INVOCATIONS, Monitored, MonitoredVariant, Query, Window
from sandbox.aws.inprocess import START, InProcessAws

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
