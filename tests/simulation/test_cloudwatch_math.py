"""Metric math, as policies, alarms and GetMetricData compute it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.engine.cloudwatch.expressions import compute, parse
from sandbox.aws.engine.cloudwatch.functions import Grid, Line, MathError, Value

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

GRID = Grid(0, 300, 60)
SERIES = {
    "a": {0: 2.0, 60: 4.0, 120: 6.0, 180: 8.0, 240: 10.0},
    "b": {0: 1.0, 120: 3.0, 240: 0.0},
}


def line(name: str) -> Line:
    return Line(name, GRID, SERIES[name])


def computed(text: str, *, by_zero: float | None = None) -> Value:
    return compute(
        parse(text), line, lambda part: tuple(line(name) for name in SERIES if part in name), by_zero=by_zero
    )


def values(text: str, *, by_zero: float | None = None) -> dict[int, float]:
    found = computed(text, by_zero=by_zero)
    assert isinstance(found, Line)
    return dict(found.values)


@pytest.mark.ledger("cloudwatch.math-missing")
def test_two_metrics_have_a_result_where_both_have_a_value() -> None:
    assert values("a + b * 2") == {0: 4.0, 120: 12.0, 240: 10.0}
    assert values("-(a - 1) ^ 2") == {0: -1.0, 60: -9.0, 120: -25.0, 180: -49.0, 240: -81.0}


def test_a_division_by_zero_gives_nothing_or_what_was_chosen() -> None:
    assert values("a / b") == {0: 2.0, 120: 2.0}
    assert values("a / b", by_zero=0.0) == {0: 2.0, 120: 2.0, 240: 0.0}


@pytest.mark.ledger("cloudwatch.math-aggregates")
@pytest.mark.parametrize(
    ("text", "number"),
    [("SUM(a)", 30.0), ("AVG(a)", 6.0), ("MIN(a)", 2.0), ("MAX(a) + 1", 11.0)],
)
def test_of_one_metric_an_aggregate_is_a_number(text: str, number: float) -> None:
    assert computed(text) == number


def test_the_period_of_a_metric_is_a_number_of_seconds() -> None:
    assert computed("PERIOD(a)") == 60.0


def test_of_several_metrics_an_aggregate_is_a_metric() -> None:
    everything = {0: 3.0, 60: 4.0, 120: 9.0, 180: 8.0, 240: 10.0}
    assert values("SUM(METRICS())") == values("SUM([a, b])") == everything
    assert values('MAX(METRICS("b"))') == SERIES["b"]
    assert values("AVG([a, b])")[120] == 4.5


@pytest.mark.ledger("cloudwatch.math-fill")
def test_fill_puts_a_value_where_none_is() -> None:
    assert values("FILL(b, 7)") == {0: 1.0, 60: 7.0, 120: 3.0, 180: 7.0, 240: 0.0}
    assert values("FILL(b, REPEAT)") == {0: 1.0, 60: 1.0, 120: 3.0, 180: 3.0, 240: 0.0}
    assert values("FILL(b, LINEAR)") == {0: 1.0, 60: 2.0, 120: 3.0, 180: 1.5, 240: 0.0}
    assert values("a / FILL(b, 1)")[60] == 4.0
    assert values("FILL(b, a)")[60] == 4.0


def test_conditions_choose() -> None:
    assert values("IF(a > 4, a, 0)") == {0: 0.0, 60: 0.0, 120: 6.0, 180: 8.0, 240: 10.0}
    assert values("IF(a > 4 AND a < 10, 1)") == {120: 1.0, 180: 1.0}
    assert values("IF(b == 0 || b == 3, CEIL(a / 4), FLOOR(ABS(-0.5)))") == {0: 0.0, 120: 2.0, 240: 3.0}
    assert computed("IF(2 >= 3, 1, 5)") == 5.0


def test_an_array_is_computed_with_item_by_item() -> None:
    found = computed("METRICS() * 10")
    assert isinstance(found, tuple)
    assert [item.values[0] for item in found if isinstance(item, Line)] == [20.0, 10.0]


BROKEN = """
a + ; a b ; a.x ; a[0] ; lambda: 1 ; a if a else b ; x = 1 ; f'{a}' ; not a ; 1 < 2 < 3 ; True.real ; 1j * a
SEARCH('x', 'Sum', 60) ; FILL(a) ; FILL(1, 0) ; ABS() ; SUM(1) ; METRICS(a) ; PERIOD(1) ; 'text' ; REPEAT
1 / 0 ; 10 ^ 10 ^ 10 ; (0 - 8) ^ 0.5 ; a // b ; a @ b ; ABS(x=1) ; (ABS + 1)(a) ; [a, b] + [a]
IF(METRICS(), 1, 2) ; IF(1, 2) ; IF(a, METRICS(), 1)
"""
DEEP = ["", "(" * 400 + "a" + ")" * 400, "-" * 2_000 + "a", "9" * 2_000]


@pytest.mark.parametrize("text", [*re.split(r" ; |\n", BROKEN.strip()), *DEEP])
def test_what_cannot_be_computed_says_so(text: str) -> None:
    with pytest.raises(MathError):
        computed(text)


DIMENSIONS = [{"Name": "EndpointName", "Value": "reviews"}, {"Name": "VariantName", "Value": "VariantA"}]


def stat(name: str, metric: str, **more: Any) -> dict[str, Any]:
    found = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": DIMENSIONS}
    return {"Id": name, "MetricStat": {"Metric": found, "Period": 60, "Stat": "Sum"}, **more}


class Asked:
    """Metric data of ten minutes of 12 requests a minute, one in four of which failed."""

    def __init__(self, sim: InProcessAws) -> None:
        sim.edit(weights={"endpoint": "reviews", "variants": {"VariantA": 1, "VariantB": 0}})
        sim.edit(ailment={"model": "bert-a", "rate5xx": 0.25})
        self.start = sim.engine.clock.now()
        sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 12})
        sim.advance(minutes=10)
        sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
        sim.advance(minutes=5)
        self.client = sim.client("cloudwatch")

    def __call__(self, *queries: dict[str, Any], minutes: int = 10, **more: Any) -> Any:
        return self.client.get_metric_data(
            MetricDataQueries=list(queries),
            StartTime=self.start,
            EndTime=self.start + 60 * minutes,
            ScanBy="TimestampAscending",
            **more,
        )


@pytest.fixture
def ask(calm_sim: InProcessAws, in_service: Any) -> Asked:
    del in_service
    return Asked(calm_sim)


@pytest.mark.ledger("cloudwatch.math-by-zero")
def test_an_error_rate_is_computed_by_the_minute(ask: Asked) -> None:
    errors, served = stat("m1", "Invocation5XXErrors"), stat("m2", "Invocations")
    rate = {"Id": "rate", "Expression": "100 * m1 / m2", "Label": "error rate"}
    first, second, third = ask(errors, served, rate)["MetricDataResults"]
    assert third["Label"] == "error rate"
    assert third["Timestamps"] == first["Timestamps"]
    assert third["Values"] == [
        100 * one / other for one, other in zip(first["Values"], second["Values"], strict=True)
    ]
    hidden = ask(errors | {"ReturnData": False}, served | {"ReturnData": False}, rate)["MetricDataResults"]
    assert hidden == [third]


@pytest.mark.ledger("cloudwatch.expression-label")
def test_an_array_gives_a_result_for_each_metric_and_pages_over_them(ask: Asked) -> None:
    queries = (
        stat("m1", "Invocation5XXErrors", Label="errors", ReturnData=False),
        stat("m2", "Invocations", Label="all", ReturnData=False),
        {"Id": "e1", "Expression": "FILL(METRICS(), 0)", "Label": "ZFILL"},
        stat("m3", "ModelLatency"),
    )
    whole = ask(*queries)["MetricDataResults"]
    assert [result["Label"] for result in whole][:2] == ["ZFILL errors", "ZFILL all"]
    assert {result["Id"] for result in whole} == {"e1", "m3"}
    found: dict[str, list[float]] = {}
    more: dict[str, Any] = {}
    for _ in range(10):
        answer = ask(*queries, MaxDatapoints=7, **more)
        assert sum(len(result["Values"]) for result in answer["MetricDataResults"]) <= 7
        for result in answer["MetricDataResults"]:
            found.setdefault(result["Label"], []).extend(result["Values"])
        if "NextToken" not in answer:
            break
        more = {"NextToken": answer["NextToken"]}
    assert found == {result["Label"]: result["Values"] for result in whole}


def test_a_label_of_an_expression_is_its_id_unless_given(ask: Asked) -> None:
    (result,) = ask(stat("m1", "Invocations", ReturnData=False), {"Id": "e1", "Expression": "m1 * 2"})[
        "MetricDataResults"
    ]
    assert result["Label"] == "e1"
    assert result["Values"] == [20.0, *[24.0] * 9]


def test_nothing_is_filled_beyond_the_present(ask: Asked) -> None:
    served = stat("m1", "Invocation4XXErrors", ReturnData=False)
    (result,) = ask(served, {"Id": "e1", "Expression": "FILL(m1, 0)"}, minutes=1_000)["MetricDataResults"]
    assert len(result["Values"]) == 15


@pytest.mark.ledger("cloudwatch.expression")
@pytest.mark.parametrize(
    "expression", ["m1 +", "m9 / m1", "e1 + 1", "SUM(m1)", "ANOMALY_DETECTION_BAND(m1)", "1 / 0"]
)
def test_an_expression_that_cannot_be_is_refused(ask: Asked, refused: Any, expression: str) -> None:
    code, text = refused(ask, stat("m1", "Invocations"), {"Id": "e1", "Expression": expression})
    assert code in {"ValidationError", "InvalidParameterValue"}
    assert text.startswith("Error in expression 'e1': ")


@pytest.mark.ledger("cloudwatch.coarse-periods")
def test_the_past_is_told_in_coarse_periods_only(calm_sim: InProcessAws, ask: Asked) -> None:
    calm_sim.advance(minutes=16 * 24 * 60)
    fine, coarse = stat("m1", "Invocations"), stat("m2", "Invocations")
    coarse["MetricStat"]["Period"] = 300
    first, second = ask(fine, coarse)["MetricDataResults"]
    assert first["Values"] == []
    assert second["Values"] == [58.0, 60.0]
