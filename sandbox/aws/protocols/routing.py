"""Which service, operation and protocol a request is for."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sandbox.aws.protocols import query_form
from sandbox.aws.protocols.codecs import RPC_V2_CBOR, CborCodec, Codec, JsonCodec, QueryCodec, RestJsonCodec
from sandbox.aws.protocols.services import (
    QUERY_SIGNING_NAMES,
    REST_SERVICE,
    TARGET_PREFIXES,
    operation_model,
    service_model,
)

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from sandbox.aws.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """``model`` is None when AWS has no such operation, ``service`` empty when it has no such service."""

    service: str
    operation: str
    codec: Codec
    model: OperationModel | None


UNREADABLE = Route(service="", operation="", codec=QueryCodec(), model=None)
"""Where a form goes that cannot be read."""


def route(request: HttpRequest) -> Route:
    """Return where a request belongs; raises MalformedRequestError when its form cannot be read."""
    if request.headers.get("smithy-protocol") == RPC_V2_CBOR:
        return _cbor_route(request)
    if "x-amz-target" in request.headers:
        return _json_route(request)
    rest = _rest_route(request)
    return rest or _query_route(request)


def _json_route(request: HttpRequest) -> Route:
    prefix, _, operation = request.headers["x-amz-target"].partition(".")
    service = TARGET_PREFIXES.get(prefix, "")
    version = "1.0" if "json-1.0" in request.headers.get("content-type", "") else "1.1"
    model = operation_model(service, operation) if service else None
    return Route(service=service, operation=operation, codec=JsonCodec(version), model=model)


_CBOR_PATH = re.compile(r"(?:/.*)?/service/(?P<service>\w+)/operation/(?P<operation>\w+)")


def _cbor_route(request: HttpRequest) -> Route:
    """The service is named as in ``X-Amz-Target``; a path may stand before it."""
    found = _CBOR_PATH.fullmatch(request.path)
    service = TARGET_PREFIXES.get(found["service"], "") if found else ""
    operation = found["operation"] if found else ""
    speaks = service and any(name.endswith(RPC_V2_CBOR) for name in service_model(service).protocols)
    model = operation_model(service, operation) if speaks else None
    return Route(service=service, operation=operation, codec=CborCodec(), model=model)


@functools.cache
def _rest_templates() -> list[tuple[str, re.Pattern[str], OperationModel]]:
    model = service_model(REST_SERVICE)
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        template = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]*)", re.escape(operation.http["requestUri"]))
        found.append((operation.http["method"], re.compile(template), operation))
    return found


def _rest_route(request: HttpRequest) -> Route | None:
    if not request.path.startswith("/endpoints/"):
        return None
    for method, template, model in _rest_templates():
        match = template.fullmatch(request.path)
        if match and method == request.method:
            parameters = {name: unquote(text) for name, text in match.groupdict().items()}
            return Route(
                service=REST_SERVICE, operation=model.name, codec=RestJsonCodec(parameters), model=model
            )
    return Route(service=REST_SERVICE, operation="", codec=RestJsonCodec({}), model=None)


def _query_route(request: HttpRequest) -> Route:
    scope = request.scope
    service = QUERY_SIGNING_NAMES.get(scope.service, "") if scope else ""
    form = query_form.parse(request.body or request.target.partition("?")[2].encode())
    operation = form.get("Action", "")
    operation = operation if isinstance(operation, str) else ""
    model = operation_model(service, operation) if service and operation else None
    return Route(service=service, operation=operation, codec=QueryCodec(), model=model)
