"""Fuzz: requests built from the service models, then spoilt. SIM_FUZZ_SECONDS says how long (4).

Whatever comes, the answer has the shape of its protocol, is no failure of the simulation, and a refusal has
changed nothing. A failure prints the seed and the number of the request; the same seed sends the same.
"""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import time
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest

from sandbox.aws.engine.core import OPERATIONS
from sandbox.aws.http import HttpAnswer, HttpRequest
from sandbox.aws.protocols import cbor
from sandbox.aws.protocols.services import TARGET_PREFIXES, operation_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.model import ListShape, MapShape, Shape, StructureShape

SECONDS = float(os.environ.get("SIM_FUZZ_SECONDS", "4"))
SEED = int(os.environ.get("SIM_FUZZ_SEED", "0"))
PREFIXES = {service: prefix for prefix, service in TARGET_PREFIXES.items()}
SIGNING_NAMES = {"cloudwatch": "monitoring", "resourcegroupstaggingapi": "tagging"}
RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing resets the connection."""
KNOWN = [
    "reviews",
    "bert-a",
    "fifty-fifty",
    "VariantA",
    "VariantB",
    "sagemaker",
    "AWS/SageMaker",
    "Invocations",
    "ml.m5.large",
    "arn:aws:iam::123456789012:role/sagemaker",
    "arn:aws:sagemaker:us-east-1:123456789012:endpoint/reviews",
    "endpoint/reviews/variant/VariantA",
    "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3",
]
ODD = [None, True, -1, 0, 2**63, 1.5, 1e308, "", "x", "é\u0000", "a" * 2_000, [], {}, [[]], {"a": [{}]}]


class Maker:
    """Requests, each of its own making, from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def value(self, shape: Shape, depth: int = 0) -> Any:
        """Return a value that a shape may allow, or now and then one that it does not."""
        if self.chance.random() < 0.03:
            return self.chance.choice(ODD)
        makers: dict[str, Callable[[Any, int], Any]] = {
            "structure": self.structure,
            "list": self.list,
            "map": self.map,
            "string": self.string,
        }
        if shape.type_name in makers:
            return makers[shape.type_name](shape, depth)
        if shape.type_name == "timestamp":
            return cbor.Moment(1_767_225_600.0 + self.chance.randrange(-7_200, 7_200))
        if shape.type_name == "blob":
            return self.chance.randbytes(8)
        if shape.type_name == "boolean":
            return self.chance.random() < 0.5
        return self.chance.choice([0, 1, 2, 60, 300, 10_000, -1])

    def structure(self, shape: StructureShape, depth: int) -> dict[str, Any]:
        wanted = 0.9 if depth == 0 else 0.5
        return {
            name: self.value(member, depth + 1)
            for name, member in shape.members.items()
            if depth < 7
            and self.chance.random() < (0.97 if name in shape.required_members else wanted / (depth + 2))
        }

    def list(self, shape: ListShape, depth: int) -> list[Any]:
        return [self.value(shape.member, depth + 1) for _ in range(self.chance.choice([0, 1, 1, 2, 3]))]

    def map(self, shape: MapShape, depth: int) -> dict[str, Any]:
        keys = self.chance.sample(KNOWN, self.chance.choice([0, 1, 2]))
        return {key: self.value(shape.value, depth + 1) for key in keys}

    def string(self, shape: Shape, _depth: int) -> str:
        choices = cast("list[str]", shape.metadata.get("enum") or KNOWN)
        return self.chance.choice(choices)

    def request(self) -> HttpRequest:
        service, name = self.chance.choice(sorted(OPERATIONS))
        model = operation_model(service, name)
        shape = model.input_shape if model else None
        params = self.value(shape) if shape else {}
        speaks = model.service_model.protocols if model else []
        return self.spoilt(getattr(self, self.protocol(speaks))(service, name, params))

    def protocol(self, speaks: list[str]) -> str:
        chosen = self.chance.choice(speaks).replace("smithy-rpc-v2-", "").replace("-", "_")
        return "as_" + chosen

    def headers(self, service: str) -> dict[str, str]:
        scope = (
            f"Credential=AKIASANDBOX/20260101/us-east-1/{SIGNING_NAMES.get(service, service)}/aws4_request"
        )
        return {"authorization": f"AWS4-HMAC-SHA256 {scope}, Signature=0"}

    def as_json(self, service: str, name: str, params: Any) -> HttpRequest:
        headers = self.headers(service) | {"x-amz-target": f"{PREFIXES[service]}.{name}"}
        body = json.dumps(params, default=plain).encode()
        return HttpRequest(method="POST", target="/", headers=headers, body=body)

    def as_cbor(self, service: str, name: str, params: Any) -> HttpRequest:
        headers = self.headers(service) | {"smithy-protocol": "rpc-v2-cbor"}
        path = f"/service/{PREFIXES[service]}/operation/{name}"
        return HttpRequest(method="POST", target=path, headers=headers, body=cbor.dumps(params))

    def as_query(self, service: str, name: str, params: Any) -> HttpRequest:
        fields = [("Action", name), ("Version", "2010-08-01"), *form("", params)]
        return HttpRequest(
            method="POST", target="/", headers=self.headers(service), body=urlencode(fields).encode()
        )

    def as_rest_json(self, service: str, _name: str, params: Any) -> HttpRequest:
        given = params if isinstance(params, dict) else {}
        headers = self.headers(service)
        headers |= {"content-type": "application/jsonlines", "x-amzn-sagemaker-target-variant": self.word()}
        path = f"/endpoints/{quote(str(given.get('EndpointName', '')), safe='')}/invocations"
        return HttpRequest(method="POST", target=path, headers=headers, body=b'{"features": ["a"]}')

    def word(self) -> str:
        return self.chance.choice(KNOWN)

    def spoilt(self, request: HttpRequest) -> HttpRequest:
        """Return a request with its body, its headers or its address spoilt, half the time."""
        body, headers = bytearray(request.body), dict(request.headers)
        method, target = request.method, request.target
        way = self.chance.randrange(14)
        if way in {0, 1} and body:
            body[self.chance.randrange(len(body))] = self.chance.randrange(256)
        elif way == 2:
            del body[self.chance.randrange(len(body) + 1) :]
        elif way == 3:
            body[self.chance.randrange(len(body) + 1) :] = self.chance.randbytes(6)
        elif way == 4:
            headers.pop(self.chance.choice(sorted(headers)))
        elif way == 5:
            headers[self.chance.choice(sorted(headers))] = self.chance.choice(["", "é", "x.y", self.word()])
        elif way == 6:
            method = self.chance.choice(["GET", "PUT", "DELETE", "BREW"])
            target = self.chance.choice(["/", "//", "/?Action=ListMetrics", f"/service/{self.word()}"])
        return HttpRequest(method=method, target=target, headers=headers, body=bytes(body))


