"""Malformed requests of every kind, each in every protocol that reaches its operation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.aws.http import HttpRequest
from sandbox.aws.protocols import cbor

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNING_NAMES = {
    "cloudwatch": "monitoring",
    "resourcegroupstaggingapi": "tagging",
    "sagemaker-runtime": "sagemaker",
}
TARGETS = {
    "sagemaker": "SageMaker",
    "application-autoscaling": "AnyScaleFrontendService",
    "cloudwatch": "GraniteServiceVersion20100801",
    "resourcegroupstaggingapi": "ResourceGroupsTaggingAPI_20170126",
}
PROTOCOLS = {
    "sagemaker": ("json",),
    "application-autoscaling": ("json",),
    "cloudwatch": ("json", "query", "rpc-v2-cbor"),
    "resourcegroupstaggingapi": ("json", "rpc-v2-cbor"),
    "sts": ("query",),
}
VALIDATION = {"ValidationException", "ValidationError"}
SERIALIZATION = {"SerializationException", "MalformedInput"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A request in one protocol, and the codes that may refuse it."""

    name: str
    protocol: str
    service: str
    operation: str
    body: bytes
    codes: set[str]
    signed: bool = True

    def request(self) -> HttpRequest:
        headers = {"content-type": "application/octet-stream"}
        if self.signed:
            name = SIGNING_NAMES.get(self.service, self.service)
            scope = f"Credential=AKIASANDBOX/20260101/us-east-1/{name}/aws4_request"
            headers["authorization"] = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
        target, path = TARGETS.get(self.service, ""), "/"
        if self.protocol == "json":
            headers["x-amz-target"] = f"{target}.{self.operation}"
        elif self.protocol == "rpc-v2-cbor":
            headers["smithy-protocol"] = "rpc-v2-cbor"
            path = f"/service/{target}/operation/{self.operation}"
        return HttpRequest(method="POST", target=path, headers=headers, body=self.body)


