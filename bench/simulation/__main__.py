"""`python -m bench.simulation`: what the simulated AWS costs, beside its limits.

Served as anybody would run it and asked over a raw connection; seconds and memory are of this machine. Judged
is the time that it would take alone: whatever else keeps the cores busy counts only by the clock. Exits
non-zero past twice a limit.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from bench.simulation.stopwatch import Taken, Work, timed
from sandbox.aws.control import Control
from sandbox.aws.engine.core import Engine
from sandbox.aws.fill import fill

_TOLERANCE = 2.0
_ENDPOINTS, _BUSY, _SCALED = 5000, 200, 100
_STARTS = 3
_REQUESTS = 3000
_PAGES = 300
_READS = 10
_DAY, _TRAFFIC = 24 * 3600.0, 3 * 3600.0
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and its limit, from above or, if ``least``, from below; None is not judged.

    ``by_clock`` is the same figure with all waits for a core; None for one that is no time.
    """

    what: str
    value: float
    by_clock: float | None = None
    limit: float | None = None
    least: bool = False

    @property
    def missed(self) -> bool:
        if self.limit is None:
            return False
        return self.value * _TOLERANCE < self.limit if self.least else self.value > _TOLERANCE * self.limit


@dataclass(slots=True)
class RawClient:
    """One kept-open connection that sends prepared requests and reads whole answers."""

    url: str
    connection: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        place = urlsplit(self.url)
        self.connection = socket.create_connection((place.hostname or "", place.port or 0))

    def send(self, request: bytes) -> bytes:
        self.connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.connection.recv(1 << 16)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        while len(body) < length:
            body += self.connection.recv(1 << 20)
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(body.decode(errors="replace"))
        return body


def _request(service: str, target: str, params: object) -> bytes:
    body = json.dumps(params).encode()
    scope = f"Credential=AKIASANDBOX/20260101/us-east-1/{service}/aws4_request"
    version = "1.0" if service == "monitoring" else "1.1"
    lines = (
        "POST / HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: application/x-amz-json-{version}",
        f"X-Amz-Target: {target}",
        f"Authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


@contextmanager
def served(*arguments: str) -> Iterator[tuple[str, int, float]]:
    """A simulation in another process, on a clock that stands: address, process id, seconds to start."""
    began = time.monotonic()
    command = [sys.executable, "-m", "sandbox.aws", "--port", "0", "--speed", "0", "--stale", "off"]
    with subprocess.Popen(
        [*command, "--lost-answers", "off", "--die-with-parent", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield line.rpartition(" ")[2].strip(), process.pid, time.monotonic() - began
        finally:
            process.terminate()


def measure() -> Iterator[Figure]:
    yield _starting()
    loading = timed(os.getpid(), lambda: fill(Engine(), endpoints=_ENDPOINTS))
    yield _seconds(f"seconds to load {_ENDPOINTS} endpoints", loading, limit=5)
    with served("--fill", str(_ENDPOINTS)) as (url, pid, _):
        yield from _reads(RawClient(url), pid)
        yield from _busy(url, pid)
    for endpoints, limit in ((_SCALED, 20), (_ENDPOINTS, None)):
        with served("--fill", str(endpoints)) as (url, pid, _):
            day = timed(pid, partial(Control(url).advance, _DAY))
            yield _seconds(f"seconds for 24 idle hours, {2 * endpoints} variants", day, limit=limit)


def _starting() -> Figure:
    """The quickest start of a few."""
    starts = []
    for _ in range(_STARTS):
        with served() as (_, pid, seconds):
            starts.append(Taken.of(seconds, [Work.of(pid)]))
    quickest = min(starts, key=lambda taken: taken.alone)
    return _seconds(f"seconds to start, empty, best of {_STARTS}", quickest, limit=1)


def _seconds(what: str, taken: Taken, *, limit: float | None = None) -> Figure:
    return Figure(what, taken.alone, taken.clock, limit)


def _reads(client: RawClient, pid: int) -> Iterator[Figure]:
    request = _request("sagemaker", "SageMaker.DescribeEndpoint", {"EndpointName": "fill-77"})
    taken = timed(pid, lambda: [client.send(request) for _ in range(_REQUESTS)])
    rates = (_REQUESTS / taken.alone, _REQUESTS / taken.clock)
    yield Figure("DescribeEndpoint a second", *rates, limit=1000, least=True)
    page = _request("sagemaker", "SageMaker.ListEndpoints", {"MaxResults": 100})
    times = [timed(pid, lambda: client.send(page)) for _ in range(_PAGES)]
    yield _milliseconds("ms for a page of 100 endpoints, p99", times, _p99, limit=20)


def _milliseconds(
    what: str, times: Sequence[Taken], statistic: Callable[[Sequence[float]], float], *, limit: float
) -> Figure:
    alone, clock = ([getattr(taken, kind) for taken in times] for kind in ("alone", "clock"))
    return Figure(what, 1000 * statistic(alone), 1000 * statistic(clock), limit)


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[-1]


def _busy(url: str, pid: int) -> Iterator[Figure]:
    """Three hours with traffic at some endpoints, then what that takes to keep and to read."""
    control = Control(url)
    for number in range(_BUSY):
        control.edit(traffic={"endpoint": f"fill-{number}", "ratePerMinute": 6})
    hours = timed(pid, lambda: control.advance(_TRAFFIC))
    yield _seconds(f"seconds for 3 hours, traffic at {_BUSY}", hours)
    yield Figure("resident MiB after 3 hours of minutes", _resident(pid), limit=250)
    now = control.now()
    client = RawClient(url)
    asked = {
        "MetricDataQueries": [_query(number) for number in range(500)],
        "StartTime": now - 900,
        "EndTime": now,
    }
    request = _request("monitoring", "GraniteServiceVersion20100801.GetMetricData", asked)
    times = [timed(pid, lambda: client.send(request)) for _ in range(_READS)]
    yield _milliseconds("ms for GetMetricData of 500 queries", times, statistics.median, limit=300)


def _query(number: int) -> dict[str, object]:
    names = (("EndpointName", f"fill-{number % _BUSY}"), ("VariantName", "VariantA"))
    metric = {
        "Namespace": "AWS/SageMaker",
        "MetricName": ("Invocations", "ModelLatency")[number % 2],
        "Dimensions": [{"Name": name, "Value": value} for name, value in names],
    }
    stat = ("Sum", "p99")[number % 2]
    return {"Id": f"q{number}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}


def _resident(pid: int) -> float:
    with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123 - no file of ours
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MIB


def main() -> None:
    figures = []
    table = Table(title="the simulated AWS")
    for column in ("figure", "measured", "by the clock", "limit"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for figure in measure():
        figures.append(figure)
        limit = "" if figure.limit is None else f"{'>=' if figure.least else '<='} {figure.limit:g}"
        by_clock = "" if figure.by_clock is None else f"{figure.by_clock:.4g}"
        style = "red" if figure.missed else None
        table.add_row(figure.what, f"{figure.value:.4g}", by_clock, limit, style=style)
    Console().print(table)
    sys.exit(any(figure.missed for figure in figures))


if __name__ == "__main__":
    main()
