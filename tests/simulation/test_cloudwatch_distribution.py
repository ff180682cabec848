"""How the values of a minute are kept: exact in sum and number, percentiles within one per cent."""

from __future__ import annotations

import random
from statistics import quantiles

import pytest

from sandbox.aws.engine.metrics.distribution import Distribution
from sandbox.aws.engine.metrics.minute import Served
from sandbox.aws.engine.metrics.series import Fleet, VariantSeries

HOUR = 3600
START = 1_700_000_400


def latencies(count: int, *, seed: int) -> list[float]:
    draw = random.Random(seed)
    return [70_000 * draw.lognormvariate(0, 0.4) for _ in range(count)]


def filled(values: list[float]) -> Distribution:
    distribution = Distribution()
    for value in values:
        distribution.add(value)
    return distribution


@pytest.mark.parametrize("count", [2, 37, 5_000])
@pytest.mark.parametrize("percent", [1, 50, 90, 99])
def test_percentiles_are_within_one_per_cent_of_the_raw_values(count: int, percent: int) -> None:
    values = latencies(count, seed=count)
    raw = quantiles(values, n=100, method="inclusive")[percent - 1]
    assert filled(values).percentile(percent) == pytest.approx(raw, rel=0.01)


def test_the_lowest_and_the_highest_percentile_are_the_extremes() -> None:
    values = latencies(100, seed=1)
    assert filled(values).percentile(0) == min(values)
    assert filled(values).percentile(100) == max(values)


def test_a_compacted_distribution_goes_on_as_before() -> None:
    values = latencies(1_000, seed=2)
    compacted, loose = filled(values), filled(values)
    compacted.compact()
    for one in (compacted, loose):
        one.add(50_000.0)
    assert sorted(compacted.items()) == sorted(loose.items())
    assert compacted.percentile(90) == loose.percentile(90)


def test_merging_adds_up_exactly() -> None:
    first, second = filled([1.0, 2.0, 4.0]), filled([0.0, 8.0])
    second.compact()
    first.merge(second)
    assert (first.count, first.total, first.minimum, first.maximum) == (5, 15.0, 0.0, 8.0)


def series(*, keep: int = 3 * HOUR, forget: int = 24 * HOUR) -> VariantSeries:
    return VariantSeries("reviews", "VariantA", keep, forget)


def serve(one: VariantSeries, *, at: float) -> None:
    one.record(Served(model_latency=70_000.0, overhead_latency=5_000.0), at=at)


def test_old_minutes_fold_into_five_and_no_request_is_lost() -> None:
    one = series()
    one.set_fleet(at=START, fleet=Fleet(2, "ml.m5.large"))
    for minute in range(6 * 60):
        for _ in range(minute % 4):
            serve(one, at=START + 60 * minute)
    spans = list(one.spans(start=START, end=START + 6 * HOUR))
    assert sum(span.traffic.invocations for span in spans if span.traffic) == 6 * 15 * 6
    assert {span.seconds for span in spans[:30]} == {300}
    assert {span.seconds for span in spans[-170:]} == {60}


def test_the_very_old_is_forgotten() -> None:
    one = series(forget=6 * HOUR)
    one.set_fleet(at=START, fleet=Fleet(1, "ml.m5.large"))
    for hour in range(24):
        serve(one, at=START + hour * HOUR)
    spans = list(one.spans(start=START, end=START + 24 * HOUR))
    assert sum(span.traffic.invocations for span in spans if span.traffic) == 7


def test_a_minute_knows_the_fleet_of_its_time() -> None:
    one = series()
    one.set_fleet(at=START, fleet=Fleet(1, "ml.m5.large"))
    one.set_fleet(at=START + 90, fleet=Fleet(3, "ml.m5.large"))
    spans = one.spans(start=START, end=START + 180)
    assert [span.fleet.instances for span in spans] == [1, 3, 3]


def test_models_errors_contain_those_of_the_client_and_the_server() -> None:
    one = series()
    for status in (200, 400, 415, 500, None):
        served = Served(model_latency=1.0, overhead_latency=1.0, status=status)
        one.record(served, at=START)
    minute = one.minute(START)
    assert minute is not None
    assert (minute.errors_4xx, minute.errors_5xx, minute.model_errors) == (2, 1, 4)