def plain(value: Any) -> Any:
    return value.seconds if isinstance(value, cbor.Moment) else value.decode("latin-1")


def form(prefix: str, value: Any) -> list[tuple[str, str]]:
    """Fields of a form."""
    if isinstance(value, dict):
        pairs = [(f"{prefix}.{key}" if prefix else key, item) for key, item in value.items()]
    elif isinstance(value, list):
        pairs = [(f"{prefix}.member.{number}", item) for number, item in enumerate(value, 1)]
    else:
        return [(prefix, str(plain(value) if isinstance(value, cbor.Moment | bytes) else value))]
    return [field for key, item in pairs for field in form(key, item)]


def has_the_shape_of_its_protocol(request: HttpRequest, answer: HttpAnswer) -> bool:
    """Say whether an answer is one that a client of the request's protocol can read."""
    refused = answer.status >= 400
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        found = cbor.loads(answer.body) if answer.body else {}
        return not refused or {"__type", "message"} <= found.keys()
    if "x-amz-target" in request.headers:
        found = json.loads(answer.body or b"{}")
        return not refused or {"__type", "message"} <= found.keys()
    if request.path.startswith("/endpoints/"):
        return not refused or bool(answer.headers["x-amzn-ErrorType"])
    tag = ET.fromstring(answer.body).tag.rpartition("}")[2]  # noqa: S314  our own server's answer
    return tag.endswith("Response") and (tag == "ErrorResponse") is refused


def test_spoilt_requests_are_refused_in_their_own_protocol_and_change_nothing(
    calm_sim: Any, in_service: Any
) -> None:
    del in_service
    maker = Maker(random.Random(SEED))
    state, statuses, number = calm_sim.state(), dict[int, int](), 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        number += 1
        request = maker.request()
        answer = calm_sim.exchange(request)
        after = calm_sim.state()
        told = f"seed {SEED}, request {number}: {request}\n{answer}"
        assert answer.status != 500, told
        assert has_the_shape_of_its_protocol(request, answer), told
        assert answer.status < 400 or after == state, told
        state = after
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
    print(f"{number} requests in {SECONDS:g} s: {statuses}")  # noqa: T201  what the run was worth
    assert statuses.keys() >= {200, 400, 403}, "the fuzz reaches both sides of every check"


MODEL = {
    "ModelName": "m",
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
    "PrimaryContainer": {"Image": KNOWN[-1]},
}
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIASANDBOX/20260101/us-east-1/sagemaker/aws4_request, Signature=0"


def creation(model: dict[str, Any] = MODEL) -> bytes:
    """A request that makes a model, as it goes over a connection."""
    body = json.dumps(model)
    lines = ("POST / HTTP/1.1", "X-Amz-Target: SageMaker.CreateModel", f"Authorization: {SIGNED}")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


@pytest.mark.parametrize("seed", range(3))
def test_connections_that_are_cut_anywhere_change_nothing_and_the_server_lives_on(
    calm_served_sim: Any, seed: int
) -> None:
    chance, url = random.Random(seed), urlsplit(calm_served_sim.url)
    for _ in range(40):
        with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
            connection.sendall(creation()[: chance.randrange(len(creation()))])
            if chance.random() < 0.5:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    assert calm_served_sim.client("sagemaker").list_models()["Models"] == []
    assert calm_served_sim.control.state() == {}


def test_whoever_hangs_up_without_its_answer_has_had_its_effect(
    calm_served_sim: Any, eventually: Any
) -> None:
    url = urlsplit(calm_served_sim.url)
    for number in range(10):
        with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
            connection.sendall(creation(MODEL | {"ModelName": f"m{number}"}))
    client = calm_served_sim.client("sagemaker")
    eventually(lambda: len(client.list_models()["Models"]), lambda count: count == 10)
