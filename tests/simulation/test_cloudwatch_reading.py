"""CloudWatch's reading operations: ranges, periods, pages, limits, and the same answer in every protocol."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest

from sandbox.aws.http import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

MINUTE, HOUR = 60, 3_600
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIASANDBOX/20260101/us-east-1/monitoring/aws4_request, Signature=0"
DIMENSIONS = [
    {"Name": "EndpointName", "Value": "reviews"},
    {"Name": "VariantName", "Value": "VariantA"},
]


@pytest.fixture
def start(calm_sim: InProcessAws, in_service: Any) -> float:
    """Half an hour of 12 requests a minute to VariantA begins here, at a full hour."""
    del in_service
    calm_sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
    calm_sim.advance(minutes=50)
    begin = calm_sim.engine.clock.now()
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 12})
    calm_sim.advance(minutes=30)
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    calm_sim.advance(minutes=10)
    return begin


@pytest.fixture
def cloudwatch(calm_sim: InProcessAws, start: float) -> Any:
    del start
    return calm_sim.client("cloudwatch")


def query(name: str = "q", *, metric: str = "ModelLatency", **changes: Any) -> dict[str, Any]:
    found = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": DIMENSIONS}
    return {"Id": name, "MetricStat": {"Metric": found, "Period": MINUTE, "Stat": "SampleCount"} | changes}


def ask(cloudwatch: Any, start: float, end: float, *queries: dict[str, Any], **more: Any) -> Any:
    asked = list(queries) or [query()]
    return cloudwatch.get_metric_data(StartTime=start, EndTime=end, MetricDataQueries=asked, **more)


def times(result: dict[str, Any], start: float) -> list[float]:
    """Timestamps as minutes from the start."""
    return [(at.timestamp() - start) / MINUTE for at in result["Timestamps"]]


@pytest.mark.ledger("cloudwatch.scan-order")
def test_the_newest_datapoint_comes_first_unless_asked_otherwise(cloudwatch: Any, start: float) -> None:
    (newest,) = ask(cloudwatch, start, start + 5 * MINUTE)["MetricDataResults"]
    assert times(newest, start) == [4, 3, 2, 1, 0]
    (oldest,) = ask(cloudwatch, start, start + 5 * MINUTE, ScanBy="TimestampAscending")["MetricDataResults"]
    assert times(oldest, start) == [0, 1, 2, 3, 4]
    assert (oldest["StatusCode"], oldest["Label"]) == ("Complete", newest["Label"])


@pytest.mark.ledger("cloudwatch.start-rounding")
def test_the_start_is_rounded_down_and_included_and_the_end_is_not(cloudwatch: Any, start: float) -> None:
    (result,) = ask(cloudwatch, start + 59, start + 3 * MINUTE)["MetricDataResults"]
    assert times(result, start) == [2, 1, 0]


@pytest.mark.ledger("cloudwatch.period-alignment")
@pytest.mark.parametrize("sim_seed", range(4))
def test_periods_are_aligned_to_the_clock(calm_sim: InProcessAws, cloudwatch: Any, start: float) -> None:
    asked = query(Period=5 * MINUTE)
    (result,) = ask(cloudwatch, start + 3 * MINUTE, start + 15 * MINUTE, asked)["MetricDataResults"]
    whole = calm_sim.engine.ledger.value("cloudwatch.period-alignment") == "whole"
    assert times(result, start) == ([10, 5, 0] if whole else [10, 5])
    assert set(result["Values"]) <= {58.0, 60.0}


def test_a_page_holds_what_was_asked_for_and_its_token_leads_on(cloudwatch: Any, start: float) -> None:
    queries = [query(f"q{number}") for number in range(3)]
    found: dict[str, list[float]] = {}
    statuses: dict[str, list[str]] = {}
    more: dict[str, Any] = {}
    pages = 0
    while pages == 0 or more:
        answer = ask(cloudwatch, start, start + 10 * MINUTE, *queries, MaxDatapoints=7, **more)
        assert sum(len(result["Values"]) for result in answer["MetricDataResults"]) <= 7
        for result in answer["MetricDataResults"]:
            found.setdefault(result["Id"], []).extend(times(result, start))
            statuses.setdefault(result["Id"], []).append(result["StatusCode"])
        more = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
        pages += 1
    assert pages == 5
    assert found == {f"q{number}": list(range(9, -1, -1)) for number in range(3)}
    assert all(codes[-1] == "Complete" for codes in statuses.values())
    assert "PartialData" in statuses["q0"]


@pytest.mark.ledger("cloudwatch.next-token")
@pytest.mark.parametrize("token", ["nonsense", "WzEsIFswLCAwXV0="])
def test_a_token_of_another_question_is_refused(
    cloudwatch: Any, start: float, refused: Any, token: str
) -> None:
    code, _ = refused(ask, cloudwatch, start, start + HOUR, NextToken=token)
    assert code == "InvalidNextToken"


def test_unknown_metrics_dimensions_and_units_have_no_data(cloudwatch: Any, start: float) -> None:
    other = [{"Name": "EndpointName", "Value": "reviews"}]
    nobody = [DIMENSIONS[0], {"Name": "VariantName", "Value": "VariantZ"}]
    queries = [
        query("metric", metric="Sales"),
        query("dimensions"),
        query("variant"),
        query("unit", Unit="Seconds"),
        query("good", Unit="Microseconds"),
    ]
    queries[1]["MetricStat"]["Metric"] = {**queries[1]["MetricStat"]["Metric"], "Dimensions": other}
    queries[2]["MetricStat"]["Metric"] = {**queries[2]["MetricStat"]["Metric"], "Dimensions": nobody}
    answer = ask(cloudwatch, start, start + HOUR, *queries)
    sizes = {result["Id"]: len(result["Values"]) for result in answer["MetricDataResults"]}
    assert {name for name, size in sizes.items() if size} == {"good"}


@pytest.mark.ledger("cloudwatch.label")
@pytest.mark.parametrize("sim_seed", range(4))
def test_a_label_is_the_one_given_or_one_that_names_the_metric(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, start + HOUR, query("a"), query("b") | {"Label": "mine"})
    labels = [result["Label"] for result in answer["MetricDataResults"]]
    assert labels in (["ModelLatency", "mine"], ["VariantA ModelLatency", "mine"])


def test_queries_that_return_no_data_are_left_out(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, start + HOUR, query("a") | {"ReturnData": False}, query("b"))
    assert [result["Id"] for result in answer["MetricDataResults"]] == ["b"]


EXPRESSION = {"Id": "q", "Expression": "SUM(METRICS())"}


@pytest.mark.parametrize("sim_seed", [0, 1])
@pytest.mark.parametrize(
    "queries",
    [
        pytest.param(
            [query(f"q{number}") for number in range(501)],
            marks=pytest.mark.ledger("cloudwatch.too-many-queries"),
        ),
        pytest.param([query("q"), query("q")], marks=pytest.mark.ledger("cloudwatch.query-ids-unique")),
        pytest.param([query("Q1")], marks=pytest.mark.ledger("cloudwatch.query-id-pattern")),
        pytest.param([query() | EXPRESSION], marks=pytest.mark.ledger("cloudwatch.query-kind")),
        pytest.param([query(Period=90)], marks=pytest.mark.ledger("cloudwatch.period")),
        pytest.param([query(Stat="tm99")], marks=pytest.mark.ledger("cloudwatch.statistic")),
    ],
)
def test_a_wrong_query_is_refused(
    cloudwatch: Any, start: float, refused: Any, queries: list[dict[str, Any]]
) -> None:
    code, text = refused(ask, cloudwatch, start, start + HOUR, *queries)
    assert code in {"ValidationError", "InvalidParameterValue", "InvalidParameterCombination"}
    assert text


@pytest.mark.ledger("cloudwatch.time-order", "cloudwatch.max-datapoints", "cloudwatch.datapoints-per-page")
def test_a_reversed_range_and_a_page_too_large_are_refused(
    cloudwatch: Any, start: float, refused: Any
) -> None:
    assert refused(ask, cloudwatch, start, start)[1].startswith("The parameter StartTime must be less")
    assert "100800" in refused(ask, cloudwatch, start, start + HOUR, MaxDatapoints=100_801)[1]


@pytest.mark.ledger("cloudwatch.queries-per-call")
def test_five_hundred_queries_are_one_call(cloudwatch: Any, start: float) -> None:
    answer = ask(cloudwatch, start, start + HOUR, *(query(f"q{number}") for number in range(500)))
    assert len(answer["MetricDataResults"]) == 500


def statistics(cloudwatch: Any, start: float, seconds: float = HOUR, **changes: Any) -> Any:
    asked = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "Dimensions": DIMENSIONS,
        "StartTime": start,
        "EndTime": start + seconds,
        "Period": MINUTE,
        "Statistics": ["Sum", "SampleCount"],
    }
    return cloudwatch.get_metric_statistics(**asked | changes)


@pytest.mark.ledger("cloudwatch.statistics-unordered")
def test_statistics_come_in_no_order_and_agree_with_metric_data(cloudwatch: Any, start: float) -> None:
    points = statistics(cloudwatch, start, ExtendedStatistics=["p50", "p99.9"])["Datapoints"]
    stamps = [point["Timestamp"].timestamp() for point in points]
    assert len(set(stamps)) == 31
    assert stamps not in (sorted(stamps), sorted(stamps, reverse=True))
    (latencies,) = ask(cloudwatch, start, start + HOUR, query(Stat="p99.9"))["MetricDataResults"]
    by_time = {point["Timestamp"]: point["ExtendedStatistics"]["p99.9"] for point in points}
    assert by_time == dict(zip(latencies["Timestamps"], latencies["Values"], strict=True))
    assert {point["Unit"] for point in points} == {"Microseconds"}


@pytest.mark.ledger("cloudwatch.statistics-datapoints", "cloudwatch.too-many-datapoints")
def test_more_than_1440_datapoints_are_refused(cloudwatch: Any, start: float, refused: Any) -> None:
    day = 1_440 * MINUTE
    assert statistics(cloudwatch, start - day + HOUR, day)["Datapoints"]
    code, text = refused(statistics, cloudwatch, start - day, day + MINUTE)
    assert code == "InvalidParameterCombination"
    assert text.startswith("You have requested up to 1441 datapoints, which exceeds the limit of 1440.")


@pytest.mark.ledger("cloudwatch.statistics-missing")
def test_statistics_want_a_statistic(cloudwatch: Any, start: float, refused: Any) -> None:
    now = start + HOUR
    code, _ = refused(
        cloudwatch.get_metric_statistics,
        Namespace="AWS/SageMaker",
        MetricName="ModelLatency",
        StartTime=start,
        EndTime=now,
        Period=60,
    )
    assert code in {"InvalidParameterCombination", "MissingParameter"}


@pytest.mark.ledger("cloudwatch.list-delay", "cloudwatch.list-forgets", "cloudwatch.recently-active")
def test_metrics_are_listed_once_they_have_data_and_by_their_dimensions(
    cloudwatch: Any, calm_sim: InProcessAws
) -> None:
    found = cloudwatch.list_metrics(Dimensions=[{"Name": "VariantName", "Value": "VariantA"}])["Metrics"]
    names = {metric["MetricName"] for metric in found}
    assert {"Invocations", "ModelLatency", "CPUUtilization", "DiskUtilization"} <= names
    assert all(metric["Dimensions"] == DIMENSIONS for metric in found)
    one = cloudwatch.list_metrics(Namespace="AWS/SageMaker", MetricName="ModelLatency")["Metrics"]
    assert [metric["Dimensions"] for metric in one] == [DIMENSIONS]
    calm_sim.advance(minutes=4 * 60)
    recent = cloudwatch.list_metrics(MetricName="ModelLatency", RecentlyActive="PT3H")["Metrics"]
    assert not recent
    calm_sim.advance(minutes=15 * 24 * 60)
    assert not cloudwatch.list_metrics(MetricName="ModelLatency")["Metrics"]


@pytest.mark.ledger("cloudwatch.list-page")
def test_a_page_of_metrics_holds_500(calm_sim: InProcessAws, deployer: Any) -> None:
    deployer.model()
    deployer.config(**{f"V{number}": {} for number in range(10)})
    for number in range(13):
        deployer.endpoint(f"reviews-{number}")
    calm_sim.advance(minutes=40)
    pages = list(calm_sim.client("cloudwatch").get_paginator("list_metrics").paginate())
    assert [len(page["Metrics"]) for page in pages[:-1]] == [500]
    everything = {str(metric) for page in pages for metric in page["Metrics"]}
    assert len(everything) == sum(len(page["Metrics"]) for page in pages) >= 520


def form(sim: InProcessAws, action: str, **fields: object) -> HttpAnswer:
    """Post a form as clients of the query protocol do."""
    body = urlencode({"Action": action, "Version": "2010-08-01", **fields}).encode()
    headers = {"authorization": SIGNED, "content-type": "application/x-www-form-urlencoded"}
    answer = sim.exchange(HttpRequest(method="POST", target="/", headers=headers, body=body))
    assert answer is not None
    return answer


def plain(element: ET.Element) -> Any:
    """A query answer as plain data: lists of `member`, maps of `entry`, texts."""
    children = list(element)
    if not children:
        return element.text or ""
    if {child.tag for child in children} == {"member"}:
        return [plain(child) for child in children]
    if {child.tag for child in children} == {"entry"}:
        return {entry.findtext("key"): entry.findtext("value") for entry in children}
    return {child.tag: plain(child) for child in children}


def result(answer: HttpAnswer) -> Any:
    assert answer.status == 200
    tree = ET.fromstring(re.sub(rb' xmlns="[^"]+"', b"", answer.body))  # noqa: S314  our own server's answer
    return plain(tree[0])


def as_form(prefix: str, value: Any) -> dict[str, str]:
    """Parameters as a form's fields."""
    if isinstance(value, dict):
        pairs = ((f"{prefix}.{key}" if prefix else key, item) for key, item in value.items())
    elif isinstance(value, list):
        pairs = ((f"{prefix}.member.{number}", item) for number, item in enumerate(value, 1))
    else:
        return {prefix: str(value)}
    return {name: text for key, item in pairs for name, text in as_form(key, item).items()}


