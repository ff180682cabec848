"""Deploy, shift, scale, measure and delete an A/B-tested endpoint with the AWS CLI v1, command by command.

It is told where AWS is by AWS_ENDPOINT_URL alone. Waiters and paginators are the CLI's own.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

AWS = Path(sys.executable).parent / "aws"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
ENDPOINT = ("--endpoint-name", "cli-reviews")
SAGEMAKER = ("--service-namespace", "sagemaker")
TARGET = (
    *SAGEMAKER,
    *("--resource-id", "endpoint/cli-reviews/variant/VariantA"),
    *("--scalable-dimension", "sagemaker:variant:DesiredInstanceCount"),
)
DIMENSIONS = ("Name=EndpointName,Value=cli-reviews", "Name=VariantName,Value=VariantB")
BEGAN = datetime.now(UTC)
SPAN = (
    *("--start-time", (BEGAN - timedelta(hours=1)).isoformat()),
    *("--end-time", (BEGAN + timedelta(hours=12)).isoformat()),
)
LEAST = {"commands": 30, "waiters": 2, "paginators": 3}
PAGING = {"--page-size", "--max-items", "--starting-token"}

used: dict[str, set[str]] = {kind: set() for kind in LEAST}


def aws(service: str, command: str, *arguments: str, query: str = "") -> str:
    """Run a command, and return what it prints as text; end the journey if it fails."""
    used["commands"].add(f"{service} {command}")
    if command == "wait":
        used["waiters"].add(arguments[0])
    if PAGING.intersection(arguments):
        used["paginators"].add(f"{service} {command}")
    wanted = ("--query", query, "--output", "text") if query else ()
    answer = subprocess.run(
        [AWS, service, command, *arguments, *wanted], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise SystemExit(f"aws {service} {command} {' '.join(arguments)}\n{answer.stderr}{answer.stdout}")
    return answer.stdout.strip()


def expect(what: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, not {wanted!r}")


def until(what: str, look: Callable[[], bool]) -> None:
    for _ in range(40):
        if look():
            return
        time.sleep(1)
    raise SystemExit(f"{what} did not come to be")


def create() -> None:
    expect("the account", aws("sts", "get-caller-identity", query="Account"), "123456789012")
    lent = aws(
        "sts",
        "assume-role",
        *("--role-arn", "arn:aws:iam::222233334444:role/x", "--role-session-name", "cli"),
        query="AssumedRoleUser.Arn",
    )
    expect("the role", lent, "arn:aws:sts::222233334444:assumed-role/x/cli")
    for name in ("cli-bert-a", "cli-bert-b"):
        container = f"Image={IMAGE},ModelDataUrl=s3://models/{name}/model.tar.gz,Environment={{A=1,B=2}}"
        aws(
            "sagemaker",
            "create-model",
            *("--model-name", name, "--execution-role-arn", ROLE, "--primary-container", container),
        )
    environment = aws(
        "sagemaker", "describe-model", "--model-name", "cli-bert-a", query="PrimaryContainer.Environment.B"
    )
    expect("the environment", environment, "2")
    paged = aws("sagemaker", "list-models", "--page-size", "1", query="length(Models)")
    expect("the models, a page each", paged, "1\n1")
    for name, weight in (("cli-fifty-fifty", 50), ("cli-second", 1)):
        variants = [
            f"VariantName=Variant{arm},ModelName=cli-bert-{arm.lower()},InstanceType=ml.m5.large,"
            f"InitialInstanceCount=1,InitialVariantWeight={weight}"
            for arm in "AB"
        ]
        aws(
            "sagemaker",
            "create-endpoint-config",
            *("--endpoint-config-name", name, "--production-variants", *variants),
        )
    aws("sagemaker", "create-endpoint", *ENDPOINT, "--endpoint-config-name", "cli-fifty-fifty")
    aws("sagemaker", "describe-endpoint-config", "--endpoint-config-name", "cli-second")
    first = json.loads(aws("sagemaker", "list-endpoint-configs", "--max-items", "1"))
    rest = ("--starting-token", first["NextToken"])
    second = json.loads(aws("sagemaker", "list-endpoint-configs", *rest))["EndpointConfigs"]
    names = {config["EndpointConfigName"] for config in (*first["EndpointConfigs"], *second)}
    expect("the configs, in two goes", " ".join(sorted(names)), "cli-fifty-fifty cli-second")
    aws("sagemaker", "wait", "endpoint-in-service", *ENDPOINT)


def tag() -> None:
    arn = aws("sagemaker", "describe-endpoint", *ENDPOINT, query="EndpointArn")
    expect("the endpoints", aws("sagemaker", "list-endpoints", query="Endpoints[].EndpointArn"), arn)
    resource = ("--resource-arn", arn)
    aws("sagemaker", "add-tags", *resource, "--tags", "Key=team,Value=cli", "Key=passing,Value=yes")
    aws("sagemaker", "delete-tags", *resource, "--tag-keys", "passing")
    expect("the tags", aws("sagemaker", "list-tags", *resource, query="Tags[].Key"), "team")
    wanted = ("--tag-filters", "Key=team,Values=cli")

    def found() -> bool:
        arns = aws(
            "resourcegroupstaggingapi",
            "get-resources",
            *wanted,
            query="ResourceTagMappingList[].ResourceARN",
        )
        return arns == arn

    until("the endpoint by its tag", found)


def invoke(*more: str) -> str:
    body = ("--content-type", "application/jsonlines", "--body", '{"features": ["a fine book"]}')
    answer = aws("sagemaker-runtime", "invoke-endpoint", *ENDPOINT, *body, *more, "/dev/null")
    variant: str = json.loads(answer)["InvokedProductionVariant"]
    return variant


def shift() -> None:
    expect("the variant asked for", invoke("--target-variant", "VariantA"), "VariantA")
    weights = ("VariantName=VariantA,DesiredWeight=0", "VariantName=VariantB,DesiredWeight=1")
    aws(
        "sagemaker",
        "update-endpoint-weights-and-capacities",
        *(*ENDPOINT, "--desired-weights-and-capacities", *weights),
    )

    until("the shift", lambda: bool(calm()))
    expect("the variant with all the weight", invoke(), "VariantB")


def scale() -> None:
    autoscaling = "application-autoscaling"
    aws(autoscaling, "register-scalable-target", *TARGET, "--min-capacity", "2", "--max-capacity", "3")
    tracking = {
        "TargetValue": 100,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    aws(
        autoscaling,
        "put-scaling-policy",
        *(*TARGET, "--policy-name", "load", "--policy-type", "TargetTrackingScaling"),
        *("--target-tracking-scaling-policy-configuration", json.dumps(tracking)),
    )
    arn = aws(
        autoscaling, "describe-scalable-targets", *SAGEMAKER, query="ScalableTargets[0].ScalableTargetARN"
    )
    aws(autoscaling, "tag-resource", "--resource-arn", arn, "--tags", "team=cli")
    expect(
        "the tag", aws(autoscaling, "list-tags-for-resource", "--resource-arn", arn, query="Tags.team"), "cli"
    )
    aws(autoscaling, "untag-resource", "--resource-arn", arn, "--tag-keys", "team")
    names = aws(autoscaling, "describe-scaling-policies", *SAGEMAKER, query="ScalingPolicies[].PolicyName")
    expect("the policies", names, "load")

    def grown() -> bool:
        status = aws(
            autoscaling, "describe-scaling-activities", *SAGEMAKER, query="ScalingActivities[0].StatusCode"
        )
        return status == "Successful"

    until("a second instance", grown)
    names = aws("cloudwatch", "describe-alarms", "--page-size", "1", query="length(MetricAlarms)")
    expect("the alarms of target tracking, a page each", names, "1\n1")


def measure() -> None:
    def arrived() -> bool:
        sums = aws(
            "cloudwatch",
            "get-metric-statistics",
            *("--namespace", "AWS/SageMaker", "--metric-name", "Invocations", "--dimensions", *DIMENSIONS),
            *(*SPAN, "--period", "60", "--statistics", "Sum"),
            query="sum(Datapoints[].Sum)",
        )
        return float(sums) > 0

    until("the metrics", arrived)
    aws("cloudwatch", "list-metrics", "--namespace", "AWS/SageMaker", "--dimensions", *DIMENSIONS)
    dimensions = [
        {"Name": "EndpointName", "Value": "cli-reviews"},
        {"Name": "VariantName", "Value": "VariantB"},
    ]
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "ModelLatency", "Dimensions": dimensions}
    queries = [{"Id": "p99", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p99"}}]
    aws("cloudwatch", "get-metric-data", *SPAN, "--metric-data-queries", json.dumps(queries))


def update() -> None:
    aws("sagemaker", "update-endpoint", *ENDPOINT, "--endpoint-config-name", "cli-second")

    until("the update", lambda: calm() == "cli-second")


def calm() -> str:
    """Return the config in use, or nothing while AWS is busy with the endpoint."""
    query = "[EndpointStatus, EndpointConfigName]"
    status, config = aws("sagemaker", "describe-endpoint", *ENDPOINT, query=query).split()
    return config if status == "InService" else ""


def remove() -> None:
    aws("application-autoscaling", "delete-scaling-policy", *TARGET, "--policy-name", "load")
    aws("application-autoscaling", "deregister-scalable-target", *TARGET)
    # The update has brought one instance, and the target may just have asked for the second.
    until("the end of the last scaling", lambda: bool(calm()))
    aws("sagemaker", "delete-endpoint", *ENDPOINT)
    for name in ("cli-fifty-fifty", "cli-second"):
        aws("sagemaker", "delete-endpoint-config", "--endpoint-config-name", name)
    aws("sagemaker", "wait", "endpoint-deleted", *ENDPOINT)
    for name in ("cli-bert-a", "cli-bert-b"):
        aws("sagemaker", "delete-model", "--model-name", name)


for act in (create, tag, shift, scale, measure, update, remove):
    act()
print(", ".join(f"{len(names)} {kind}" for kind, names in used.items()))
for kind, least in LEAST.items():
    if len(used[kind]) < least:
        raise SystemExit(f"only {len(used[kind])} {kind}, not {least}: {sorted(used[kind])}")
