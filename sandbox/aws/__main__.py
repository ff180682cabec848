"""``python -m sandbox.aws``: serve a simulated AWS until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime

import sandbox.aws.engine.catalogue  # noqa: F401  importing it registers the operations
from sandbox.aws.clock import VirtualClock
from sandbox.aws.engine.core import Engine
from sandbox.aws.fill import LAUNCH_SECONDS, fill
from sandbox.aws.gateway import Gateway
from sandbox.aws.server import Server

PR_SET_PDEATHSIG = 1


def _moment(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4566, help="0 picks one")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="virtual seconds per real second; 0 stands still"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="picks durations, chaos, and what is only assumed"
    )
    parser.add_argument("--start", type=_moment, help="first moment: epoch seconds or ISO 8601; default now")
    parser.add_argument("--stale", choices=["on", "off"], default="on", help="reads up to 5 s old")
    parser.add_argument("--lost-answers", choices=["on", "off"], default="on", help="a write in twenty")
    parser.add_argument("--throttling", choices=["on", "off"], default="off", help="buckets that run empty")
    parser.add_argument(
        "--fill", type=int, default=0, metavar="N", help="N endpoints in service from the start"
    )
    parser.add_argument("--die-with-parent", action="store_true", help="end when the parent process does")
    return parser


def _die_with_parent() -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent has gone")


def _engine(options: argparse.Namespace) -> Engine:
    start = time.time() if options.start is None else options.start
    engine = Engine(
        clock=VirtualClock(start=start - (LAUNCH_SECONDS if options.fill else 0)), seed=options.seed
    )
    if options.fill:
        fill(engine, endpoints=options.fill)
    engine.clock.set_speed(options.speed)
    return engine


async def _serve(options: argparse.Namespace) -> None:
    gateway = Gateway(
        _engine(options),
        stale_reads=options.stale == "on",
        lost_answers=options.lost_answers == "on",
        throttling=options.throttling == "on",
    )
    server = Server(gateway)
    url = await server.start(options.host, options.port)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"listening on {url}", flush=True)
    await stop.wait()
    await server.stop()


def main() -> None:
    options = _arguments().parse_args()
    if options.die_with_parent:
        _die_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_serve(options))


if __name__ == "__main__":
    main()
