"""The simulated AWS as a process of its own, the way in which whoever is tested against it finds it."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.cluster.processes import Program

_ROOT = Path(__file__).parents[1]
_READY = "listening on "
_START_SECONDS = 60
_POLL_SECONDS = 0.05


class SimulationFailed(Exception):
    """The simulated AWS did not start; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where a simulated AWS listens, and the process that does."""

    url: str
    program: Program


@contextmanager
def served_aws(*flags: str, log: Path) -> Iterator[Served]:
    """Run `python -m sandbox.aws` with these flags on a free port of loopback. Raise SimulationFailed."""
    program = Program.start(
        [sys.executable, "-m", "sandbox.aws", "--port", "0", *flags],
        log=log,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
    )
    try:
        yield Served(_address(program), program)
    finally:
        program.kill()


def _address(program: Program) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while program.running and time.monotonic() < deadline:
        for line in program.log.read_text(errors="replace").splitlines():
            if line.startswith(_READY):
                return line.removeprefix(_READY)
        time.sleep(_POLL_SECONDS)
    raise SimulationFailed(f"the simulated AWS did not start:\n{program.log_tail()}")
