"""Errors within an answer of GetMetricData that is itself a success: a status per result."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.inprocess import START
from sandbox.aws.rules import BadRuleError

MINUTES = 10
HOUR = 3600.0


@pytest.fixture
def metrics(serving: Any) -> Any:
    """An hour of traffic at both variants, and GetMetricData over its first ten minutes."""

    def make(**played: Any) -> Metrics:
        sim, _ = serving({f"cloudwatch.result-{name}": value for name, value in played.items()})
        sim.advance(seconds=START + HOUR - sim.engine.clock.now())
        sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 120})
        sim.advance(minutes=30)
        return Metrics(sim)

    return make


class Metrics:
    def __init__(self, sim: Any) -> None:
        self.sim = sim
        self.client = sim.client("cloudwatch")

    def order(self, **fault: str) -> None:
        self.sim.fault({"result": fault}, match={"operation": "GetMetricData"})

    def ask(self, *more: Any, **options: Any) -> Any:
        queries = [query("ia", "VariantA"), query("ib", "VariantB"), query("la", "VariantA", "ModelLatency")]
        return self.client.get_metric_data(
            StartTime=START + HOUR,
            EndTime=START + HOUR + 60 * MINUTES,
            MetricDataQueries=[*queries, *more],
            **options,
        )

    def pages(self, *more: Any, **options: Any) -> list[Any]:
        found = [self.ask(*more, **options)]
        while "NextToken" in found[-1]:
            found.append(self.ask(*more, NextToken=found[-1]["NextToken"], **options))
        return found


def query(name: str, variant: str, metric: str = "Invocations") -> dict[str, Any]:
    dimensions = {"EndpointName": "reviews", "VariantName": variant}
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SageMaker",
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": 60,
            "Stat": "Sum",
        },
    }


def told(answer: Any) -> dict[str, tuple[str, int]]:
    """Status and number of datapoints by query."""
    results = answer["MetricDataResults"]
    return {one["Id"]: (one["StatusCode"], len(one["Values"])) for one in results}


WHOLE = ("Complete", MINUTES)


@pytest.mark.parametrize(
    ("fault", "spoilt"),
    [
        ({}, "ia ib la"),
        ({"metric": "Invocations"}, "ia ib"),
        ({"metric": "Model*"}, "la"),
        ({"query": "ib"}, "ib"),
        ({"query": "?a", "metric": "Invocations"}, "ia"),
        ({"variant": "VariantA"}, "ia la"),
        ({"endpoint": "other"}, ""),
    ],
)
def test_a_fault_befalls_the_results_that_it_names(metrics: Any, fault: Any, spoilt: str) -> None:
    asked = metrics()
    asked.order(status="Forbidden", **fault)
    found = told(asked.ask())
    assert [name for name, result in found.items() if result == ("Forbidden", 0)] == spoilt.split()
    assert all(found[name] == WHOLE for name in {"ia", "ib", "la"} - set(spoilt.split()))
    assert set(told(asked.ask()).values()) == {WHOLE}


def test_the_call_succeeds_and_the_log_says_so(metrics: Any) -> None:
    asked = metrics()
    asked.order(status="InternalError")
    assert asked.ask()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [call["outcome"] for call in asked.sim.calls() if call["operation"] == "GetMetricData"] == [
        "effect"
    ]


@pytest.mark.ledger("cloudwatch.result-error")
def test_an_internal_error_may_leave_nothing(metrics: Any) -> None:
    asked = metrics(error={"values": False, "token": False})
    asked.order(status="InternalError", query="ia")
    (page,) = asked.pages()
    assert told(page) == {"ia": ("InternalError", 0), "ib": WHOLE, "la": WHOLE}


@pytest.mark.ledger("cloudwatch.result-error")
def test_an_internal_error_may_be_retried_with_the_token(metrics: Any) -> None:
    asked = metrics(error={"values": True, "token": True})
    asked.order(status="InternalError", query="ia")
    first, second = asked.pages()
    assert told(first) == {"ia": ("InternalError", 5), "ib": WHOLE, "la": WHOLE}
    assert told(second) == {"ia": ("Complete", 5)}


@pytest.mark.ledger("cloudwatch.result-partial")
def test_partial_data_goes_on_with_the_token(metrics: Any) -> None:
    asked = metrics()
    asked.order(status="PartialData", metric="Invocations")
    first, second = asked.pages()
    assert told(first) == {"ia": ("PartialData", 5), "ib": ("PartialData", 5), "la": WHOLE}
    assert told(second) == {"ia": ("Complete", 5), "ib": ("Complete", 5)}
    (undisturbed,) = asked.pages()
    times = [one["Timestamps"] for one in undisturbed["MetricDataResults"]]
    halves = [page["MetricDataResults"][0]["Timestamps"] for page in (first, second)]
    assert halves[0] + halves[1] == times[0]


@pytest.mark.ledger("cloudwatch.result-partial")
def test_the_only_datapoint_of_a_result_may_come_with_the_next_page(metrics: Any) -> None:
    asked = metrics()
    asked.order(status="PartialData")
    queries = [query("one", "VariantA")]
    queries[0]["MetricStat"]["Period"] = 60 * MINUTES
    found = [told(page)["one"] for page in asked.pages(*queries)]
    assert found == [("PartialData", 0), ("Complete", 1)]


@pytest.mark.ledger("cloudwatch.result-partial")
@pytest.mark.parametrize("size", range(1, 12))
def test_partial_data_and_small_pages_lose_nothing(metrics: Any, size: int) -> None:
    asked = metrics()
    (whole,) = asked.pages()
    asked.sim.fault({"result": {"status": "PartialData", "query": "i*"}}, count=None)
    pages = asked.pages(MaxDatapoints=size)
    for result in whole["MetricDataResults"]:
        parts = [one for page in pages for one in page["MetricDataResults"] if one["Id"] == result["Id"]]
        for member in ("Timestamps", "Values"):
            assert [value for one in parts for value in one[member]] == result[member]
        assert [one["StatusCode"] for one in parts[:-1]] == ["PartialData"] * (len(parts) - 1)
        assert parts[-1]["StatusCode"] == "Complete"
    assert max(sum(size for _, size in told(page).values()) for page in pages) <= size


@pytest.mark.ledger("cloudwatch.result-partial")
def test_partial_data_of_metric_math_cannot_be_continued(metrics: Any) -> None:
    asked = metrics()
    asked.order(status="PartialData", query="total")
    (page,) = asked.pages({"Id": "total", "Expression": "ia + ib"})
    assert told(page) == {"ia": WHOLE, "ib": WHOLE, "la": WHOLE, "total": ("PartialData", 5)}


@pytest.mark.ledger("cloudwatch.result-messages")
@pytest.mark.parametrize("status", ["Forbidden", "InternalError"])
def test_a_result_may_tell_why_it_failed(metrics: Any, status: str) -> None:
    silent, telling = metrics(messages={}), metrics(messages=MESSAGES)
    for asked in (silent, telling):
        asked.order(status=status)
    assert {str(one.get("Messages")) for one in silent.ask()["MetricDataResults"]} <= {"None", "[]"}
    assert [one["Messages"] for one in telling.ask()["MetricDataResults"]] == [
        [{"Code": status, "Value": MESSAGES[status]}]
    ] * 3


MESSAGES = {
    "Forbidden": "You are not authorized to read this metric.",
    "InternalError": "An internal error occurred.",
}


@pytest.mark.parametrize(
    "fault",
    [{}, {"status": "Complete"}, {"status": "Late"}, {"status": "Forbidden", "metric": 5}, {"metric": "x"}],
)
def test_a_fault_that_makes_no_sense_is_refused(calm_sim: Any, fault: Any) -> None:
    with pytest.raises(BadRuleError):
        calm_sim.fault({"result": fault})
