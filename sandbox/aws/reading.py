"""From a request to its parameters: who sent it, whether AWS has such an operation, and what it says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sandbox.aws import validation
from sandbox.aws.engine.core import OPERATIONS
from sandbox.aws.engine.sessions import session
from sandbox.aws.protocols.codecs import QueryCodec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.core import Engine
    from sandbox.aws.errors import AwsError
    from sandbox.aws.http import HttpRequest
    from sandbox.aws.protocols.routing import Route

log = logging.getLogger(__name__)


def read(engine: Engine, request: HttpRequest, way: Route) -> dict[str, Any]:
    """Return the parameters of a request, which may break constraints.

    Raises AwsError for one that AWS does not take, MalformedRequestError for one that cannot be decoded.
    """
    _admit(engine, request)
    if way.model is None:
        raise _unknown(engine, way)
    if (way.service, way.operation) not in OPERATIONS:
        log.error("%s %s is not simulated", way.service, way.operation)
        raise engine.ledger.refuse("sim.not-implemented", what=f"{way.service} {way.operation}")
    return way.codec.decode(request, way.model)


def _admit(engine: Engine, request: HttpRequest) -> None:
    ledger, scope = engine.ledger, request.scope
    if scope is None:
        raise ledger.refuse("aws.unsigned")
    held = session(engine, scope.account, scope.access_key)
    if held is not None and held.expires <= engine.clock.now():
        raise ledger.refuse("sts.expired")
    if len(request.body) > ledger.value("aws.too-large"):
        raise ledger.refuse("aws.too-large-text")


def _unknown(engine: Engine, way: Route) -> AwsError:
    if not isinstance(way.codec, QueryCodec):
        return engine.ledger.refuse("aws.unknown-operation")
    if not way.operation:
        return engine.ledger.refuse("aws.missing-action")
    return engine.ledger.refuse("aws.unknown-action", action=way.operation, version="")


def broken(engine: Engine, way: Route, params: Mapping[str, Any]) -> AwsError | None:
    """Return the refusal of parameters that break a constraint of their shape, or None."""
    shape = way.model.input_shape if way.model else None
    return validation.refusal(engine.ledger, shape, params) if shape else None
