"""The charts of an autoscaled variant: which there are, and the series of each."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sagemaker_ab.planning.charts import PERIOD, Point, Series, last_minutes
from sagemaker_ab.planning.policy_metrics import MetricRequest, PolicyMetric
from sagemaker_ab.planning.scaling_charts import Heading, VariantHistory, variant_charts
from sagemaker_ab.planning.scaling_history import Activity, LiveVariant, SpecBounds

TIME_RANGE = last_minutes(10, before=datetime(2026, 11, 25, 15, 50, tzinfo=UTC))
LIVE = LiveVariant(current=4, desired=4, minimum=2, maximum=6)


def at(minute):
    return TIME_RANGE.start + minute * PERIOD


def points(*values, period=PERIOD):
    return tuple(Point(at=TIME_RANGE.start + n * period, value=value) for n, value in enumerate(values))


def series(*values, **changes):
    return Series(name="", points=points(*values, period=changes.get("period", PERIOD)), **changes)


def activity(minute, status="Failed"):
    return Activity(
        description="Setting desired instance count to 4.",
        status=status,
        started=at(minute),
        ended=at(minute + 1),
    )


def policy(**changes):
    known = {
        "policy": "invocations",
        "name": "InvocationsPerInstance",
        "caption": "sum, per minute",
        "level": 40.0,
        "level_name": "target",
        "request": MetricRequest(queries=()),
    }
    return PolicyMetric(**known | changes)


def charts(**changes):
    known = {
        "name": "VariantB",
        "live": LIVE,
        "spec": SpecBounds(2, 6, since=at(7)),
        "activities": (activity(7, "Successful"),),
        "invocations": series(100, 90),
        "invocations_per_instance": series(50, 30),
        "policies": (),
        "metrics": (),
    }
    return variant_charts(VariantHistory(**known | changes), time_range=TIME_RANGE)


def metric(found, *, chart=1):
    """The two series of the chart of a policy: its metric, and its level."""
    return found.charts[chart].series


def test_the_charts_are_those_of_the_named_variant_as_it_is_now():
    assert (charts().name, charts().live) == ("VariantB", LIVE)


def test_the_chart_of_instances_has_both_derivations_and_the_bounds():
    (instances,) = charts().charts

    assert instances.chart == Heading("Instances", "count, derived")
    assert instances.series == (
        Series(name="from activities", points=(Point(at=at(8), value=4), Point(at=at(9), value=4))),
        Series(name="from traffic", points=points(2, 3)),
        Series(name="max", points=tuple(Point(at=at(n), value=6) for n in (7, 8, 9)), limit=True),
        Series(name="min", points=tuple(Point(at=at(n), value=2) for n in (7, 8, 9)), limit=True),
    )


@pytest.mark.parametrize(
    ("incomplete", "expected"),
    [
        ({"activities_complete": False}, [False, True, True, True]),
        ({"invocations": series(1, complete=False)}, [True, False, True, True]),
        ({"invocations_per_instance": series(1, complete=False)}, [True, False, True, True]),
    ],
    ids=["activities", "invocations", "invocations per instance"],
)
def test_a_derivation_from_incomplete_data_is_incomplete(incomplete, expected):
    assert [each.complete for each in charts(**incomplete).charts[0].series] == expected


def test_each_policy_has_a_chart_with_its_metric_and_its_level():
    backlog = policy(policy="burst", name="Backlog", caption="maximum", level=100.0, level_name="alarm above")
    found = charts(policies=(policy(), backlog), metrics=(series(50, 60), series(7)))

    assert [each.chart for each in found.charts[1:]] == [
        Heading("invocations: InvocationsPerInstance", "sum, per minute"),
        Heading("burst: Backlog", "maximum"),
    ]
    level = Point(at=TIME_RANGE.start, value=40.0)
    assert metric(found) == (
        Series(name="InvocationsPerInstance", points=points(50, 60)),
        Series(name="target", points=(level,), period=timedelta(minutes=10), limit=True),
    )
    assert metric(found, chart=2) == (
        Series(name="Backlog", points=points(7)),
        Series(
            name="alarm above",
            points=(replace(level, value=100.0),),
            period=timedelta(minutes=10),
            limit=True,
        ),
    )


def test_the_level_is_drawn_over_a_minute_at_least():
    moment = replace(TIME_RANGE, end=TIME_RANGE.start)
    history = VariantHistory(
        name="VariantB",
        live=LIVE,
        spec=None,
        activities=(),
        invocations=series(),
        invocations_per_instance=series(),
        policies=(policy(),),
        metrics=(series(),),
    )

    assert metric(variant_charts(history, time_range=moment))[1].period == PERIOD


def test_each_policy_needs_its_metric():
    with pytest.raises(ValueError, match="shorter"):
        charts(policies=(policy(),), metrics=())


@pytest.mark.parametrize(
    ("minutes", "shown"), [(1, 10), (2, 3), (3, 2), (7, 1), (8, 0)], ids="{} minutes".format
)
def test_a_longer_period_is_shown_once_cloudwatch_shows_each_of_its_minutes(minutes, shown):
    """CloudWatch shows a minute up to three minutes late; the time range has ten."""
    values = series(*range(10), period=minutes * PERIOD)
    found, _ = metric(charts(policies=(policy(),), metrics=(values,)))

    assert found == replace(values, name="InvocationsPerInstance", points=values.points[:shown])


def test_activities_that_failed_in_the_time_range_are_listed_in_the_order_of_their_start():
    first, last, before = activity(0), activity(8, "Unfulfilled"), activity(-1)

    assert charts(activities=(last, activity(3, "Successful"), before, first)).failed == (first, last)
