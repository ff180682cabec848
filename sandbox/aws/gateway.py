"""From a request to its answer: decode, check, log, disturb as ordered, perform, check, encode.

The gateway does no I/O, so that a server and a test in the same process drive the same course: ``receive``,
whatever waiting is ordered, ``perform``, and the answer or its loss.
"""

from __future__ import annotations

import email.utils
import itertools
import logging
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sandbox.aws import reading
from sandbox.aws.answers import check_answer
from sandbox.aws.calls import CallLog, CallRecord, Outcome
from sandbox.aws.engine.core import EDITS, OPERATIONS, Call, Engine, Failure, Operation
from sandbox.aws.engine.iam.authorization import authorize, denied_on_order
from sandbox.aws.engine.pace import real_seconds
from sandbox.aws.engine.records import EndpointStatus
from sandbox.aws.engine.sagemaker.store import store_of
from sandbox.aws.errors import AwsError
from sandbox.aws.faults import Chaos, Faults
from sandbox.aws.http import DEFAULT_ACCOUNT, HttpAnswer, HttpRequest
from sandbox.aws.ledger import holds
from sandbox.aws.protocols.routing import UNREADABLE, Route, route
from sandbox.aws.protocols.wire import MalformedRequestError
from sandbox.aws.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.effects import Plan

log = logging.getLogger(__name__)

LOGGED_BODY = 8_192
"""The parameters of larger reads and invocations are not logged; those of writes are."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request on its way.

    ``refusal`` is set when it could not be read, ``broken`` when what it says breaks a constraint.
    """

    request: HttpRequest
    route: Route
    record: CallRecord
    plan: Plan
    params: Mapping[str, Any]
    operation: Operation | None = None
    refusal: AwsError | None = None
    broken: AwsError | None = None
    answer_seconds: float = 0.0
    """How long its answer takes to come after its effect, in real time."""

    def abandon(self) -> None:
        """Note that the connection ended before an effect."""
        self.record.outcome = Outcome.DROPPED_BEFORE

    def lose(self) -> None:
        """Note that the answer was lost after the effect."""
        if self.record.outcome is Outcome.EFFECT:
            self.record.outcome = Outcome.DROPPED_AFTER

    @property
    def loses_answer(self) -> bool:
        """Whether the connection is to end instead of an answer; refusals always arrive."""
        return self.plan.drop_after and self.record.outcome is Outcome.EFFECT