def form(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the fields of a form."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from form(f"{prefix}.{key}" if prefix else key, item)
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from form(f"{prefix}.member.{number}", item)
    else:
        yield prefix, str(value)


def body(protocol: str, operation: str, params: Any) -> bytes:
    if protocol == "json":
        return json.dumps(params).encode()
    if protocol == "rpc-v2-cbor":
        return cbor.dumps(as_cbor(params))
    return urlencode([("Action", operation), ("Version", "x"), *form("", params)]).encode()


def as_cbor(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: as_cbor(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [as_cbor(item) for item in value]
    return cbor.Moment(value) if name in {"StartTime", "EndTime"} and isinstance(value, int) else value


CONFIG = {"VariantName": "A", "ModelName": "bert-a", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/reviews/variant/VariantA",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
SPAN = {"StartTime": 1_767_225_600, "EndTime": 1_767_229_200}
STATISTICS = SPAN | {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Period": 60}
METRIC = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations"}
ROLE = "arn:aws:iam::222233334444:role/x"


def config(**changes: Any) -> dict[str, Any]:
    return {"EndpointConfigName": "other", "ProductionVariants": [CONFIG | changes]}


def weights(**changes: Any) -> dict[str, Any]:
    one = {"VariantName": "VariantA"} | changes
    return {"EndpointName": "reviews", "DesiredWeightsAndCapacities": [one]}


def query(**changes: Any) -> dict[str, Any]:
    stat = {"Metric": METRIC, "Period": 60, "Stat": "Sum"}
    return SPAN | {"MetricDataQueries": [{"Id": "a", "MetricStat": stat} | changes]}


BROKEN_CONSTRAINTS: list[tuple[str, str, dict[str, Any]]] = [
    ("sagemaker", "CreateModel", {}),
    ("sagemaker", "CreateModel", {"ModelName": ""}),
    ("sagemaker", "CreateModel", {"ModelName": "-a"}),
    ("sagemaker", "CreateModel", {"ModelName": "ä"}),
    ("sagemaker", "CreateModel", {"ModelName": "a" * 64}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "PrimaryContainer": {"Image": "i" * 300}}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "PrimaryContainer": {"ModelDataUrl": "ftp://x"}}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "PrimaryContainer": {"Mode": "Both"}}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "Tags": [{"Key": "k"}]}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "Tags": [{"Key": "k" * 129, "Value": ""}]}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "Tags": [{"Key": "k", "Value": "<>"}]}),
    ("sagemaker", "CreateModel", {"ModelName": "m", "Tags": [{"Key": "k", "Value": "v"}] * 51}),
    ("sagemaker", "CreateEndpointConfig", {"EndpointConfigName": "c"}),
    ("sagemaker", "CreateEndpointConfig", config(VariantName="a b")),
    ("sagemaker", "CreateEndpointConfig", config(InstanceType="m5.large")),
    ("sagemaker", "CreateEndpointConfig", config(InitialVariantWeight=-1)),
    ("sagemaker", "CreateEndpointConfig", config(VolumeSizeInGB=513)),
    ("sagemaker", "CreateEndpointConfig", config(ModelDataDownloadTimeoutInSeconds=59)),
    ("sagemaker", "CreateEndpoint", {"EndpointName": "e"}),
    ("sagemaker", "CreateEndpoint", {"EndpointName": "e_", "EndpointConfigName": "c"}),
    ("sagemaker", "UpdateEndpoint", {"EndpointName": "reviews"}),
    ("sagemaker", "UpdateEndpointWeightsAndCapacities", weights(DesiredWeight=-0.5)),
    ("sagemaker", "UpdateEndpointWeightsAndCapacities", weights(DesiredInstanceCount=-1)),
    ("sagemaker", "UpdateEndpointWeightsAndCapacities", weights() | {"DesiredWeightsAndCapacities": []}),
    ("sagemaker", "DeleteEndpoint", {}),
    ("sagemaker", "DescribeEndpoint", {"EndpointName": "reviews/"}),
    ("sagemaker", "ListEndpoints", {"MaxResults": 0}),
    ("sagemaker", "ListEndpoints", {"SortBy": "Weight"}),
    ("sagemaker", "ListModels", {"NameContains": "a_b"}),
    ("sagemaker", "AddTags", {"ResourceArn": "arn:x", "Tags": []}),
    ("sagemaker", "DeleteTags", {"ResourceArn": "arn:x", "TagKeys": []}),
    ("application-autoscaling", "RegisterScalableTarget", {"ServiceNamespace": "sagemaker"}),
    ("application-autoscaling", "RegisterScalableTarget", TARGET | {"ServiceNamespace": "Sagemaker"}),
    ("application-autoscaling", "RegisterScalableTarget", TARGET | {"ScalableDimension": "sagemaker"}),
    ("application-autoscaling", "RegisterScalableTarget", TARGET | {"ResourceId": ""}),
    ("application-autoscaling", "RegisterScalableTarget", TARGET | {"ResourceId": "x" * 1601}),
    ("application-autoscaling", "PutScalingPolicy", TARGET),
    ("application-autoscaling", "PutScalingPolicy", TARGET | {"PolicyName": ""}),
    ("application-autoscaling", "PutScalingPolicy", TARGET | {"PolicyName": "p", "PolicyType": "Magic"}),
    ("application-autoscaling", "DeleteScalingPolicy", {"PolicyName": "p"}),
    ("application-autoscaling", "DescribeScalableTargets", {}),
    ("application-autoscaling", "DescribeScalingPolicies", {"ServiceNamespace": ""}),
    ("cloudwatch", "GetMetricStatistics", {}),
    ("cloudwatch", "GetMetricStatistics", STATISTICS | {"Period": 0}),
    ("cloudwatch", "GetMetricStatistics", STATISTICS | {"Statistics": ["Mode"]}),
    ("cloudwatch", "GetMetricStatistics", STATISTICS | {"Statistics": ["Sum"] * 6}),
    ("cloudwatch", "GetMetricStatistics", STATISTICS | {"Dimensions": [{"Name": "", "Value": "v"}]}),
    ("cloudwatch", "GetMetricStatistics", STATISTICS | {"Dimensions": [{"Name": "n"}]}),
    ("cloudwatch", "GetMetricStatistics", STATISTICS | {"Unit": "Furlong"}),
    ("cloudwatch", "GetMetricData", SPAN),
    ("cloudwatch", "GetMetricData", query(Id="")),
    ("cloudwatch", "GetMetricData", query(MetricStat={"Metric": METRIC, "Stat": "Sum"})),
    ("cloudwatch", "GetMetricData", query() | {"ScanBy": "Sideways"}),
    ("cloudwatch", "ListMetrics", {"Namespace": "n" * 256}),
    ("cloudwatch", "ListMetrics", {"RecentlyActive": "PT4H"}),
    ("cloudwatch", "DescribeAlarms", {"MaxRecords": 101}),
    ("cloudwatch", "DescribeAlarms", {"StateValue": "SAD"}),
    ("resourcegroupstaggingapi", "GetResources", {"TagFilters": [{"Key": ""}]}),
    ("resourcegroupstaggingapi", "GetResources", {"ResourceARNList": [""]}),
    ("sts", "AssumeRole", {"RoleArn": ROLE}),
    ("sts", "AssumeRole", {"RoleArn": "short", "RoleSessionName": "night"}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "n"}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "a b"}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "night", "DurationSeconds": 60}),
]

