"""Requests that AWS cannot take: each gets an error in AWS's shape, and none changes anything."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.aws.http import HttpRequest
from sandbox.aws.server import BadHttpError, read_request
from sandbox.aws.validation import pattern

SCOPE = "AWS4-HMAC-SHA256 Credential=AKIASANDBOX/20260101/us-east-1/{}/aws4_request, Signature=0"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"


def request(
    target: str = "SageMaker.CreateModel", body: bytes = b"{}", service: str = "sagemaker", **headers: str
) -> HttpRequest:
    named = {"authorization": SCOPE.format(service), "content-type": "application/x-amz-json-1.1"}
    named |= {"x-amz-target": target} if target else {}
    return HttpRequest(method="POST", target="/", headers=named | headers, body=body)


def refusal(aws: Any, sent: HttpRequest) -> tuple[int, str, str]:
    """Status, code and text of a JSON error."""
    answer = aws.exchange(sent)
    error = json.loads(answer.body)
    return answer.status, error["__type"], error["message"]


@pytest.mark.ledger("aws.serialization")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"ModelName": 1}',
        b'{"ModelName": ["m"]}',
        b'{"ModelName": {"a": "b"}}',
        b'{"ModelName": "m", "PrimaryContainer": "image"}',
        b'{"ModelName": "m", "Containers": {}}',
        b'{"ModelName": "m", "EnableNetworkIsolation": "yes"}',
        b'{"ModelName": "m", "PrimaryContainer": {"Environment": []}}',
        b'{"ModelName": "m", "PrimaryContainer": {"Environment": {"A": 1}}}',
    ],
)
def test_a_body_of_the_wrong_form_or_type_is_a_serialization_error(calm_sim: Any, body: bytes) -> None:
    status, code, _ = refusal(calm_sim, request(body=body))
    assert (status, code) == (400, "SerializationException")
    assert calm_sim.state() == {}


@pytest.mark.ledger("aws.serialization")
@pytest.mark.parametrize("value", ['"1"', "1.5", "true", "1e400", "NaN", "[1]"])
def test_a_number_must_be_one(calm_sim: Any, value: str) -> None:
    body = f'{{"MaxResults": {value}}}'.encode()
    assert refusal(calm_sim, request("SageMaker.ListModels", body))[1] == "SerializationException"


@pytest.mark.ledger("aws.unknown-operation")
@pytest.mark.parametrize(
    "target", ["SageMaker.CreateMdel", "SageMaker.", "Sage.CreateModel", "x", ".", "é.é"]
)
def test_an_operation_that_aws_does_not_have_is_unknown(calm_sim: Any, target: str) -> None:
    status, code, _ = refusal(calm_sim, request(target))
    assert (status, code) == (400, "UnknownOperationException")


@pytest.mark.ledger("sim.not-implemented")
def test_an_operation_that_aws_has_and_the_simulation_has_not_is_named_loudly(
    calm_sim: Any, caplog: pytest.LogCaptureFixture
) -> None:
    status, code, text = refusal(calm_sim, request("SageMaker.CreateTrainingJob"))
    assert (status, code) == (501, "NotImplemented")
    assert "CreateTrainingJob" in text
    assert "CreateTrainingJob is not simulated" in caplog.text


@pytest.mark.ledger("aws.unknown-action")
def test_an_action_that_the_query_protocol_does_not_have_is_invalid(calm_sim: Any) -> None:
    answer = calm_sim.exchange(request("", b"Action=GetCaller&Version=2011-06-15", "sts"))
    assert answer.status == 400
    assert b"<Type>Sender</Type><Code>InvalidAction</Code>" in answer.body


@pytest.mark.ledger("aws.unsigned")
def test_a_request_without_signature_is_refused(calm_sim: Any) -> None:
    status, code, _ = refusal(calm_sim, request(authorization="Bearer x"))
    assert (status, code) == (403, "MissingAuthenticationTokenException")


@pytest.mark.ledger("aws.too-large", "aws.too-large-text")
def test_a_body_that_is_too_large_is_refused(calm_sim: Any) -> None:
    body = b'{"ModelName": "' + b"m" * 26_300_000 + b'"}'
    assert refusal(calm_sim, request(body=body))[:2] == (413, "RequestEntityTooLarge")


def test_ten_megabytes_are_read_and_then_refused_for_what_they_say(calm_sim: Any) -> None:
    body = b'{"ModelName": "' + b"m" * 10_000_000 + b'"}'
    assert refusal(calm_sim, request(body=body))[1] == "ValidationException"


@pytest.mark.ledger("aws.validation", "aws.validation.problem")
def test_every_broken_constraint_is_listed_as_aws_lists_them(calm_sim: Any) -> None:
    body = json.dumps({"ModelName": "a_b", "Tags": [{"Key": "", "Value": "v"}]}).encode()
    _, code, text = refusal(calm_sim, request(body=body))
    assert code == "ValidationException"
    assert text.startswith("2 validation errors detected: ")
    assert (
        "Value 'a_b' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression "
        "pattern: [a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?"
    ) in text
    assert (
        "Value '' at 'tags.1.member.key' failed to satisfy constraint: Member must have length greater than "
        "or equal to 1"
    ) in text


def variant(**changes: object) -> dict[str, Any]:
    usual = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    return {"EndpointConfigName": "c", "ProductionVariants": [usual | changes]}


@pytest.mark.parametrize(
    ("operation", "params", "words"),
    [
        pytest.param(
            "CreateModel",
            {},
            "Value null at 'modelName' failed to satisfy constraint: Member must not be null",
            marks=pytest.mark.ledger("aws.validation.required"),
        ),
        pytest.param(
            "CreateModel",
            {"ModelName": "m" * 64},
            "at 'modelName' failed to satisfy constraint: Member must have length less than or equal to 63",
            marks=pytest.mark.ledger("aws.validation.max-length"),
        ),
        pytest.param(
            "CreateModel",
            {"ModelName": "m", "PrimaryContainer": {"Image": "a b"}},
            "'primaryContainer.image' failed to satisfy constraint: Member must satisfy regular expression",
            marks=pytest.mark.ledger("aws.validation.pattern"),
        ),
        pytest.param(
            "CreateModel",
            {"ModelName": "m", "ExecutionRoleArn": "arn:aws:iam::1:role/x"},
            "at 'executionRoleArn' failed to satisfy constraint: Member must satisfy regular expression",
            marks=pytest.mark.ledger("aws.validation.pattern"),
        ),
        pytest.param(
            "CreateModel",
            {"ModelName": "m", "Containers": [{}] * 16},
            "at 'containers' failed to satisfy constraint: Member must have length less than or equal to 15",
            marks=pytest.mark.ledger("aws.validation.max-length"),
        ),
        pytest.param(
            "CreateModel",
            {"ModelName": "m", "PrimaryContainer": {"Environment": {"1A": "x"}}},
            "at 'primaryContainer.environment.key' failed to satisfy constraint: Member must satisfy",
            marks=pytest.mark.ledger("aws.validation.pattern"),
        ),
        pytest.param(
            "CreateEndpointConfig",
            variant(InstanceType="ml.none.large"),
            "at 'productionVariants.1.member.instanceType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [",
            marks=pytest.mark.ledger("aws.validation.enum"),
        ),
        pytest.param(
            "CreateEndpointConfig",
            variant(InitialInstanceCount=0),
            "initialInstanceCount' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1",
            marks=pytest.mark.ledger("aws.validation.min-value"),
        ),
        pytest.param(
            "CreateEndpointConfig",
            {"EndpointConfigName": "c", "ProductionVariants": []},
            "at 'productionVariants' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
            marks=pytest.mark.ledger("aws.validation.min-length"),
        ),
        pytest.param(
            "CreateEndpointConfig",
            {"EndpointConfigName": "c", "ProductionVariants": variant()["ProductionVariants"] * 11},
            "at 'productionVariants' failed to satisfy constraint: "
            "Member must have length less than or equal to 10",
            marks=pytest.mark.ledger("aws.validation.max-length"),
        ),
        pytest.param(
            "ListEndpoints",
            {"MaxResults": 101},
            "Value '101' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 100",
            marks=pytest.mark.ledger("aws.validation.max-value"),
        ),
        pytest.param(
            "ListTags",
            {"ResourceArn": "arn:aws:s3:::bucket"},
            "at 'resourceArn' failed to satisfy constraint",
            marks=pytest.mark.ledger("aws.validation.pattern"),
        ),
    ],
)
def test_each_kind_of_constraint_is_checked(
    calm_sim: Any, operation: str, params: dict[str, Any], words: str
) -> None:
    status, code, text = refusal(calm_sim, request(f"SageMaker.{operation}", json.dumps(params).encode()))
    assert (status, code) == (400, "ValidationException")
    assert words in text
    assert calm_sim.state() == {}


def test_patterns_with_unicode_categories_are_javas() -> None:
    tag_value = pattern(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)")
    assert tag_value.fullmatch("Ünïcödé ٣ @x")
    assert not tag_value.fullmatch("a|b")
    assert pattern(r"\p{Print}+").fullmatch("a b")
    assert not pattern(r"\p{Print}+").fullmatch("ü")
    assert not pattern(r"\d+").fullmatch("٣"), "Java's \\d knows ASCII digits only"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.sampled_from(
        ["SageMaker.CreateEndpointConfig", "SageMaker.ListEndpoints", "SageMaker.AddTags"]
    ),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["EndpointConfigName", "ProductionVariants", "VariantName", "Tags", "Key", "x"]
                ),
                inner,
            )
        ),
        max_leaves=8,
    ),
)
def test_whatever_json_comes_the_simulation_does_not_fail(calm_sim: Any, target: str, value: Any) -> None:
    answer = calm_sim.exchange(request(target, json.dumps(value).encode()))
    assert answer.status in {200, 400, 501}
    assert calm_sim.state() == {}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60), target=st.sampled_from(["", "SageMaker.CreateModel", "é.x"]))
def test_whatever_bytes_come_the_simulation_does_not_fail(calm_sim: Any, body: bytes, target: str) -> None:
    for service in ("sts", "monitoring", "nonsense"):
        assert calm_sim.exchange(request(target, body, service)).status == 400


@pytest.mark.ledger("sim.bug")
def test_an_answer_that_its_shape_does_not_allow_is_a_loud_internal_failure(
    calm_sim: Any, in_service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    calm_sim.edit(status={"endpoint": "reviews", "status": "Failed", "reason": 7})
    sent = request("SageMaker.DescribeEndpoint", b'{"EndpointName": "reviews"}')
    status, code, _ = refusal(calm_sim, sent)
    assert (status, code) == (500, "InternalFailure")
    assert "FailureReason" in caplog.text
    assert in_service.client.list_endpoints()["Endpoints"]


def spoken(aws: Any, *pieces: bytes) -> bytes:
    """What a raw connection answers to bytes that come in pieces, until it is closed."""
    url = urlsplit(aws.url)
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", ""]).encode()


def test_what_is_not_http_is_told_so_and_the_server_lives_on(calm_served_sim: Any) -> None:
    aws = calm_served_sim
    for nonsense in (b"nonsense\r\n\r\n", head("GET / HTTP/3"), head("GET /"), b"\x00\r\n\r\n"):
        assert spoken(aws, nonsense).startswith(b"HTTP/1.1 400 ")
    assert spoken(aws, b"GET / HTTP/1.1\r\nHost: ") == b""
    assert spoken(aws, head("POST / HTTP/1.1", "Content-Length: 10"), b"cut") == b""
    assert spoken(aws, head("POST / HTTP/1.1", "Content-Length: -1")).startswith(b"HTTP/1.1 400 ")
    assert spoken(aws, head("POST / HTTP/1.1", "Content-Length: 99999999999")).startswith(b"HTTP/1.1 400 ")
    assert spoken(aws, head("GET / HTTP/1.1", "X: " + "x" * 100_000)).startswith(b"HTTP/1.1 400 ")
    assert aws.client("sagemaker").list_models()["Models"] == []


def test_bodies_may_be_chunked_and_connections_are_kept_open(calm_served_sim: Any) -> None:
    signature = "Authorization: " + SCOPE.format("sagemaker")
    lines = ("POST / HTTP/1.1", signature, "X-Amz-Target: SageMaker.ListModels", "Transfer-Encoding: chunked")
    chunks = b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n"
    answer = spoken(calm_served_sim, head(*lines), chunks, head(*lines), chunks)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(b'{"Models":[]}') == 2


def test_who_expects_to_be_told_to_continue_is_told(calm_served_sim: Any) -> None:
    lines = ("POST / HTTP/1.1", "Expect: 100-continue", "Content-Length: 2")
    assert spoken(calm_served_sim, head(*lines), b"{}").startswith(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403"
    )


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_whatever_bytes_a_connection_brings_it_is_read_or_refused(content: bytes) -> None:
    class Writer:
        def write(self, _: bytes) -> None: ...

    async def read() -> object:
        reader = asyncio.StreamReader()
        reader.feed_data(content + b"\r\n\r\n")
        reader.feed_eof()
        return await read_request(reader, Writer())

    try:
        found = asyncio.run(read())
    except BadHttpError:
        return
    assert found is None or isinstance(found, HttpRequest)
