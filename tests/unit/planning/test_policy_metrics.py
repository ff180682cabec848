"""The metrics of scaling policies as requests to CloudWatch."""

from datetime import timedelta

import pytest

from sagemaker_ab.api.autoscaling import Autoscaling
from sagemaker_ab.planning.policy_metrics import PolicyMetric, policy_metrics, traffic_requests

VARIANT = [{"Name": "EndpointName", "Value": "reviews"}, {"Name": "VariantName", "Value": "VariantA"}]


def metric(name="own", **policy):
    kind = "StepScaling" if "stepScaling" in policy else "TargetTrackingScaling"
    autoscaling = {
        "minCapacity": 1,
        "maxCapacity": 2,
        "policies": [{"name": name, "type": kind, **policy}],
    }
    (found,) = policy_metrics(
        Autoscaling.model_validate(autoscaling), endpoint_name="reviews", variant="VariantA"
    )
    return found


def tracking(**settings):
    return metric(targetTrackingScaling={"targetValue": "2.5", **settings})


def alarm(**members):
    settings = {
        "namespace": "Shop",
        "metricName": "Backlog",
        "statistic": "Sum",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 100,
    } | members
    steps = [{"metricIntervalLowerBound": 0, "scalingAdjustment": 1}]
    return metric(
        stepScaling={
            "adjustmentType": "ChangeInCapacity",
            "stepAdjustments": steps,
            "alarm": {key: value for key, value in settings.items() if value is not None},
        }
    )


@pytest.mark.parametrize(
    ("predefined", "name", "statistic", "caption"),
    [
        ("SageMakerVariantInvocationsPerInstance", "InvocationsPerInstance", "Sum", "sum, per minute"),
        (
            "SageMakerVariantConcurrentRequestsPerModelHighResolution",
            "ConcurrentRequestsPerModel",
            "Maximum",
            "maximum",
        ),
    ],
)
def test_a_predefined_metric_is_that_of_the_variant_by_minute(predefined, name, statistic, caption):
    found = tracking(predefinedMetricType=predefined)

    assert found.request.queries == (
        {
            "Id": "m",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": VARIANT},
                "Period": 60,
                "Stat": statistic,
            },
        },
    )
    assert (found.name, found.caption) == (name, caption)
    assert (found.level_name, found.level) == ("target", 2.5)


def test_a_customized_metric_is_read_as_it_is_declared():
    found = tracking(
        customizedMetric={
            "namespace": "Shop",
            "metricName": "Backlog",
            "dimensions": [{"name": "Queue", "value": "reviews"}],
            "statistic": "Average",
            "unit": "Seconds",
        }
    )

    assert found.request.queries == (
        {
            "Id": "m",
            "MetricStat": {
                "Metric": {
                    "Namespace": "Shop",
                    "MetricName": "Backlog",
                    "Dimensions": [{"Name": "Queue", "Value": "reviews"}],
                },
                "Period": 60,
                "Stat": "Average",
                "Unit": "Seconds",
            },
        },
    )
    assert found.caption == "average, seconds"


def test_metric_math_is_read_by_minute_with_the_result_that_is_tracked():
    backlog = {"namespace": "Shop", "metricName": "Backlog", "stat": "Sum"}
    found = tracking(
        customizedMetric={
            "metrics": [
                {"id": "m1", "metricStat": backlog, "returnData": False},
                {"id": "e1", "expression": "m1 / 2", "label": "backlog of one"},
            ]
        }
    )

    assert found.request.queries == (
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {"MetricName": "Backlog", "Namespace": "Shop"},
                "Stat": "Sum",
                "Period": 60,
            },
            "ReturnData": False,
        },
        {"Id": "e1", "Expression": "m1 / 2", "Label": "backlog of one"},
    )
    assert (found.policy, found.name, found.caption) == ("own", "backlog of one", "metric math")
    assert (found.level_name, found.level) == ("target", 2.5)
    assert (found.request.period, found.request.divisor) == (timedelta(minutes=1), 1)


STAT = {"namespace": "Shop", "metricName": "Backlog", "stat": "Sum"}
INPUT = {"id": "m1", "metricStat": STAT, "returnData": False}


@pytest.mark.parametrize(
    ("metrics", "name"),
    [
        ([INPUT, {"id": "e1", "expression": "m1 / 2", "label": "backlog of one"}], "backlog of one"),
        ([INPUT, {"id": "e1", "expression": "m1 / 2", "returnData": True}], "m1 / 2"),
        ([{"id": "e1", "expression": "m1 / 2"}, INPUT], "m1 / 2"),
        ([{"id": "m1", "metricStat": STAT}], "Backlog"),
        ([{"id": "m1", "metricStat": STAT, "label": "waiting"}], "waiting"),
    ],
    ids=["label", "expression", "expression before its input", "metric", "label of a metric"],
)
def test_metric_math_is_named_by_the_query_that_is_tracked(metrics, name):
    assert tracking(customizedMetric={"metrics": metrics}).name == name