WRONG_TYPES: list[tuple[str, str, Any]] = [
    ("sagemaker", "CreateEndpoint", {"EndpointName": 7}),
    ("sagemaker", "CreateEndpointConfig", config(InitialInstanceCount="1")),
    ("sagemaker", "CreateEndpointConfig", config(InitialVariantWeight=[])),
    ("sagemaker", "UpdateEndpointWeightsAndCapacities", weights(DesiredWeight="1")),
    ("sagemaker", "UpdateEndpoint", {"EndpointName": "reviews", "RetainAllVariantProperties": "yes"}),
    ("sagemaker", "AddTags", {"Tags": {"Key": "k", "Value": "v"}}),
    ("sagemaker", "DeleteTags", {"TagKeys": [1]}),
    ("application-autoscaling", "RegisterScalableTarget", TARGET | {"MinCapacity": 1.5}),
    ("application-autoscaling", "RegisterScalableTarget", TARGET | {"SuspendedState": []}),
    ("application-autoscaling", "PutScalingPolicy", TARGET | {"PolicyName": None, "PolicyType": {}}),
    ("cloudwatch", "GetMetricStatistics", STATISTICS | {"Period": "soon"}),
    ("cloudwatch", "GetMetricData", query(MetricStat="Sum")),
    ("cloudwatch", "GetMetricData", query(ReturnData="perhaps")),
    ("cloudwatch", "ListMetrics", {"Dimensions": "all"}),
    ("cloudwatch", "DescribeAlarms", {"MaxRecords": "many"}),
    ("resourcegroupstaggingapi", "GetResources", {"ResourcesPerPage": "all"}),
    ("resourcegroupstaggingapi", "GetResources", {"TagFilters": "team"}),
    ("sts", "AssumeRole", {"RoleArn": {"arn": ROLE}, "RoleSessionName": "night"}),
]

HUGE = 10**400
"""A number that no type of a service holds."""

