"""The simulated AWS as a client finds it: a process of its own, told of by the environment alone."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws.control import Control
from sandbox.served import served_aws

_SPEED = 60
"""Virtual seconds per second: an endpoint takes three seconds to come, and a minute of metrics one."""


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


@contextmanager
def simulation(scratch: Path) -> Iterator[Simulation]:
    """Run a calm one: no read is stale and no answer lost. Raise SimulationFailed when it does not start."""
    calm = ("--stale", "off", "--lost-answers", "off")
    with served_aws("--speed", str(_SPEED), *calm, log=scratch / "simulation.log") as served:
        yield Simulation(served.url, Control(served.url))
