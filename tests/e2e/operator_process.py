"""The operator as its chart starts it: a process of its own that knows AWS by an address only."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.cluster.processes import Program
from sandbox.safety.bounds import Bounds
from sandbox.safety.monitor import RemoteMonitor

_PYTHON_VARIABLE = "SANDBOX_OPERATOR_PYTHON"

QUICK: Mapping[str, float] = {
    "SAGEMAKER_AB_RESYNC_SECONDS": 0.25,
    "SAGEMAKER_AB_POLL_SECONDS": 0.1,
    "SAGEMAKER_AB_RETRY_SECONDS": 0.2,
    "SAGEMAKER_AB_REFUSED_RETRY_SECONDS": 0.5,
    "SAGEMAKER_AB_METRICS_TICK_SECONDS": 0.3,
    "SAGEMAKER_AB_RUN_MINUTES_SECONDS": 0.3,
}
"""Intervals on the local clock that suit an AWS whose clock runs a hundred times as fast."""

BOUNDS = Bounds.of_processes(
    speed=250.0,
    retry=QUICK["SAGEMAKER_AB_RETRY_SECONDS"],
    refused_retry=QUICK["SAGEMAKER_AB_REFUSED_RETRY_SECONDS"],
    resync=QUICK["SAGEMAKER_AB_RESYNC_SECONDS"],
)
"""How long such an operator may take, on an AWS whose clock runs at most so fast."""

ACCESS_KEY = "AKIASANDBOX00000000"
NEVER = 3600.0
"""An interval that does not come round within a test."""


@dataclass(frozen=True, slots=True)
class Operator:
    """How to start it, as often as a test wants: who it is, where it looks, and where its logs go."""

    namespace: str
    kubeconfig: Path
    aws_url: str
    logs: Path
    access_key: str = ACCESS_KEY
    safety: RemoteMonitor | None = None
    """Is told each time that it starts."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that it has in place of others; an empty one is left out."""

    @contextmanager
    def running(self, *arguments: str, **settings: float) -> Iterator[Program]:
        """Run it until the block ends, and then kill it; settings by the names of their variables."""
        number = len(list(self.logs.glob("operator-*.log"))) + 1
        command = [
            os.environ.get(_PYTHON_VARIABLE, sys.executable),
            *("-Im", "kopf", "run", "--standalone", f"--namespace={self.namespace}"),
            *arguments,
            *("-m", "sagemaker_ab.controller.handlers"),
        ]
        if self.safety:
            self.safety.restarted()
        log = self.logs / f"operator-{number}.log"
        program = Program.start(command, log=log, env=self._environment({**QUICK, **settings}))
        try:
            yield program
        finally:
            program.kill()

    def _environment(self, settings: Mapping[str, float]) -> Mapping[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment = inherited | {
            "KUBECONFIG": str(self.kubeconfig),
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "NO_PROXY": "127.0.0.1",
            **{name: f"{value:g}" for name, value in settings.items()},
            **self.variables,
        }
        return {name: value for name, value in environment.items() if value}
