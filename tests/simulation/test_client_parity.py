"""boto3's own clients, each kept to one protocol by the model that it is given, read the same in every one.

Nothing is evened out: what is empty, unset or a map must come back as it does in the others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from sandbox.aws.engine.core import OPERATIONS
from sandbox.aws.protocols.services import service_model

if TYPE_CHECKING:
    from pathlib import Path

REVIEWS = [{"Name": "EndpointName", "Value": "reviews"}, {"Name": "VariantName", "Value": "VariantA"}]
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantA",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:slow"
TRACKING = {
    "TargetValue": 10.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}


def client_of(service: str, protocol: str, url: str, folder: Path) -> Any:
    """A client whose model says that the service speaks this protocol only, as older models did."""
    model = Loader().load_service_model(service, "service-2")
    model["metadata"] |= {"protocol": protocol, "protocols": [protocol]}
    place = folder / protocol / service / model["metadata"]["apiVersion"]
    place.mkdir(parents=True)
    (place / "service-2.json").write_text(json.dumps(model))
    session = botocore.session.Session()
    session.set_config_variable("data_path", str(folder / protocol))
    client = session.create_client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="AKIASANDBOX",
        aws_secret_access_key="sandbox",
        config=Config(retries={"total_max_attempts": 1}),
    )
    assert client.meta.service_model.resolved_protocol == protocol
    return client


def spoken(service: str) -> list[str]:
    return sorted(service_model(service).protocols)


SEVERAL = {(service, name) for service, name in OPERATIONS if len(spoken(service)) > 1}


def start_of(now: float) -> dict[str, Any]:
    return {"StartTime": now - 3600, "EndTime": now}


def calls(now: float) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Calls by what is special about them."""
    span = start_of(now)
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": REVIEWS}
    stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
    none = {"Metric": {"Namespace": "AWS/SageMaker", "MetricName": "Sales"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": "a", "MetricStat": stat, "Label": "calls <&> é"}, {"Id": "b", "MetricStat": none}]
    statistics = span | {"Namespace": "AWS/SageMaker", "Dimensions": REVIEWS, "Period": 300}
    alarm = {"AlarmName": "slow", "Period": 60, "EvaluationPeriods": 3, "Threshold": 0.5}
    alarm |= {"MetricName": "ModelLatency", "Namespace": "AWS/SageMaker", "ExtendedStatistic": "p99"}
    alarm |= {"ComparisonOperator": "GreaterThanThreshold", "Tags": [{"Key": "team", "Value": ""}]}
    return {
        "no members at all": ("cloudwatch", "PutMetricAlarm", alarm),
        "a text in a request": (
            "cloudwatch",
            "SetAlarmState",
            {"AlarmName": "slow", "StateValue": "ALARM", "StateReason": "by <hand> & é"},
        ),
        "a list of texts in a request": ("cloudwatch", "DisableAlarmActions", {"AlarmNames": ["slow"]}),
        "the same list again": ("cloudwatch", "EnableAlarmActions", {"AlarmNames": ["slow"]}),
        "structures in a request": (
            "cloudwatch",
            "TagResource",
            {"ResourceARN": ALARM, "Tags": [{"Key": "a", "Value": "b"}]},
        ),
        "tags of an alarm": ("cloudwatch", "ListTagsForResource", {"ResourceARN": ALARM}),
        "keys in a request": ("cloudwatch", "UntagResource", {"ResourceARN": ALARM, "TagKeys": ["a"]}),
        "an alarm that is not there": ("cloudwatch", "DeleteAlarms", {"AlarmNames": ["none"]}),
        "lists of numbers and one that is empty": (
            "cloudwatch",
            "GetMetricData",
            span | {"MetricDataQueries": queries},
        ),
        "the first of several pages": (
            "cloudwatch",
            "GetMetricData",
            span | {"MetricDataQueries": queries, "MaxDatapoints": 4, "ScanBy": "TimestampAscending"},
        ),
        "a map": (
            "cloudwatch",
            "GetMetricStatistics",
            statistics | {"MetricName": "ModelLatency", "ExtendedStatistics": ["p50", "p99"]},
        ),
        "unset members": (
            "cloudwatch",
            "GetMetricStatistics",
            statistics | {"MetricName": "Invocations", "Statistics": ["Sum"]},
        ),
        "an empty list": (
            "cloudwatch",
            "GetMetricStatistics",
            statistics | {"MetricName": "Sales", "Statistics": ["Sum"]},
        ),
        "a list of structures": ("cloudwatch", "ListMetrics", {"Dimensions": REVIEWS}),
        "an empty list of structures": ("cloudwatch", "ListMetrics", {"Namespace": "AWS/EC2"}),
        "booleans, texts and times": ("cloudwatch", "DescribeAlarms", {}),
        "two empty lists": ("cloudwatch", "DescribeAlarms", {"AlarmNames": ["none"]}),
        "tags": ("resourcegroupstaggingapi", "GetResources", {}),
        "no tags": ("resourcegroupstaggingapi", "GetResources", {"TagFilters": [{"Key": "none"}]}),
        "a constraint": ("cloudwatch", "ListMetrics", {"Namespace": "n" * 256}),
        "a code of query's own": (
            "cloudwatch",
            "GetMetricStatistics",
            statistics | {"MetricName": "m", "Period": 60, "StartTime": 0, "Statistics": ["Sum"]},
        ),
        "a token": ("cloudwatch", "DescribeAlarms", {"NextToken": "none"}),
        "a page size": ("resourcegroupstaggingapi", "GetResources", {"ResourcesPerPage": 101}),
    }


EMPTY = {
    *("no members at all", "a text in a request", "a list of texts in a request", "the same list again"),
    *("structures in a request", "keys in a request"),
    *("an empty list of structures", "two empty lists", "no tags"),
}


@pytest.fixture
def busy(calm_served_sim: Any, deployer: Any) -> Any:
    """An endpoint with tags, alarms and an hour of traffic."""
    there = type(deployer)(calm_served_sim.client("sagemaker"))
    there.model()
    there.config()
    there.endpoint()
    calm_served_sim.control.advance(600)
    arn = there.describe()["EndpointArn"]
    there.client.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": ""}, {"Key": "a", "Value": "b"}])
    scaling = calm_served_sim.client("application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    scaling.put_scaling_policy(
        **TARGET,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=TRACKING,
    )
    calm_served_sim.control.set_traffic("reviews", per_minute=7)
    calm_served_sim.control.advance(3600)
    return calm_served_sim


def result(client: Any, operation: str, params: dict[str, Any]) -> Any:
    """What a client makes of an answer, or of a refusal with its status."""
    try:
        answer = client._make_api_call(operation, params)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status, error.response["Error"]["Code"], error.response["Error"]["Message"]
    del answer["ResponseMetadata"]
    # Datapoints come in no order, another at each call.
    answer.get("Datapoints", []).sort(key=lambda point: point["Timestamp"])
    return answer


def test_clients_read_the_same_in_every_protocol(busy: Any, tmp_path: Path) -> None:
    now = busy.control.now()
    clients = {
        (service, protocol): client_of(service, protocol, busy.url, tmp_path)
        for service in {service for service, _ in SEVERAL}
        for protocol in spoken(service)
    }
    refusals = []
    for name, (service, operation, params) in calls(now).items():
        found = {
            protocol: result(clients[service, protocol], operation, params) for protocol in spoken(service)
        }
        first, *others = found.values()
        assert all(other == first for other in others), (name, found)
        if isinstance(first, tuple):
            refusals.append(first[:2])
        else:
            assert any(first.values()) is (name not in EMPTY), name
    assert refusals == [
        (404, "ResourceNotFound"),
        (400, "ValidationError"),
        (400, "InvalidParameterCombination"),
        (400, "InvalidNextToken"),
        (400, "InvalidParameterException"),
    ]
    by_protocol = {call["protocol"] for call in busy.control.calls() if call["service"] == "cloudwatch"}
    assert by_protocol == {"json", "query", "rpc-v2-cbor"}


def test_every_operation_that_several_protocols_reach_is_compared() -> None:
    assert {(service, operation) for service, operation, _ in calls(0.0).values()} == SEVERAL
