"""A proxy on loopback that refuses every request and remembers what was asked for."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RefusingProxy:
    """`requests` are methods with their targets: `CONNECT api.example.com:443`, `GET http://example.com/`."""

    url: str
    requests: list[str] = field(default_factory=list)


@contextmanager
def refusing_proxy() -> Iterator[RefusingProxy]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            method, target, *_ = self.rfile.readline().decode("latin-1").split()
            proxy.requests.append(f"{method} {target}")
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        proxy = RefusingProxy(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