def test_metric_data_is_the_same_by_form_and_by_json(
    calm_sim: InProcessAws, cloudwatch: Any, start: float
) -> None:
    asked = {
        "StartTime": start,
        "EndTime": start + 10 * MINUTE,
        "MetricDataQueries": [query("a", Stat="p99"), query("empty", metric="Sales")],
        "MaxDatapoints": 6,
    }
    by_form = result(form(calm_sim, "GetMetricData", **as_form("", asked)))
    by_json = cloudwatch.get_metric_data(**asked)
    first, json_first = by_form["MetricDataResults"][0], by_json["MetricDataResults"][0]
    assert [float(value) for value in first["Values"]] == json_first["Values"]
    assert [text[:19] for text in first["Timestamps"]] == [
        at.astimezone(UTC).isoformat()[:19] for at in json_first["Timestamps"]
    ]
    assert (first["Id"], first["Label"], first["StatusCode"]) == ("a", json_first["Label"], "PartialData")
    assert by_form["NextToken"] == by_json["NextToken"]


def test_statistics_are_the_same_by_form_and_by_json_maps_included(
    calm_sim: InProcessAws, cloudwatch: Any, start: float
) -> None:
    asked = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "Dimensions": DIMENSIONS,
        "StartTime": start,
        "EndTime": start + 30 * MINUTE,
        "Period": 1_800,
        "Statistics": ["Sum"],
        "ExtendedStatistics": ["p50", "p99"],
    }
    (by_form,) = result(form(calm_sim, "GetMetricStatistics", **as_form("", asked)))["Datapoints"]
    (by_json,) = cloudwatch.get_metric_statistics(**asked)["Datapoints"]
    assert float(by_form["Sum"]) == by_json["Sum"]
    extended = {name: float(value) for name, value in by_form["ExtendedStatistics"].items()}
    assert extended == by_json["ExtendedStatistics"]
    assert by_form.keys() == by_json.keys()


def test_a_refusal_has_the_same_code_and_text_by_form_and_by_json(
    calm_sim: InProcessAws, cloudwatch: Any, start: float, refused: Any
) -> None:
    asked = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "StartTime": start,
        "EndTime": start + 100_000 * MINUTE,
        "Period": 60,
        "Statistics": ["Sum"],
    }
    answer = form(calm_sim, "GetMetricStatistics", **as_form("", asked))
    tree = ET.fromstring(re.sub(rb' xmlns="[^"]+"', b"", answer.body))  # noqa: S314  our own server's answer
    by_form = (tree.findtext("Error/Code"), tree.findtext("Error/Message"))
    assert answer.status == 400
    assert by_form == refused(cloudwatch.get_metric_statistics, **asked)