class Gateway:
    def __init__(
        self,
        engine: Engine,
        *,
        stale_reads: bool = True,
        lost_answers: bool = True,
        throttling: bool = False,
    ) -> None:
        self.engine = engine
        self.calls = CallLog()
        self.recorder = Recorder(engine)
        chaos = Chaos(stale=stale_reads, lost_answers=lost_answers, throttling=throttling)
        self.faults = Faults(engine.ledger, chaos)
        self._request_numbers = itertools.count(1)

    def receive(self, request: HttpRequest) -> Exchange:
        """Decode and log a request, and decide what is to happen to it."""
        self.engine.clock.tick()
        params: dict[str, Any] = {}
        refusal: AwsError | None = None
        broken: AwsError | None = None
        way = UNREADABLE
        try:
            way = route(request)
            params = reading.read(self.engine, request, way)
            broken = reading.broken(self.engine, way, params)
        except MalformedRequestError as error:
            refusal = self.engine.ledger.refuse("aws.serialization", detail=error)
        except AwsError as error:
            refusal = error
        except Exception:
            log.exception("the simulation failed to read %s %s", way.service, way.operation)
            refusal = self._bug(way)
        operation = OPERATIONS.get((way.service, way.operation))
        record = self._open(request, way, operation, params)
        may_be_stale = operation is not None and operation.stale
        return Exchange(
            request=request,
            route=way,
            record=record,
            plan=self.faults.plan(record, may_be_stale=may_be_stale),
            params=params,
            operation=operation,
            refusal=refusal,
            broken=broken,
        )

    def _open(
        self, request: HttpRequest, way: Route, operation: Operation | None, params: Mapping[str, Any]
    ) -> CallRecord:
        scope = request.scope
        logged = len(request.body) <= LOGGED_BODY or (operation is not None and operation.write)
        return self.calls.open(
            time=self.engine.clock.now(),
            protocol=way.codec.protocol,
            service=way.service,
            operation=way.operation,
            write=operation.write if operation else False,
            access_key=scope.access_key if scope else "",
            account=scope.account if scope else DEFAULT_ACCOUNT,
            region=scope.region if scope else "",
            resource=str(params.get(operation.resource, "")) if operation else "",
            params=params if logged else {},
        )

    def perform(self, exchange: Exchange) -> HttpAnswer:
        """Let a request take effect, or be refused, and return the answer."""
        self.engine.clock.tick()
        request_id = self._request_id()
        record, now = exchange.record, self.engine.clock.now()
        self.calls.perform(record, now=now, as_of=now - exchange.plan.stale)
        noted = self.recorder.note(record, stale=exchange.plan.stale)
        try:
            http = self._answer(exchange, request_id)
            record.outcome = Outcome.EFFECT
        except AwsError as error:
            http = self._refused(exchange, error, request_id)
        except Exception:
            log.exception("the simulation failed at %s %s", record.service, record.operation)
            http = self._refused(exchange, self._bug(exchange.route), request_id)
        self.recorder.complete(noted)
        return replace(http, headers={**http.headers, **self._date_header(exchange.plan.date)})

    def _bug(self, way: Route) -> AwsError:
        return self.engine.ledger.refuse("sim.bug", operation=way.operation)

    def _refused(self, exchange: Exchange, error: AwsError, request_id: str) -> HttpAnswer:
        record = exchange.record
        record.outcome, record.code, record.message = Outcome.REFUSED, error.code, error.message
        return exchange.route.codec.error(error, exchange.route.model, request_id)

    def _answer(self, exchange: Exchange, request_id: str) -> HttpAnswer:
        refusal = exchange.plan.refusal or exchange.refusal
        if refusal is not None:
            raise refusal
        model, operation = exchange.route.model, exchange.operation
        if operation is None or model is None:
            raise LookupError("a request that is not refused has an operation and a model of it")
        call = self._call(exchange)
        self._check(exchange, call, operation)
        if exchange.plan.status is not None:
            self._put_into_status(call, exchange.plan.status)
        answer = operation.handler(call)
        check_answer(model.output_shape, answer)
        exchange.answer_seconds = real_seconds(answer, self.engine)
        return exchange.route.codec.encode(model, answer, request_id)

    def _check(self, exchange: Exchange, call: Call, operation: Operation) -> None:
        """Refuse a call that breaks a constraint, and one that its caller may not make."""
        broken, denied = exchange.broken, exchange.plan.denied
        if broken and self.engine.ledger.value("iam.order") == "constraints first":
            raise broken
        if denied is not None:
            raise denied_on_order(call, operation, denied)
        authorize(call, operation)
        if broken:
            raise broken

    def _call(self, exchange: Exchange) -> Call:
        fail = exchange.plan.fail
        return Call(
            region=self.engine.region(exchange.record.account, exchange.record.region),
            params=exchange.params,
            as_of=self.engine.clock.now() - exchange.plan.stale,
            access_key=exchange.request.scope.access_key if exchange.request.scope else "",
            failure=None if fail is None else self._failure(fail),
            result_faults=tuple(exchange.plan.results),
        )

    def _failure(self, fail: Mapping[str, Any]) -> Failure:
        row = "sm.failure.capacity" if fail.get("capacity") else "sm.failure.health-check"
        reason = "" if fail.get("silent") else fail.get("reason") or self.engine.ledger.text(row)
        return Failure(reason, EndpointStatus(fail["status"]) if "status" in fail else None)

    def _put_into_status(self, call: Call, status: Mapping[str, Any]) -> None:
        """Put the endpoint that a call names into a status; where there is none, nothing is done."""
        name = call.params.get("EndpointName", "")
        if store_of(call.region).endpoint(name) is not None:
            EDITS["status"](call.region, {**status, "endpoint": name})

    @holds("aws.date")
    def _date_header(self, order: Mapping[str, Any]) -> dict[str, str]:
        """Return the Date header of an answer: the simulation's time, or what a fault puts in its place."""
        if "absent" in order:
            return {}
        now = self.engine.clock.now() + order.get("ahead", 0.0)
        return {"Date": order.get("text") or email.utils.formatdate(now, usegmt=True)}

    def _request_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.engine.ledger.seed}/{next(self._request_numbers)}"))
