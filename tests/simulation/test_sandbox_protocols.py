"""The wire: protocols, headers, accounts and regions, on raw answers and through clients."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape, StringShape

from sandbox.aws.engine.core import OPERATIONS
from sandbox.aws.http import HttpRequest, Scope
from sandbox.aws.protocols import json_body, query_form, wire, xml_body
from sandbox.aws.protocols.services import (
    QUERY_SIGNING_NAMES,
    TARGET_PREFIXES,
    operation_model,
    service_model,
)
from sandbox.aws.protocols.wire import MalformedRequestError
from sandbox.aws.validation import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator


def signed(
    service: str, *, key: str = "AKIASANDBOX", region: str = "us-east-1", **headers: str
) -> dict[str, str]:
    """Headers of a signed request."""
    scope = f"Credential={key}/20260101/{region}/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"} | headers


def json_request(target: str, body: bytes, version: str = "1.1") -> HttpRequest:
    headers = {"x-amz-target": target, "content-type": f"application/x-amz-json-{version}"}
    return HttpRequest(method="POST", target="/", headers=signed("sagemaker", **headers), body=body)


@pytest.mark.ledger("aws.date")
def test_json_answers_carry_type_request_id_and_the_time_of_the_simulation(calm_sim: Any) -> None:
    calm_sim.advance(minutes=5)
    answer = calm_sim.exchange(json_request("SageMaker.ListModels", b"{}"))
    assert json.loads(answer.body) == {"Models": []}
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer.headers["x-amzn-RequestId"]
    date = parsedate_to_datetime(answer.headers["Date"])
    assert date.timestamp() == calm_sim.engine.clock.now()


def test_timestamps_are_epoch_seconds_with_milliseconds(calm_sim: Any, deployer: Any) -> None:
    calm_sim.advance(seconds=0.123456)
    deployer.model()
    answer = calm_sim.exchange(json_request("SageMaker.DescribeModel", b'{"ModelName": "bert-a"}'))
    assert json.loads(answer.body)["CreationTime"] == 1767225600.123


@pytest.mark.ledger("sts.caller-identity")
def test_the_caller_is_told_apart_by_its_access_key(calm_sim: Any) -> None:
    assert calm_sim.client("sts").get_caller_identity()["Account"] == "123456789012"
    other = calm_sim.client("sts", access_key="AKIA000011112222").get_caller_identity()
    assert other["Account"] == "000011112222"
    assert other["Arn"] == "arn:aws:iam::000011112222:user/sandbox"


def test_query_answers_are_xml_in_the_namespace_of_the_service(calm_sim: Any) -> None:
    body = urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"}).encode()
    answer = calm_sim.exchange(HttpRequest(method="POST", target="/", headers=signed("sts"), body=body))
    text = answer.body.decode()
    assert answer.headers["Content-Type"] == "text/xml"
    assert text.startswith('<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">')
    assert "<GetCallerIdentityResult><UserId>AKIASANDBOX</UserId>" in text
    assert "<ResponseMetadata><RequestId>" in text


def test_arns_in_other_partitions_say_so(calm_sim: Any, deployer: Any) -> None:
    for region, partition in (("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")):
        client = type(deployer)(calm_sim.client("sagemaker", region=region))
        client.model()
        arn = client.client.describe_model(ModelName="bert-a")["ModelArn"]
        assert arn == f"arn:{partition}:sagemaker:{region}:123456789012:model/bert-a"


def test_a_presigned_request_is_signed_in_its_query() -> None:
    target = "/?X-Amz-Credential=AKIA1%2F20260101%2Feu-west-1%2Fsts%2Faws4_request"
    assert HttpRequest(method="GET", target=target, headers={}).scope == Scope("AKIA1", "eu-west-1", "sts")


def test_the_tables_of_services_agree_with_the_service_models() -> None:
    for prefix, service in TARGET_PREFIXES.items():
        assert service_model(service).metadata["targetPrefix"] == prefix
    for name, service in QUERY_SIGNING_NAMES.items():
        model = service_model(service)
        assert "query" in model.protocols
        assert name in {model.metadata.get("signingName"), model.metadata["endpointPrefix"]}


def test_every_operation_that_is_registered_exists_in_aws_and_names_its_resource_rightly() -> None:
    for (service, name), operation in OPERATIONS.items():
        model = operation_model(service, name)
        assert model is not None, name
        assert not operation.resource or operation.resource in model.input_shape.members


def patterns(shape: Shape, seen: set[str]) -> Iterator[str]:
    if shape.name in seen:
        return
    seen.add(shape.name)
    if "pattern" in shape.metadata:
        yield shape.metadata["pattern"]
    below = getattr(shape, "members", {}).values()
    for name in ("member", "key", "value"):
        below = [*below, *([getattr(shape, name)] if hasattr(shape, name) else [])]
    for inner in below:
        yield from patterns(inner, seen)


def test_every_pattern_that_a_request_may_have_to_match_can_be_read() -> None:
    seen: set[str] = set()
    for service, name in OPERATIONS:
        for java in patterns(operation_model(service, name).input_shape, seen):
            assert pattern(java)


def test_maps_lists_and_absent_members_survive_json_both_ways() -> None:
    shape = operation_model("sagemaker", "CreateModel").input_shape
    request = {"ModelName": "m", "Containers": [], "PrimaryContainer": {"Environment": {"A": "1", "B": ""}}}
    wire = json.loads(json_body.dump(json_body.encode(shape, request)))
    assert wire == request
    assert json_body.decode(shape, wire | {"Tags": None, "Unknown": 1}) == request


def test_lists_maps_and_empty_lists_of_a_form_are_decoded() -> None:
    shape = operation_model("cloudwatch", "GetMetricStatistics").input_shape
    form = {
        "Namespace": "AWS/SageMaker",
        "Dimensions.member.1.Name": "EndpointName",
        "Dimensions.member.1.Value": "reviews",
        "Dimensions.member.10.Name": "last",
        "Dimensions.member.2.Name": "VariantName",
        "Statistics": "",
        "ExtendedStatistics.member.1": "p99",
        "Period": "60",
        "StartTime": "2026-01-01T00:00:00Z",
    }
    found = query_form.decode(shape, query_form.parse(urlencode(form).encode()))
    assert [one["Name"] for one in found["Dimensions"]] == ["EndpointName", "VariantName", "last"]
    assert (found["Statistics"], found["ExtendedStatistics"]) == ([], ["p99"])
    assert (found["Period"], found["StartTime"]) == (60, 1767225600.0)


def test_maps_of_a_form_are_decoded() -> None:
    """No simulated operation takes one yet; SNS shows how they come."""
    shape = (
        ServiceModel(Loader().load_service_model("sns", "service-2"))
        .operation_model("CreateTopic")
        .input_shape
    )
    form = {"Name": "t", "Attributes.entry.1.key": "A", "Attributes.entry.1.value": "1", "Tags": ""}
    found = query_form.decode(shape, query_form.parse(urlencode(form).encode()))
    assert found == {"Name": "t", "Attributes": {"A": "1"}, "Tags": []}
    with pytest.raises(MalformedRequestError):
        query_form.decode(shape, query_form.parse(b"Attributes.entry.1.key=A"))


@pytest.mark.ledger("aws.serialization")
@pytest.mark.parametrize(
    "form",
    [
        "Period=soon",
        "Period=1.5",
        "StartTime=yesterday",
        "Dimensions=x",
        "Dimensions.member=x",
        "Dimensions.member.one.Name=x",
        "Dimensions.member.1=x",
        "Namespace.a=x",
        "a" + ".a" * 40 + "=x",
    ],
)
def test_a_form_of_the_wrong_structure_or_type_is_malformed_input(calm_sim: Any, form: str) -> None:
    body = f"Action=GetMetricStatistics&Version=2010-08-01&{form}".encode()
    sent = HttpRequest(method="POST", target="/", headers=signed("monitoring"), body=body)
    answer = calm_sim.exchange(sent)
    assert (answer.status, b"<Code>MalformedInput</Code>" in answer.body) == (400, True)


def scalar(kind: str) -> Shape:
    return Shape("Scalar", {"type": kind})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("double", "1e3", 1000.0),
        ("blob", "YQ==", b"a"),
        ("timestamp", "2026-01-01T01:00:00+01:00", 1767225600.0),
        ("timestamp", "2026-01-01T00:00:00", 1767225600.0),
        ("timestamp", "1767225600", 1767225600.0),
    ],
)
def test_scalars_that_come_as_text_are_decoded(kind: str, text: str, value: object) -> None:
    assert wire.from_text(scalar(kind), text) == value


@pytest.mark.parametrize(("kind", "text"), [("boolean", "maybe"), ("blob", "?"), ("double", "x")])
def test_text_of_the_wrong_kind_is_malformed(kind: str, text: str) -> None:
    with pytest.raises(MalformedRequestError):
        wire.from_text(scalar(kind), text)


def test_scalars_are_written_as_text() -> None:
    written = [
        wire.to_text(scalar(kind), value) for kind, value in (("boolean", True), ("blob", b"a"), ("long", 7))
    ]
    assert written == ["true", "YQ==", "7"]


def test_maps_and_empty_lists_are_written_as_xml() -> None:
    shape = operation_model("cloudwatch", "GetMetricStatistics").output_shape
    datapoint = {"Timestamp": 1767225600.5, "ExtendedStatistics": {"p99": 1.5}, "Sum": 0.0}
    text = xml_body.members(shape, {"Label": "a<b", "Datapoints": [datapoint]})
    assert text == (
        "<Label>a&lt;b</Label><Datapoints><member><Timestamp>2026-01-01T00:00:00.500Z</Timestamp>"
        "<ExtendedStatistics><entry><key>p99</key><value>1.5</value></entry></ExtendedStatistics>"
        "<Sum>0.0</Sum></member></Datapoints>"
    )
    assert xml_body.members(shape, {"Datapoints": []}) == "<Datapoints></Datapoints>"


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    assert (
        xml_body.encode(StringShape("Text", {"type": "string"}), "Text", "a\x00b&")
        == "<Text>a\ufffdb&amp;</Text>"
    )


def test_an_error_of_cloudwatch_is_the_same_by_form_and_by_json(calm_sim: Any) -> None:
    """JSON names the error's shape, and in a header the code that query gives it."""
    wrong = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Period": 60}
    wrong |= {"StartTime": 1767225600, "EndTime": 1767225600 + 60 * 2000, "Statistics": ["Sum"]}
    sent = HttpRequest(
        method="POST",
        target="/",
        headers=signed("monitoring", **{"x-amz-target": "GraniteServiceVersion20100801.GetMetricStatistics"}),
        body=json.dumps(wrong).encode(),
    )
    by_json = calm_sim.exchange(sent)
    assert json.loads(by_json.body)["__type"] == "InvalidParameterCombinationException"
    assert by_json.headers["x-amzn-query-error"] == "InvalidParameterCombination;Sender"
    form = {"Action": "GetMetricStatistics", "Version": "2010-08-01", "Statistics.member.1": "Sum"}
    form |= {key: str(value) for key, value in wrong.items() if key != "Statistics"}
    body = urlencode(form).encode()
    by_form = calm_sim.exchange(
        HttpRequest(method="POST", target="/", headers=signed("monitoring"), body=body)
    )
    assert b"<Code>InvalidParameterCombination</Code>" in by_form.body
    assert by_form.status == by_json.status == 400
