"""Which numbers are asked for, over which window, and how they stand in status."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemaker_ab.planning.variant_metrics import Monitored, MonitoredVariant, Window, assemble

CPU = MonitoredVariant("VariantA", "ml.m5.large")
GPU = MonitoredVariant("VariantB", "ml.g5.xlarge")


@given(now=st.floats(1.6e9, 2e9), minutes=st.integers(1, 60))
def test_a_window_is_whole_aligned_and_three_minutes_old(now, minutes):
    window = Monitored("reviews", (CPU,), minutes * 60).newest_window(now)

    assert window.seconds == minutes * 60
    assert window.start % window.seconds == 0
    assert 180 <= now - window.end < 180 + window.seconds


def test_gpu_metrics_are_asked_for_where_there_are_gpus():
    def names(variant):
        return {metric.name for metric in variant.metrics}

    assert "GPUUtilization" not in names(CPU)
    assert {"GPUUtilization", "GPUMemoryUtilization"} <= names(GPU)


def test_what_cloudwatch_does_not_give_is_absent_and_not_zero():
    monitored = Monitored("reviews", (CPU, GPU), 300)
    query = next(q for q in monitored.queries if q.metric.name == "Invocations")

    metrics = assemble(monitored, Window(1_700_000_100, 300), {query: 0.0})

    assert [v.model_dump(exclude_none=True) for v in metrics.variants] == [
        {"name": "VariantA", "invocations": 0}
    ]


@pytest.mark.parametrize(
    ("metric", "statistic", "given", "field", "shown"),
    [
        ("ModelLatency", "p99", 41_700.4, "modelLatencyMicros", {"p99": 41_700}),
        ("CPUUtilization", "Average", 12.345, "cpuUtilizationPercent", "12.35"),
        ("InvocationsPerInstance", "Sum", 12.5, "invocationsPerInstance", "12.50"),
        ("Invocation5XXErrors", "Sum", 3.0, "invocation5XXErrors", 3),
    ],
)
def test_numbers_are_integers_with_a_unit_or_strings_of_fixed_precision(
    metric, statistic, given, field, shown
):
    monitored = Monitored("reviews", (CPU,), 300)
    query = next(q for q in monitored.queries if (q.metric.name, q.metric.statistic) == (metric, statistic))

    variant = assemble(monitored, Window(1_700_000_100, 300), {query: given}).variants[0]

    assert variant.model_dump(by_alias=True, exclude_none=True)[field] == shown


def test_each_variant_has_its_own_numbers():
    monitored = Monitored("reviews", (CPU, GPU), 300)
    numbers = {
        query: {"VariantA": 10.0, "VariantB": 20.0}[query.variant]
        for query in monitored.queries
        if query.metric.name == "Invocations"
    }

    metrics = assemble(monitored, Window(1_700_000_100, 300), numbers)

    assert [(variant.name, variant.invocations) for variant in metrics.variants] == [
        ("VariantA", 10),
        ("VariantB", 20),
    ]
    assert metrics.period_seconds == 300
    assert (metrics.window_end - metrics.window_start).total_seconds() == 300
    assert metrics.window_start.timestamp() == 1_700_000_100
