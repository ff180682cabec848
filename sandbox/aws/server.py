"""A small HTTP/1.1 server on asyncio: AWS on every path but ``/_sandbox/``, which is the control."""

from __future__ import annotations

import asyncio
import http
from typing import TYPE_CHECKING

from sandbox.aws.control_api import PREFIX, ControlApi
from sandbox.aws.holds import Hold, Holds, When
from sandbox.aws.http import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.aws.gateway import Exchange, Gateway

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024
TICK_SECONDS = 0.2
"""How often time moves on while nobody asks for anything."""


class BadHttpError(ValueError):
    """What came is not HTTP/1.1, or too much of it."""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        if len(body) + size > MAX_BODY:
            raise BadHttpError("body too large")
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass
    return bytes(body)


def _head(raw: bytes) -> tuple[str, str, dict[str, str]]:
    lines = raw.decode("latin-1").split("\r\n")
    try:
        method, target, version = lines[0].split(" ")
        pairs = [line.split(":", 1) for line in lines[1:] if line]
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
    except ValueError:
        raise BadHttpError("not HTTP") from None
    if not version.startswith("HTTP/1."):
        raise BadHttpError("not HTTP/1")
    return method, target, headers


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> HttpRequest | None:
    """Return the next request of a connection, or None when it has ended; raises BadHttpError."""
    try:
        method, target, headers = _head(await reader.readuntil(b"\r\n\r\n"))
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = await _chunks(reader)
        else:
            length = int(headers.get("content-length", 0))
            if not 0 <= length <= MAX_BODY:
                raise BadHttpError("body too large")
            body = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except (asyncio.LimitOverrunError, ValueError) as error:
        raise BadHttpError(str(error)) from None
    return HttpRequest(method=method, target=target, headers=headers, body=body)


def to_bytes(answer: HttpAnswer) -> bytes:
    reason = http.HTTPStatus(answer.status).phrase
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} {reason}\r\n{lines}\r\n".encode("latin-1") + answer.body


class Server:
    """Serves one gateway. A parked or delayed request keeps nobody else waiting."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._holds = Holds()
        self._control = ControlApi(gateway, self._holds)
        self._server: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the URL; port 0 picks one."""
        self._server = await asyncio.start_server(self._connected, host, port, limit=MAX_HEAD)
        self._ticker = asyncio.create_task(self._tick())
        return f"http://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening, and end the connections that are open."""
        if self._ticker:
            self._ticker.cancel()
        if self._server:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._gateway.engine.clock.tick()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def gone() -> bool:
            return reader.at_eof() or reader.exception() is not None or writer.transport.is_closing()

        try:
            while (request := await read_request(reader, writer)) is not None:
                answer = await self._answer(request, gone)
                if answer is None:
                    writer.transport.abort()
                    return
                writer.write(to_bytes(answer))
                await writer.drain()
                if request.headers.get("connection", "").lower() == "close":
                    break
        except BadHttpError as error:
            writer.write(to_bytes(HttpAnswer(status=400, body=str(error).encode())))
        except ConnectionError:
            return
        finally:
            writer.close()

    async def _answer(self, request: HttpRequest, gone: Callable[[], bool]) -> HttpAnswer | None:
        if request.path.startswith(PREFIX):
            status, body = await self._control.answer(request.method, request.target, request.body)
            return HttpAnswer(status=status, headers={"Content-Type": "application/json"}, body=body)
        return await self._aws(self._gateway.receive(request), gone)

    async def _aws(self, exchange: Exchange, gone: Callable[[], bool]) -> HttpAnswer | None:
        hold = self._holds.pick(exchange.record)
        try:
            return await self._course(exchange, hold, gone)
        finally:
            if hold is not None:
                hold.settled.set()

    async def _course(
        self, exchange: Exchange, hold: Hold | None, gone: Callable[[], bool]
    ) -> HttpAnswer | None:
        """Take a request through its course; None drops the connection."""
        if exchange.plan.latency:
            await asyncio.sleep(exchange.plan.latency)
        if exchange.plan.drop_before or await self._parked(exchange, hold, When.BEFORE, gone):
            exchange.abandon()
            return None
        answer = self._gateway.perform(exchange)
        if exchange.loses_answer or await self._parked(exchange, hold, When.AFTER, gone):
            exchange.lose()
            return None
        if exchange.answer_seconds:
            await asyncio.sleep(exchange.answer_seconds)
        return answer

    async def _parked(
        self, exchange: Exchange, hold: Hold | None, when: When, gone: Callable[[], bool]
    ) -> bool:
        """Hold a request if it is to be held now; returns whether its client is gone or to be dropped."""
        if hold is None or hold.when is not when:
            return False
        drop = await self._holds.park(exchange.record, hold)
        # A client that was killed before the release has closed its socket by now: let the loop see that.
        await asyncio.sleep(0.01)
        return drop or gone()
