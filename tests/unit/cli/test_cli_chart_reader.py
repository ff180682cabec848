from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import ANY

from sagemaker_ab.aws.cloudwatch import read_charts
from sagemaker_ab.aws.failures import AwsError
from sagemaker_ab.aws.observe import live_endpoint
from sagemaker_ab.planning.charts import Point, last_minutes

TIME_RANGE = last_minutes(30, before=datetime(2026, 11, 25, 15, 50, 42, tzinfo=UTC))
VARIANTS = ("VariantA", "VariantB")


def read(aws):
    return read_charts(
        aws.clients.cloudwatch, endpoint_name="reviews-prod", variants=VARIANTS, time_range=TIME_RANGE
    )


def query(chart, variant, namespace, metric, statistic):
    dimensions = [
        {"Name": "EndpointName", "Value": "reviews-prod"},
        {"Name": "VariantName", "Value": VARIANTS[variant]},
    ]
    return {
        "Id": f"chart{chart}variant{variant}",
        "MetricStat": {
            "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
            "Period": 60,
            "Stat": statistic,
        },
    }


def test_all_series_come_from_one_call(aws):
    """Four metrics of two variants, each with the statistic that means something for it."""
    metrics = [
        ("/aws/sagemaker/Endpoints", "CPUUtilization", "Average"),
        ("AWS/SageMaker", "Invocations", "Sum"),
        ("AWS/SageMaker", "InvocationsPerInstance", "Sum"),
        ("AWS/SageMaker", "ModelLatency", "Average"),
    ]
    asked = {
        "MetricDataQueries": [
            query(chart, variant, *metric) for chart, metric in enumerate(metrics) for variant in range(2)
        ],
        "StartTime": datetime(2026, 11, 25, 15, 20, tzinfo=UTC),
        "EndTime": datetime(2026, 11, 25, 15, 50, tzinfo=UTC),
        "ScanBy": "TimestampAscending",
    }
    aws.cloudwatch.add_response("get_metric_data", {"MetricDataResults": []}, asked)

    charts = read(aws)

    assert [data.chart.metric.name for data in charts] == [metric for _, metric, _ in metrics]
    assert all(series.points == () for data in charts for series in data.series)


def result(at, value, status="Complete"):
    return {"Id": "chart3variant1", "Timestamps": [at], "Values": [value], "StatusCode": status}


def test_pages_are_joined_in_order_of_time_and_latency_is_in_milliseconds(aws):
    early = TIME_RANGE.start
    late = early + timedelta(minutes=5)
    aws.cloudwatch.add_response(
        "get_metric_data", {"MetricDataResults": [result(late, 38000, "PartialData")], "NextToken": "more"}
    )
    aws.cloudwatch.add_response("get_metric_data", {"MetricDataResults": [result(early, 24000)]})

    latency = read(aws)[3].series[1]

    assert latency.points == (Point(at=early, value=24.0), Point(at=late, value=38.0))
    assert latency.complete


def test_a_series_that_cloudwatch_has_no_datapoint_of_is_complete_and_empty(aws):
    nothing = {"Id": "chart3variant1", "StatusCode": "Complete"}
    aws.cloudwatch.add_response("get_metric_data", {"MetricDataResults": [nothing]})

    latency = read(aws)[3].series[1]

    assert latency.points == ()
    assert latency.complete


@pytest.mark.parametrize("status", ["InternalError", "PartialData", "Forbidden"])
def test_a_series_that_cloudwatch_could_not_return_whole_says_so(aws, status):
    aws.cloudwatch.add_response(
        "get_metric_data", {"MetricDataResults": [result(TIME_RANGE.start, 1, status)]}
    )

    assert not read(aws)[3].series[1].complete


def test_a_refusal_carries_the_words_of_aws(aws):
    aws.cloudwatch.add_client_error("get_metric_data", "AccessDenied", "not authorized to perform")

    with pytest.raises(AwsError, match="AccessDenied: not authorized to perform"):
        read(aws)


def test_the_live_endpoint_tells_its_variants_and_the_time_at_aws(aws):
    variants = [{"VariantName": name} for name in VARIANTS]
    aws.sagemaker.add_response(
        "describe_endpoint",
        {
            "EndpointName": "reviews-prod",
            "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews-prod",
            "EndpointStatus": "InService",
            "ProductionVariants": variants,
            "CreationTime": TIME_RANGE.start,
            "LastModifiedTime": TIME_RANGE.start,
        },
        {"EndpointName": ANY},
    )

    live = live_endpoint(aws.clients, endpoint_name="reviews-prod")

    assert live.variants == VARIANTS
    assert live.at.timestamp() == pytest.approx(aws.clients.clock.now(), abs=5)
