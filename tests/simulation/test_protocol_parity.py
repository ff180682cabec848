"""The same call through json, query and CBOR gives the same, maps, empty lists and unset fields included."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from sandbox.aws.http import HttpAnswer, HttpRequest
from sandbox.aws.protocols import cbor
from sandbox.aws.protocols.services import operation_model
from sandbox.aws.protocols.wire import MalformedRequestError, seconds

if TYPE_CHECKING:
    from sandbox.aws.inprocess import InProcessAws

SCOPE = "AWS4-HMAC-SHA256 Credential=AKIASANDBOX/20260101/us-east-1/monitoring/aws4_request, Signature=0"
JSON, QUERY, CBOR = "json", "query", "smithy-rpc-v2-cbor"
PROTOCOLS = (JSON, QUERY, CBOR)
REVIEWS = [{"Name": "EndpointName", "Value": "reviews"}, {"Name": "VariantName", "Value": "VariantA"}]


def ask(
    aws: InProcessAws, protocol: str, operation: str, params: dict[str, Any], service: str = "cloudwatch"
) -> HttpAnswer:
    """Send a call as botocore writes it in a protocol."""
    model = operation_model(service, operation)
    serializer = create_serializer(protocol, include_validation=False)
    sent = serializer.serialize_to_request(params, model)
    body = sent["body"]
    content = urlencode(body).encode() if isinstance(body, dict) else body
    headers = {name.lower(): str(value) for name, value in sent["headers"].items()}
    headers["authorization"] = SCOPE
    return aws.exchange(HttpRequest(method="POST", target=sent["url_path"], headers=headers, body=content))


def parsed(protocol: str, operation: str, answer: HttpAnswer) -> dict[str, Any]:
    """Return what botocore reads in an answer of a protocol."""
    model = operation_model("cloudwatch", operation)
    response = {"status_code": answer.status, "headers": HeadersDict(answer.headers), "body": answer.body}
    found: dict[str, Any] = create_parser(protocol).parse(response, model.output_shape)
    found.pop("ResponseMetadata", None)
    return found


def plain(value: Any) -> Any:
    """A raw value with its text, its moments and whatever is empty in one form for all protocols."""
    if isinstance(value, cbor.Moment):
        return plain(value.seconds)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()} or None
    if isinstance(value, list):
        items = [plain(item) for item in value]
        unordered = value and isinstance(value[0], dict)
        return (sorted(items, key=repr) if unordered else items) or None
    if isinstance(value, bool):
        return value
    try:
        return seconds(str(value)) if value != "" else None
    except MalformedRequestError:
        return {"true": True, "false": False}.get(value, value)


def from_xml(element: ET.Element) -> Any:
    """Return an element of an answer as JSON has it."""
    names = {child.tag for child in element}
    if names == {"member"}:
        return [from_xml(child) for child in element]
    if names == {"entry"}:
        return {entry.findtext("key"): from_xml(entry[1]) for entry in element}
    return {child.tag: from_xml(child) for child in element} if names else element.text or ""


def raw(protocol: str, answer: HttpAnswer) -> Any:
    """Return all that the bytes of an answer hold, without a look at the service model."""
    if protocol == JSON:
        return plain(json.loads(answer.body))
    if protocol == CBOR:
        return plain(cbor.loads(answer.body))
    tree = ET.fromstring(re.sub(rb' xmlns="[^"]+"', b"", answer.body))  # noqa: S314  our own server's answer
    return plain(from_xml(tree[0]))


@pytest.fixture
def start(calm_sim: InProcessAws, in_service: Any) -> float:
    """Twenty minutes of traffic to both variants begin here, and rest for ten."""
    del in_service
    begin = calm_sim.engine.clock.now()
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 12})
    calm_sim.advance(minutes=20)
    calm_sim.edit(traffic={"endpoint": "reviews", "ratePerMinute": 0})
    calm_sim.advance(minutes=10)
    return begin


def a_query(name: str, metric: str, **changes: Any) -> dict[str, Any]:
    found = {"Namespace": "AWS/SageMaker", "MetricName": metric, "Dimensions": REVIEWS}
    return {"Id": name, "MetricStat": {"Metric": found, "Period": 60, "Stat": "Sum"} | changes}


def calls(start: float) -> dict[str, tuple[str, dict[str, Any]]]:
    span = {"StartTime": start, "EndTime": start + 1800}
    statistics = span | {"Namespace": "AWS/SageMaker", "Dimensions": REVIEWS, "Period": 600}
    return {
        "data with an empty series": (
            "GetMetricData",
            span | {"MetricDataQueries": [a_query("a", "Invocations"), a_query("none", "Sales")]},
        ),
        "data in pages": (
            "GetMetricData",
            span | {"MetricDataQueries": [a_query("a", "ModelLatency", Stat="p99")], "MaxDatapoints": 3},
        ),
        "no datapoints": (
            "GetMetricStatistics",
            statistics | {"MetricName": "Sales", "Statistics": ["Sum"]},
        ),
        "a map in each datapoint": (
            "GetMetricStatistics",
            statistics
            | {"MetricName": "ModelLatency", "Statistics": ["Sum"], "ExtendedStatistics": ["p50", "p99"]},
        ),
        "no map in any datapoint": (
            "GetMetricStatistics",
            statistics | {"MetricName": "Invocations", "Statistics": ["Sum", "Maximum"]},
        ),
        "metrics": ("ListMetrics", {"Namespace": "AWS/SageMaker", "Dimensions": REVIEWS}),
        "no metrics": ("ListMetrics", {"Namespace": "AWS/EC2"}),
        "no alarms": ("DescribeAlarms", {"AlarmNames": ["none"]}),
    }


@pytest.mark.parametrize("case", calls(0.0))
def test_a_call_has_the_same_result_in_every_protocol(calm_sim: Any, start: float, case: str) -> None:
    operation, params = calls(start)[case]
    answers = {protocol: ask(calm_sim, protocol, operation, params) for protocol in PROTOCOLS}
    read = {protocol: plain(parsed(protocol, operation, answer)) for protocol, answer in answers.items()}
    bytes_of = {protocol: raw(protocol, answer) for protocol, answer in answers.items()}
    assert read[QUERY] == read[JSON] == read[CBOR]
    assert bytes_of[QUERY] == bytes_of[JSON] == bytes_of[CBOR]


@pytest.mark.parametrize("params", [{}, {"TagFilters": [{"Key": "none"}]}])
def test_tags_are_found_alike_by_json_and_by_cbor(
    calm_sim: Any, in_service: Any, params: dict[str, Any]
) -> None:
    arn = in_service.describe()["EndpointArn"]
    in_service.client.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": ""}])
    calm_sim.advance(minutes=1)
    answers = [
        ask(calm_sim, protocol, "GetResources", params, "resourcegroupstaggingapi")
        for protocol in (JSON, CBOR)
    ]
    by_json, by_cbor = json.loads(answers[0].body), cbor.loads(answers[1].body)
    assert by_json == by_cbor
    assert len(by_json["ResourceTagMappingList"]) == (0 if params else 1)


@pytest.mark.ledger("aws.query-codes")
@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        (
            "GetMetricStatistics",
            {"Namespace": "n", "MetricName": "m", "Period": 60, "StartTime": 0, "EndTime": 9**9}
            | {"Statistics": ["Sum"]},
            "InvalidParameterCombination",
        ),
        ("ListMetrics", {"Namespace": ""}, "ValidationError"),
        ("GetMetricData", {}, "ValidationError"),
    ],
)
def test_a_refusal_has_the_same_code_and_text_in_every_protocol(
    calm_sim: Any, operation: str, params: dict[str, Any], code: str
) -> None:
    found = []
    for protocol in PROTOCOLS:
        answer = ask(calm_sim, protocol, operation, params)
        error = parsed(protocol, operation, answer)["Error"]
        found.append((answer.status, error["Code"], error["Message"]))
    assert found[0] == found[1] == found[2]
    assert found[0][:2] == (400, code)


def test_an_error_of_cbor_names_its_shape_in_full_and_the_old_code_in_a_header(calm_sim: Any) -> None:
    params = {"Namespace": "n", "MetricName": "m", "Period": 60, "StartTime": 0, "EndTime": 9**9}
    answer = ask(calm_sim, CBOR, "GetMetricStatistics", params | {"Statistics": ["Sum"]})
    body = cbor.loads(answer.body)
    assert body["__type"] == "com.amazonaws.cloudwatch#InvalidParameterCombinationException"
    assert answer.headers["x-amzn-query-error"] == "InvalidParameterCombination;Sender"
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"


def cbor_request(path: str, body: bytes, **headers: str) -> HttpRequest:
    named = {"authorization": SCOPE, "smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
    return HttpRequest(method="POST", target=path, headers=named | headers, body=body)


LIST_METRICS = "/service/GraniteServiceVersion20100801/operation/ListMetrics"


def test_a_path_may_stand_before_that_of_cbor_and_nothing_asks_for_a_body(calm_sim: Any) -> None:
    answer = calm_sim.exchange(cbor_request(f"/v1{LIST_METRICS}", b""))
    assert (answer.status, cbor.loads(answer.body)) == (200, {"Metrics": []})
    assert answer.headers["Content-Type"] == "application/cbor"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/service/x/operation/ListMetrics",
        "/service/SageMaker/operation/ListModels",
        "/service/GraniteServiceVersion20100801/operation/ListMetric",
        "/service/GraniteServiceVersion20100801/operation/",
        "/service/GraniteServiceVersion20100801",
    ],
)
@pytest.mark.ledger("aws.unknown-operation")
def test_what_cbor_does_not_reach_is_unknown(calm_sim: Any, path: str) -> None:
    """SageMaker does not speak CBOR."""
    answer = calm_sim.exchange(cbor_request(path, b"\xa0"))
    assert answer.status == 400
    assert cbor.loads(answer.body)["__type"].endswith("UnknownOperationException")


@pytest.mark.ledger("aws.serialization")
@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\xa1",
        b"\x80",
        b"{}",
        cbor.dumps("text"),
        cbor.dumps({"Namespace": 1}),
        cbor.dumps({"Namespace": b"bytes"}),
        cbor.dumps({"Namespace": cbor.Moment(1.0)}),
        cbor.dumps({"Dimensions": {}}),
        cbor.dumps({"Dimensions": [1]}),
        cbor.dumps({"IncludeLinkedAccounts": 1}),
        cbor.dumps({"Namespace": ["n"]}),
    ],
)
def test_a_cbor_body_of_the_wrong_form_or_type_is_a_serialization_error(calm_sim: Any, body: bytes) -> None:
    answer = calm_sim.exchange(cbor_request(LIST_METRICS, body))
    assert answer.status == 400
    assert cbor.loads(answer.body)["__type"].endswith("#SerializationException")


def test_moments_must_come_as_moments(calm_sim: Any) -> None:
    path = "/service/GraniteServiceVersion20100801/operation/GetMetricData"
    answer = calm_sim.exchange(cbor_request(path, cbor.dumps({"StartTime": 1.0})))
    assert cbor.loads(answer.body)["__type"].endswith("#SerializationException")


@pytest.mark.ledger("aws.missing-action")
def test_a_form_without_action_lacks_one(calm_sim: Any) -> None:
    sent = HttpRequest(method="POST", target="/", headers={"authorization": SCOPE}, body=b"Version=1")
    assert b"<Code>MissingAction</Code>" in calm_sim.exchange(sent).body
