"""Deploy, shift, scale, measure and delete an A/B-tested endpoint with boto3, whichever it is.

It is told where AWS is by AWS_ENDPOINT_URL alone.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3
from botocore.exceptions import ClientError

ENDPOINT = "py-reviews"
MODELS = ("py-bert-a", "py-bert-b")
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/VariantA",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
DIMENSIONS = [
    {"Name": "EndpointName", "Value": ENDPOINT},
    {"Name": "VariantName", "Value": "VariantB"},
]
REQUESTS = 40
WAITER = {"Delay": 1, "MaxAttempts": 120}

began = datetime.now(UTC)
span = {"StartTime": began - timedelta(hours=1), "EndTime": began + timedelta(hours=12)}
sagemaker = boto3.client("sagemaker")
cloudwatch = boto3.client("cloudwatch")
autoscaling = boto3.client("application-autoscaling")


def expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, not {wanted!r}")


def until(what: str, look: Callable[[], bool]) -> None:
    for _ in range(90):
        if look():
            return
        time.sleep(1)
    raise SystemExit(f"{what} did not come to be")


def create() -> None:
    for name in MODELS:
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://models/{name}/model.tar.gz"}
        container["Environment"] = {"SAGEMAKER_PROGRAM": "inference.py"}
        sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
            PrimaryContainer=container,
        )
    sagemaker.create_endpoint_config(
        EndpointConfigName="py-fifty-fifty",
        ProductionVariants=[
            {"VariantName": variant, "ModelName": model, "InstanceType": "ml.m5.large"}
            | {"InitialInstanceCount": 1, "InitialVariantWeight": 50}
            for variant, model in zip(("VariantA", "VariantB"), MODELS, strict=True)
        ],
    )
    tags = [{"Key": "team", "Value": "py"}]
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="py-fifty-fifty", Tags=tags)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=ENDPOINT, WaiterConfig=WAITER)


def answering() -> set[str]:
    runtime = boto3.client("sagemaker-runtime")
    answers = (
        runtime.invoke_endpoint(
            EndpointName=ENDPOINT, ContentType="application/jsonlines", Body=b'{"features": ["a fine book"]}'
        )
        for _ in range(REQUESTS)
    )
    return {answer["InvokedProductionVariant"] for answer in answers if answer["Body"].read()}


def shift() -> None:
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[
            {"VariantName": "VariantA", "DesiredWeight": 0},
            {"VariantName": "VariantB", "DesiredWeight": 1},
        ],
    )
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=ENDPOINT, WaiterConfig=WAITER)


def scale() -> None:
    autoscaling.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=3)
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    autoscaling.put_scaling_policy(
        **TARGET,
        PolicyName="load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 100.0,
            "PredefinedMetricSpecification": metric,
        },
    )

    def grown() -> bool:
        found = sagemaker.describe_endpoint(EndpointName=ENDPOINT)
        count: int = found["ProductionVariants"][0]["CurrentInstanceCount"]
        return count == 2 and found["EndpointStatus"] == "InService"

    until("a second instance", grown)
    activities = autoscaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    expect("the activity", activities[0]["StatusCode"], "Successful")


def measure() -> None:
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": DIMENSIONS}
    query = {"Id": "calls", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}

    def arrived() -> bool:
        pages = cloudwatch.get_paginator("get_metric_data").paginate(MetricDataQueries=[query], **span)
        total = sum(sum(page["MetricDataResults"][0]["Values"]) for page in pages)
        return bool(total > REQUESTS)

    until("the metrics", arrived)
    asked = metric | span | {"MetricName": "ModelLatency", "Period": 60}
    points = cloudwatch.get_metric_statistics(**asked, ExtendedStatistics=["p50", "p99"])["Datapoints"]
    latency = points[0]["ExtendedStatistics"]
    expect("that latencies are in order", 0 < latency["p50"] <= latency["p99"], wanted=True)
    refused(
        cloudwatch.get_metric_statistics,
        "InvalidParameterCombination",
        **asked | {"EndTime": began + timedelta(days=2)},
    )


def refused(call: Callable[..., object], code: str, **params: object) -> None:
    try:
        call(**params, Statistics=["Sum"])
    except ClientError as error:
        expect("the code of a refusal", error.response["Error"]["Code"], code)
    else:
        raise SystemExit(f"{params} are not refused")


def remove() -> None:
    autoscaling.deregister_scalable_target(**TARGET)
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=ENDPOINT, WaiterConfig=WAITER)
    sagemaker.delete_endpoint_config(EndpointConfigName="py-fifty-fifty")
    for name in MODELS:
        sagemaker.delete_model(ModelName=name)
    pages = sagemaker.get_paginator("list_models").paginate(PaginationConfig={"PageSize": 1})
    expect("what is left", [model for page in pages for model in page["Models"]], [])


def cross() -> None:
    """Work in another account by a role that it lends."""
    role = "arn:aws:iam::222233334444:role/reviewers"
    lent = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="py")["Credentials"]
    session = boto3.Session(lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"])
    expect("the account", session.client("sts").get_caller_identity()["Account"], "222233334444")
    found = session.client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
    expect("what the other account has", found, [])


create()
expect("who answers", answering(), {"VariantA", "VariantB"})
shift()
expect("who answers after the shift", answering(), {"VariantB"})
scale()
measure()
cross()
remove()
print(f"boto3 {boto3.__version__}: two waiters, two paginators, and a role in another account work")
