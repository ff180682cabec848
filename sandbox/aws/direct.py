"""A simulated AWS in this process without signing, endpoints, retries and connections, for long runs.

Its boto3 clients serialize requests and parse answers as all others do. A call takes a third of the time.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import HeadersDict
from botocore.exceptions import ConnectionClosedError
from botocore.hooks import first_non_none_response
from botocore.parsers import ResponseParserFactory
from botocore.utils import parse_timestamp

from sandbox.aws.control_api import DEFAULT_REGION
from sandbox.aws.http import HttpRequest
from sandbox.aws.inprocess import InProcessAws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.http import HttpAnswer

_FIRST_ERROR = 300


class DirectAws(InProcessAws):
    """A simulated AWS in this process whose clients of JSON protocols call it directly.

    Of the events of botocore, these clients emit before-send, with an HttpRequest, and response-received.
    """

    def client(
        self, service: str, *, region: str = DEFAULT_REGION, access_key: str = "AKIASANDBOX", **config: Any
    ) -> Any:
        client = super().client(service, region=region, access_key=access_key, **config)
        protocol = client.meta.service_model.resolved_protocol
        if protocol == "json":
            parsers = ResponseParserFactory()
            parsers.set_parser_defaults(timestamp_parser=_timestamp)
            call = functools.partial(_call, client, parsers.create_parser(protocol), access_key)
            client._make_api_call = call  # noqa: SLF001
        return client

    def _answer(self, request: Any, **context: object) -> Any:
        if isinstance(request, HttpRequest):
            return self.exchange(request)
        return super()._answer(request, **context)


def _call(client: Any, parser: Any, access_key: str, name: str, params: Mapping[str, Any]) -> Any:
    operation = client.meta.service_model.operation_model(name)
    event = f"{client.meta.service_model.service_id.hyphenize()}.{name}"
    request = _request(client, access_key, client._serializer.serialize_to_request(params, operation))  # noqa: SLF001
    answer = first_non_none_response(client.meta.events.emit(f"before-send.{event}", request=request))
    if answer is None:
        raise ConnectionClosedError(endpoint_url=client.meta.endpoint_url)
    received = _received(answer)
    client.meta.events.emit(f"response-received.{event}", response_dict=received)
    parsed = parser.parse(received, operation.output_shape)
    if answer.status >= _FIRST_ERROR:
        error: type[Exception] = client.exceptions.from_code(parsed["Error"]["Code"])
        raise error(parsed, name)
    return parsed


def _request(client: Any, access_key: str, serialized: Mapping[str, Any]) -> HttpRequest:
    scope = f"{access_key}/20260101/{client.meta.region_name}/{client.meta.service_model.signing_name}"
    return HttpRequest(
        method=serialized["method"],
        target=serialized["url_path"],
        headers={
            **{name.lower(): value for name, value in serialized["headers"].items()},
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}/aws4_request",
        },
        body=serialized["body"],
    )


def _received(answer: HttpAnswer) -> dict[str, Any]:
    headers: Any = HeadersDict(answer.headers)
    return {"headers": headers, "body": answer.body, "status_code": answer.status}


def _timestamp(value: Any) -> datetime:
    """Parse a timestamp. botocore's own parser is slow at numbers, which those of JSON protocols are."""
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else parse_timestamp(value)