NUMBERS_OUT_OF_RANGE: list[tuple[str, str, Any]] = [
    ("sagemaker", "ListModels", {"MaxResults": HUGE}),
    ("sagemaker", "ListModels", {"MaxResults": 2**31}),
    ("sagemaker", "ListModels", {"CreationTimeAfter": HUGE}),
    ("sagemaker", "ListModels", {"CreationTimeAfter": 10**18}),
    ("sagemaker", "ListModels", {"CreationTimeAfter": "1e400"}),
    ("sagemaker", "ListModels", {"CreationTimeAfter": "yesterday"}),
    ("sagemaker", "UpdateEndpointWeightsAndCapacities", weights(DesiredWeight=HUGE)),
    ("sagemaker", "UpdateEndpointWeightsAndCapacities", weights(DesiredInstanceCount=-(2**40))),
    ("application-autoscaling", "RegisterScalableTarget", TARGET | {"MaxCapacity": 2**31}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "night", "DurationSeconds": 2**31}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "night", "DurationSeconds": "9_00"}),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "night", "DurationSeconds": "9e2"}),
]
OF_FORMS: list[tuple[str, str, Any]] = [
    ("cloudwatch", "GetMetricStatistics", STATISTICS | {"StartTime": text})
    for text in ("inf", "nan", "-1e300", "253402300800", "0000-01-01", "2026-13-01T00:00:00Z", "\u0661")
]

LIST = b"Action=ListMetrics&"
UNREADABLE = {
    "json": [b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 5_000, b'{"a":}', b"1"],
    "rpc-v2-cbor": [b"\xff", b"\xa1", b"\x80", b"{}", b"\xbf\x61a", b"\x81" * 5_000, b"\x1b\x00"],
    "query": [LIST + b"Dimensions=1", LIST + b"\xff=1", LIST + b"a." * 99],
}
OF_PROTOCOL = {
    "json": ("sagemaker", "CreateModel"),
    "rpc-v2-cbor": ("cloudwatch", "ListMetrics"),
    "query": ("cloudwatch", "ListMetrics"),
}


def of_params(cases: list[tuple[str, str, Any]], kind: str, codes: set[str]) -> Iterator[Wrong]:
    for number, (service, operation, params) in enumerate(cases):
        for protocol in PROTOCOLS[service]:
            yield Wrong(
                name=f"{kind}-{number}-{operation}-{protocol}",
                protocol=protocol,
                service=service,
                operation=operation,
                body=body(protocol, operation, params),
                codes=codes,
            )


def of_bytes() -> Iterator[Wrong]:
    for protocol, (service, operation) in OF_PROTOCOL.items():
        common = {"protocol": protocol, "service": service}
        for number, content in enumerate(UNREADABLE[protocol]):
            name = f"unreadable-{number}-{protocol}"
            yield Wrong(name=name, operation=operation, body=content, codes=SERIALIZATION, **common)
        big = {"ModelName" if protocol == "json" else "Namespace": "n" * 10_000_000}
        yield Wrong(
            name=f"ten megabytes-{protocol}",
            operation=operation,
            body=body(protocol, operation, big),
            codes=VALIDATION | {"RequestEntityTooLarge", "RequestTooLarge"},
            **common,
        )
        yield Wrong(
            name=f"unknown operation-{protocol}",
            operation="Explode",
            body=body(protocol, "Explode", {}),
            codes={"UnknownOperationException", "InvalidAction"},
            **common,
        )
        yield Wrong(
            name=f"unsigned-{protocol}",
            operation=operation,
            body=body(protocol, operation, {}),
            codes={"MissingAuthenticationTokenException", "MissingAuthenticationToken"}
            | ({"InvalidAction"} if protocol == "query" else set()),
            signed=False,
            **common,
        )


CASES = [
    *of_params(BROKEN_CONSTRAINTS, "constraint", VALIDATION),
    *of_params(WRONG_TYPES, "type", SERIALIZATION),
    *of_params(NUMBERS_OUT_OF_RANGE, "range", SERIALIZATION),
    *(one for one in of_params(OF_FORMS, "form", SERIALIZATION) if one.protocol == "query"),
    *of_bytes(),
]