def test_the_metric_of_an_alarm_has_the_period_of_the_alarm():
    found = alarm(periodSeconds=300)

    assert found.request.queries[0]["MetricStat"]["Period"] == 300
    assert (found.request.period, found.request.divisor) == (timedelta(minutes=5), 1)
    assert (found.caption, found.level_name, found.level) == ("sum, per 300 s", "alarm above", 100)


@pytest.mark.parametrize(
    ("statistic", "divisor"), [("Sum", 6), ("SampleCount", 6), ("Average", 1), ("Maximum", 1)]
)
def test_periods_under_a_minute_are_read_as_minutes_and_totals_are_divided(statistic, divisor):
    found = alarm(periodSeconds=10, statistic=statistic)

    assert found.request.queries[0]["MetricStat"]["Period"] == 60
    assert (found.request.period, found.request.divisor) == (timedelta(minutes=1), divisor)


@pytest.mark.parametrize(
    ("operator", "words"),
    [
        ("GreaterThanOrEqualToThreshold", "alarm at or above"),
        ("GreaterThanThreshold", "alarm above"),
        ("LessThanThreshold", "alarm below"),
        ("LessThanOrEqualToThreshold", "alarm at or below"),
    ],
)
def test_the_level_of_an_alarm_says_on_which_side_it_fires(operator, words):
    assert alarm(comparisonOperator=operator).level_name == words


@pytest.mark.parametrize(
    ("members", "caption"),
    [
        ({"statistic": "Average"}, "average"),
        ({"statistic": "Average", "unit": "Count"}, "average"),
        ({"statistic": "Average", "unit": "None"}, "average"),
        ({"statistic": "Maximum", "unit": "Bytes"}, "maximum, bytes"),
        ({"statistic": "Sum", "periodSeconds": 60}, "sum, per minute"),
        ({"statistic": "SampleCount", "periodSeconds": 10}, "samplecount, per 10 s"),
        ({"statistic": "Sum", "unit": "Bytes", "periodSeconds": 300}, "sum, bytes, per 300 s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_caption_has_the_statistic_the_unit_and_the_period_of_a_total(members, caption):
    assert alarm(**members).caption == caption


def test_policies_are_listed_in_the_order_of_the_spec_each_by_its_name_and_metric():
    autoscaling = {
        "minCapacity": 1,
        "maxCapacity": 2,
        "policies": [
            {
                "name": name,
                "type": "TargetTrackingScaling",
                "targetTrackingScaling": {"targetValue": 5, "customizedMetric": metric},
            }
            for name, metric in (
                ("second", {"namespace": "Shop", "metricName": "Backlog", "statistic": "Average"}),
                ("first", {"namespace": "Shop", "metricName": "Errors", "statistic": "Maximum"}),
            )
        ],
    }
    found = policy_metrics(
        Autoscaling.model_validate(autoscaling), endpoint_name="reviews", variant="VariantA"
    )

    assert [(each.policy, each.name, each.caption) for each in found] == [
        ("second", "Backlog", "average"),
        ("first", "Errors", "maximum"),
    ]


def test_the_metric_of_an_alarm_is_known_by_policy_name_and_threshold():
    found = alarm()

    assert found == PolicyMetric(
        policy="own",
        name="Backlog",
        caption="sum, per minute",
        level=100.0,
        level_name="alarm above",
        request=found.request,
    )
    assert found.request.queries[0]["MetricStat"]["Metric"] == {
        "Namespace": "Shop",
        "MetricName": "Backlog",
        "Dimensions": [],
    }


def test_traffic_is_read_as_sums_of_the_variant_by_minute():
    total, per_instance = traffic_requests(endpoint_name="reviews", variant="VariantA")

    for found, name in ((total, "Invocations"), (per_instance, "InvocationsPerInstance")):
        assert found.queries == (
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": VARIANT},
                    "Period": 60,
                    "Stat": "Sum",
                },
            },
        )
        assert (found.period, found.divisor) == (timedelta(minutes=1), 1)


def test_a_percentile_is_asked_for_by_its_name():
    found = alarm(statistic=None, extendedStatistic="p90", unit="Milliseconds")

    assert found.request.queries[0]["MetricStat"]["Stat"] == "p90"
    assert found.caption == "p90, milliseconds"
