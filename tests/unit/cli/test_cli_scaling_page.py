"""The page and the picture of autoscaled variants."""

import math
from datetime import UTC, datetime

import pytest

from sagemaker_ab.cli.views.scaling_page import scaling_page
from sagemaker_ab.cli.views.scaling_plot import save_scaling_plot, steps
from sagemaker_ab.planning.charts import PERIOD, Point, Series, last_minutes
from sagemaker_ab.planning.policy_metrics import MetricRequest, PolicyMetric
from sagemaker_ab.planning.scaling_charts import VariantHistory, variant_charts
from sagemaker_ab.planning.scaling_history import Activity, LiveVariant, SpecBounds

TIME_RANGE = last_minutes(10, before=datetime(2026, 11, 25, 15, 50, tzinfo=UTC))


def series(*values, period=PERIOD):
    points = (
        Point(at=TIME_RANGE.start + number * period, value=value)
        for number, value in enumerate(values)
        if value is not None
    )
    return Series(name="", points=tuple(points), period=period)


def failure(minute, message="Failed to set desired instance count to 6."):
    return Activity(
        description="Setting desired instance count to 6.",
        status="Failed",
        started=TIME_RANGE.start + minute * PERIOD,
        message=message,
    )


def policy(period=PERIOD):
    return PolicyMetric(
        policy="invocations",
        name="InvocationsPerInstance",
        caption="sum, per minute",
        level=40,
        level_name="target",
        request=MetricRequest(queries=(), period=period),
    )


@pytest.fixture
def drawn(text):
    """The page of VariantB, which scales from two to four instances, with additions."""

    def lines(*failures, width=60, **history):
        return text(
            scaling_page(
                [variants(*failures, **history)],
                endpoint_name="reviews-prod",
                time_range=TIME_RANGE,
                width=width,
            ),
            width=width,
        ).splitlines()

    return lines


def variants(*failures, **history):
    scaled = Activity(
        description="Setting desired instance count to 4.",
        status="Successful",
        started=TIME_RANGE.start + 3 * PERIOD,
        ended=TIME_RANGE.start + 5 * PERIOD,
    )
    whole = {
        "name": "VariantB",
        "live": LiveVariant(current=4, desired=4, minimum=1, maximum=6),
        "spec": SpecBounds(1, 6, since=TIME_RANGE.start - PERIOD),
        "activities": (scaled, *failures),
        "invocations": series(100, 100, 100, 200, 200, 160, 160),
        "invocations_per_instance": series(50, 50, 50, 100, 100, 40, 40),
        "policies": (policy(),),
        "metrics": (series(50, 50, 50, 100, 100, 40, 40),),
    }
    return variant_charts(VariantHistory(**(whole | history)), time_range=TIME_RANGE)


def test_instances_are_drawn_between_their_bounds_and_metrics_against_their_target(drawn):
    assert "\n".join(drawn()) == (
        "Endpoint reviews-prod, 2026-11-25 15:40 to 15:50 UTC, minute\n"
        "by minute\n"
        "\n"
        "VariantB  4/4 instances [1..6]\n"
        "\n"
        "Instances  count, derived\n"
        "     6 ┤⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁⠈ ⠁\n"
        "       │\n"
        "       │                          ⡤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤\n"
        "       │                          ⡇\n"
        "     3 ┤                          ⡇\n"
        "       │⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠃\n"
        "       │⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄⠠ ⠄\n"
        "     0 ┤\n"
        "       └────────────────────────────────────────────────────\n"
        "        15:40                  15:45                   15:50\n"
        "  ━━ from activities  last 4 · mean 4 · max 4\n"
        "  ━━ from traffic  last 4 · mean 2.57 · max 4\n"
        "  ┄┄ max  6\n"
        "  ┄┄ min  1\n"
        "\n"
        "invocations: InvocationsPerInstance  sum, per minute\n"
        "   100 ┤               ⢸⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⡇\n"
        "       │               ⢸          ⡇\n"
        "       │               ⢸          ⡇\n"
        "       │               ⢸          ⡇\n"
        "    50 ┤⡉⢉⠉⡉⢉⠉⡉⢉⠉⡉⢉⠉⡉⢉⠉⡉⢀ ⡀⢀ ⡀⢀ ⡀⢀⣇⣀⣀⣀⣀⣀⣀⣀⣀⣀⡀⢀ ⡀⢀ ⡀⢀ ⡀⢀ ⡀⢀ ⡀\n"
        "       │\n"
        "       │\n"
        "     0 ┤\n"
        "       └────────────────────────────────────────────────────\n"
        "        15:40                  15:45                   15:50\n"
        "  ━━ InvocationsPerInstance  last 40 · mean 61.4 · max 100\n"
        "  ┄┄ target  40\n"
        "\n"
        "CloudWatch has no instance count. It is derived from traffic\n"
        "(Invocations / InvocationsPerInstance) and from scaling\n"
        "activities. Bounds are those of the spec, of scheduled\n"
        "actions that ran, and now of AWS."
    )


def test_failures_in_the_time_range_are_counted_and_the_last_is_quoted(drawn):
    before, first, last = failure(-5), failure(2, "too early"), failure(8)

    assert not any("Failed" in line for line in drawn(before))
    assert "Failed: 1 scaling activity at 2026-11-25 15:42:00 UTC. too early" in drawn(
        before, first, width=100
    )
    assert (
        "Failed: 2 scaling activities, the last at 2026-11-25 15:48:00 UTC. "
        "Failed to set desired instance count to 6."
    ) in drawn(last, before, first, width=130)


def test_a_period_of_which_cloudwatch_does_not_show_every_minute_is_left_out():
    """Its minutes come up to three minutes late, so the sum of a period that has just ended is too small."""
    period = 5 * PERIOD
    found = variants(policies=(policy(period),), metrics=(series(400, 40, period=period),))

    (metric, _) = found.charts[1].series
    assert [point.value for point in metric.points] == [400]


def test_what_is_incomplete_says_so(drawn):
    lines = drawn(activities_complete=False)

    assert "  ━━ from activities  last 4 · mean 4 · max 4  (incomplete)" in lines


def test_a_variant_without_policies_has_the_chart_of_its_instances_only():
    assert [data.chart.title for data in variants(policies=(), metrics=()).charts] == ["Instances"]


def test_the_picture_has_all_charts_and_says_what_is_derived(tmp_path):
    path = tmp_path / "scaling.svg"

    save_scaling_plot([variants()], endpoint_name="reviews-prod", time_range=TIME_RANGE, path=path)

    picture = path.read_text()
    for words in (
        "reviews-prod   2026-11-25 15:40 to 15:50 UTC",
        "VariantB   4/4 instances [1..6]",
        "count, derived",
        "from activities",
        "from traffic",
        "invocations: InvocationsPerInstance",
        "target",
    ):
        assert f"<!-- {words} -->" in picture
    assert "CloudWatch has no instance count." in picture


def test_no_line_of_the_picture_bridges_a_gap():
    line = list(steps(series(1, None, 3)))

    assert [at for at, _ in line] == [TIME_RANGE.start + minute * PERIOD for minute in (0, 1, 1, 2, 3)]
    assert [value for _, value in line][:2] == [1, 1]
    assert math.isnan(line[2][1])
    assert [value for _, value in line][3:] == [3, 3]
