"""More than a hundred malformed requests, each in every protocol that reaches its operation.

Each is answered with an error in the shape of its own protocol, and changes nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest

from sandbox.aws.http import HttpAnswer, HttpRequest
from sandbox.aws.protocols import cbor
from tests.simulation.malformed import CASES, OF_PROTOCOL, SERIALIZATION, Wrong


def refusal(protocol: str, answer: HttpAnswer) -> tuple[str, str]:
    """Return code and text of an error that has the shape of its protocol."""
    if protocol == "json":
        assert answer.headers["Content-Type"].startswith("application/x-amz-json-1.")
        found = json.loads(answer.body)
        return found["__type"], found["message"]
    if protocol == "rpc-v2-cbor":
        assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
        found = cbor.loads(answer.body)
        return found["__type"].rpartition("#")[2], found["message"]
    tree = ET.fromstring(re.sub(rb' xmlns="[^"]+"', b"", answer.body))  # noqa: S314  our own server's answer
    assert tree.tag == "ErrorResponse"
    assert tree.findtext("RequestId") == answer.headers["x-amzn-RequestId"]
    return tree.findtext("Error/Code") or "", tree.findtext("Error/Message") or ""


def test_there_are_more_than_a_hundred_of_every_kind_in_every_protocol() -> None:
    assert len(CASES) >= 170
    kinds = {"constraint", "type", "range", "unreadable", "ten megabytes", "unknown operation", "unsigned"}
    for protocol in OF_PROTOCOL:
        found = {wrong.name.partition("-")[0] for wrong in CASES if wrong.protocol == protocol}
        assert found >= kinds - ({"range"} if protocol == "rpc-v2-cbor" else set()), protocol


def test_a_number_of_cbor_may_be_out_of_range_too(calm_sim: Any) -> None:
    numbers = [b"\x1b" + b"\xff" * 8, b"\x3b" + b"\xff" * 8, cbor.dumps(float("inf")), cbor.dumps(1e30)]
    for number in numbers:
        wrong = Wrong(
            name="range",
            protocol="rpc-v2-cbor",
            service="cloudwatch",
            operation="DescribeAlarms",
            body=b"\xa1\x6aMaxRecords" + number,
            codes=SERIALIZATION,
        )
        assert refusal("rpc-v2-cbor", calm_sim.exchange(wrong.request()))[0] in wrong.codes


@pytest.mark.ledger("aws.validation", "aws.serialization", "aws.query-codes")
def test_each_is_refused_in_its_own_protocol_and_changes_nothing(calm_sim: Any, in_service: Any) -> None:
    del in_service
    before = calm_sim.state()
    assert before
    for wrong in CASES:
        answer = calm_sim.exchange(wrong.request())
        code, _ = refusal(wrong.protocol, answer)
        assert 400 <= answer.status < 500, wrong.name
        assert code in wrong.codes, (wrong.name, code)
    assert calm_sim.state() == before


@pytest.mark.ledger("sim.bug")
def test_what_fails_while_it_is_read_is_a_loud_internal_failure_too(
    calm_sim: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """No request is known to do that: this one has a body that no server makes."""
    wrong = Wrong(
        name="a text",
        protocol="rpc-v2-cbor",
        service="cloudwatch",
        operation="ListMetrics",
        body=cast("bytes", "text"),
        codes={"InternalFailure"},
    )
    answer = calm_sim.exchange(wrong.request())
    assert (answer.status, refusal(wrong.protocol, answer)[0]) == (500, "InternalFailure")
    assert "the simulation failed to read cloudwatch ListMetrics" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/endpoints/a_b/invocations", 400),
        ("POST", f"/endpoints/{'e' * 64}/invocations", 400),
        ("POST", "/endpoints/%ff/invocations", 400),
        ("POST", "/endpoints//invocations", 400),
        ("POST", "/endpoints/none/invocations", 400),
        ("GET", "/endpoints/reviews/invocations", 400),
        ("POST", "/endpoints/reviews", 400),
        ("POST", "/endpoints/reviews/invocations/more", 400),
    ],
)
def test_a_malformed_invocation_is_refused_as_rest_json_does(
    calm_sim: Any, in_service: Any, method: str, path: str, status: int
) -> None:
    del in_service
    scope = "Credential=AKIASANDBOX/20260101/us-east-1/sagemaker/aws4_request"
    before = calm_sim.state()
    answer = calm_sim.exchange(
        HttpRequest(method=method, target=path, headers={"authorization": f"AWS4-HMAC-SHA256 {scope}"})
    )
    assert answer.status == status
    assert answer.headers["x-amzn-ErrorType"]
    assert "Message" in json.loads(answer.body)
    assert calm_sim.state() == before


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        pytest.param(headers, body, code, marks=pytest.mark.ledger(row))
        for headers, body, code, row in (
            ({}, b"{}", "MissingAuthenticationTokenException", "aws.unsigned"),
            ({"authorization": "Basic eDp5"}, b"{}", "MissingAuthenticationTokenException", "aws.unsigned"),
            (None, b"x" * 27_000_000, "RequestEntityTooLarge", "aws.too-large-text"),
        )
    ],
    ids=["unsigned", "signed in another way", "too large"],
)
def test_an_invocation_unsigned_or_too_large_is_refused_as_rest_json_does(
    calm_sim: Any, headers: dict[str, str] | None, body: bytes, code: str
) -> None:
    scope = "Credential=AKIASANDBOX/20260101/us-east-1/sagemaker/aws4_request"
    sent = {"authorization": f"AWS4-HMAC-SHA256 {scope}"} if headers is None else headers
    answer = calm_sim.exchange(
        HttpRequest(method="POST", target="/endpoints/reviews/invocations", headers=sent, body=body)
    )
    assert answer.headers["x-amzn-ErrorType"] == code
    assert "Message" in json.loads(answer.body)
    assert calm_sim.state() == {}
