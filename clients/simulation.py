"""The simulated AWS as a client finds it: a process of its own, told of by the environment alone."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.control import Control
from sandbox.cluster.processes import Program
from sandbox.cluster.progress import CommandFailed

_REPOSITORY = Path(__file__).parents[1]
_READY = "listening on "
_START_SECONDS = 60
_POLL_SECONDS = 0.05
_SPEED = 60
"""Virtual seconds per second: an endpoint takes three seconds to come, and a minute of metrics one."""

_BUGS = frozenset({"NotImplemented", "UnknownOperationException", "InvalidAction", "InternalFailure"})


@dataclass(frozen=True, slots=True)
class Simulation:
    url: str
    control: Control

    def environment(self, home: Path) -> dict[str, str]:
        """Return all that a client is told; nothing of the user's own settings reaches it."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIASANDBOXCLIENT",
            "AWS_SECRET_ACCESS_KEY": "simulated",
        }

    def counts(self) -> Counter[str]:
        """Return how often each operation was called, by service, name and protocol."""
        return Counter(
            f"{call['service']} {call['operation']} ({call['protocol']})" for call in self.control.calls()
        )

    def unimplemented(self) -> list[str]:
        """Return the calls that met something that the simulation does not do, or a bug of it."""
        return [
            f"{call['service']} {call['operation']}: {call['code']}: {call['message']}"
            for call in self.control.calls()
            if call["code"] in _BUGS or not call["service"]
        ]


@contextmanager
def simulation(scratch: Path) -> Iterator[Simulation]:
    """Run a calm one: no read is stale and no answer lost. Raise CommandFailed when it does not start."""
    flags = ("--port", "0", "--speed", str(_SPEED), "--stale", "off", "--lost-answers", "off")
    program = Program.start(
        [sys.executable, "-m", "sandbox.aws", *flags],
        log=scratch / "simulation.log",
        env=os.environ | {"PYTHONPATH": str(_REPOSITORY)},
    )
    try:
        url = _address(program)
        yield Simulation(url, Control(url))
    finally:
        program.kill()


def _address(program: Program) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while program.running and time.monotonic() < deadline:
        for line in program.log.read_text(errors="replace").splitlines():
            if line.startswith(_READY):
                return line.removeprefix(_READY)
        time.sleep(_POLL_SECONDS)
    raise CommandFailed(f"the simulated AWS did not start:\n{program.log_tail()}")
