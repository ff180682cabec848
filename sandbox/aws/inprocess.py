"""A simulated AWS in the same process, reached by boto3 clients without sockets, on a clock that stands."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

import sandbox.aws.engine.catalogue  # noqa: F401  importing it registers the operations
from sandbox.aws.clock import VirtualClock
from sandbox.aws.control_api import DEFAULT_REGION, state_of
from sandbox.aws.engine.core import EDITS, Engine
from sandbox.aws.engine.iam.identities import needed
from sandbox.aws.gateway import Gateway
from sandbox.aws.http import DEFAULT_ACCOUNT, HttpRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.aws.http import HttpAnswer

START = 1_767_225_600.0
"""Midnight of 1 January 2026, UTC."""


@functools.cache
def _session() -> boto3.Session:
    """One session for all, since each loads the service models anew."""
    return boto3.Session()


class _Body:
    """A body that is already there, read as botocore reads a connection's."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content

    def read(self, _amount: int | None = None) -> bytes:
        content, self._content = self._content, b""
        return content


def _content(body: Any) -> bytes:
    if hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else bytes(body or b"")


class InProcessAws:
    """An engine and a gateway with the control's abilities as plain calls."""

    def __init__(
        self,
        *,
        seed: int = 0,
        variants: Mapping[str, int] | None = None,
        stale_reads: bool = True,
        lost_answers: bool = True,
        throttling: bool = False,
    ) -> None:
        self.engine = Engine(clock=VirtualClock(start=START), seed=seed, variants=variants)
        self.gateway = Gateway(
            self.engine, stale_reads=stale_reads, lost_answers=lost_answers, throttling=throttling
        )

    def client(
        self, service: str, *, region: str = DEFAULT_REGION, access_key: str = "AKIASANDBOX", **config: Any
    ) -> Any:
        """Return a boto3 client of this AWS that sends each request once."""
        options: dict[str, Any] = {"retries": {"total_max_attempts": 1}} | config
        open_client: Any = _session().client
        client = open_client(
            service,
            region_name=region,
            endpoint_url="http://sandbox",
            aws_access_key_id=access_key,
            aws_secret_access_key="sandbox",  # noqa: S106  nobody checks signatures here
            config=Config(**options),
        )
        client.meta.events.register("before-send", self._answer)
        return client

    def advance(self, *, seconds: float = 0.0, minutes: float = 0.0) -> None:
        """Move time on, and let what is due happen."""
        self.engine.clock.advance(seconds + 60 * minutes)

    def edit(self, *, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION, **edits: Any) -> None:
        """Do something to AWS behind everybody's back."""
        for name, argument in edits.items():
            EDITS[name](self.engine.region(account, region), argument)

    def fault(self, effect: Mapping[str, Any], **rule: Any) -> str:
        """Order a fault; ``match``, ``count`` and ``probability`` as in a rule of the control."""
        return self.gateway.faults.add({"effect": effect, **rule}).id

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the logged requests after number ``since``, oldest first."""
        return list(self.gateway.calls.since(since))

    def needed(self) -> dict[str, Any]:
        """Return, by principal with policies, the actions that its requests needed, with their resources."""
        return needed(self.engine)

    def state(self) -> dict[str, Any]:
        return state_of(self.engine)

    def exchange(self, request: HttpRequest) -> HttpAnswer | None:
        """Answer a raw request; None when its connection is dropped."""
        exchange = self.gateway.receive(request)
        if exchange.plan.drop_before:
            exchange.abandon()
            return None
        answer = self.gateway.perform(exchange)
        if exchange.loses_answer:
            exchange.lose()
            return None
        return answer

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        url = urlsplit(request.url)
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
        }
        answer = self.exchange(
            HttpRequest(
                method=request.method,
                target=url.path + (f"?{url.query}" if url.query else ""),
                headers=headers,
                body=_content(request.body),
            )
        )
        if answer is None:
            raise ConnectionClosedError(endpoint_url=request.url)
        answer_headers: Any = HeadersDict(answer.headers)
        return AWSResponse(request.url, answer.status, answer_headers, _Body(answer.body))
