"""What the story plays on: a cluster, a simulated AWS, and the operator as its Deployment describes it."""

import subprocess
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.cluster.choice import open_cluster
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.existing import ExistingCluster
from sandbox.cluster.processes import Program
from sandbox.cluster.scratch import scratch_directory
from sandbox.demo.deployment import Container
from sandbox.demo.simulation import OPERATOR_KEY, SimulatedAws
from sandbox.safety.bounds import Bounds
from sandbox.safety.monitor import RemoteMonitor

RELEASE = "sagemaker-ab-operator"
NAMESPACE = "sagemaker-ab-system"
CRD = "customresourcedefinition/sagemakerabendpoints.sagemaker-ab.dev"

INTERVALS = {
    "SAGEMAKER_AB_RESYNC_SECONDS": "2",
    "SAGEMAKER_AB_POLL_SECONDS": "0.1",
    "SAGEMAKER_AB_RETRY_SECONDS": "0.5",
    "SAGEMAKER_AB_REFUSED_RETRY_SECONDS": "2",
    "SAGEMAKER_AB_METRICS_TICK_SECONDS": "0.5",
    "SAGEMAKER_AB_RUN_MINUTES_SECONDS": "0.02",
}
"""Intervals for a clock that runs up to 120 times as fast. In the hours of a rollout it goes on faster, and
waits until the operator has read their minutes. Nothing else is made easier.
"""

_USUAL_SPEED = 120.0


def bounds_at(speed: float) -> Bounds:
    """Return how long the operator may take with these intervals while AWS's clock runs so fast."""
    return Bounds.of_processes(
        speed=max(speed, _USUAL_SPEED),
        retry=float(INTERVALS["SAGEMAKER_AB_RETRY_SECONDS"]),
        refused_retry=float(INTERVALS["SAGEMAKER_AB_REFUSED_RETRY_SECONDS"]),
        resync=float(INTERVALS["SAGEMAKER_AB_RESYNC_SECONDS"]),
    )


_START_SECONDS = 120
_POLL_SECONDS = 0.2


class OperatorFailed(Exception):
    """The operator did not get ready; the message holds the end of its log."""


class Stage:
    """Everything that runs for the story; all of it ends with `close`, or when this process dies."""

    def __init__(self, *, cluster: Cluster, aws: SimulatedAws, directory: Path, resources: ExitStack) -> None:
        self.cluster = cluster
        self.aws = aws
        self.directory = directory
        self.operator: Program | None = None
        self.safety: RemoteMonitor | None = None
        self._resources = resources

    @classmethod
    def open(cls, *, kubeconfig: Path | None, seed: int) -> Self:
        """Start the cluster (or connect to the one that a kubeconfig leads to) and the simulated AWS."""
        with ExitStack() as resources:
            directory = resources.enter_context(scratch_directory())
            cluster = ExistingCluster.connect(kubeconfig) if kubeconfig else open_cluster()
            resources.enter_context(cluster)
            aws = resources.enter_context(SimulatedAws.start(seed=seed, log=directory / "aws.log"))
            stage = cls(cluster=cluster, aws=aws, directory=directory, resources=resources)
            stage._resources = resources.pop_all()
        return stage

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def borrowed(self) -> bool:
        """Whether the cluster is somebody's, and has to be left as it was found."""
        return isinstance(self.cluster, ExistingCluster)

    def start_operator(self, container: Container) -> tuple[str, ...]:
        """Start what the container runs, as its ServiceAccount; return the command once its probe answers.

        Raise OperatorFailed.
        """
        command, probe = container.on_this_machine()
        account = self.cluster.service_account_kubeconfig(NAMESPACE, container.account)
        self.safety = RemoteMonitor(
            self.aws.control, self.cluster, bounds=bounds_at(_USUAL_SPEED), access_key=OPERATOR_KEY
        )
        self._resources.callback(self.safety.stop)
        self.safety.restarted()
        additions = INTERVALS | self.aws.environment(OPERATOR_KEY) | {"KUBECONFIG": str(account)}
        program = Program.start(
            command,
            log=self.directory / "operator.log",
            env=container.environment_with(additions, home=self.directory),
        )
        self._resources.callback(program.kill)
        self.operator = program
        _await_answer(program, probe)
        return command

    def expect_speed(self, speed: float) -> None:
        """Judge the operator from now on as one whose AWS runs at most so many times as fast as real time."""
        if self.safety:
            self.safety.judge_by(bounds_at(speed))

    def clear_up_at_the_end(self) -> None:
        """Once the story is over, take out of a borrowed cluster what helm has put in.

        Not before helm has: what it found there already is somebody's.
        """
        if self.borrowed:
            self._resources.callback(self._clear_up)

    def _clear_up(self) -> None:
        kubectl = self.cluster.kubectl
        # The operator is still there and takes its finalizer off; had it failed, waiting would not help.
        kubectl("delete", CRD, "--ignore-not-found", "--timeout=60s")
        subprocess.run(
            [self.cluster.binaries.helm, "uninstall", RELEASE, f"--namespace={NAMESPACE}"],
            env=self.cluster.env,
            capture_output=True,
            check=False,
            timeout=120,
        )
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


def _await_answer(program: Program, probe: str) -> None:
    """Ask as a kubelet asks, until the probe answers with 200."""
    deadline = time.monotonic() + _START_SECONDS
    while program.running and time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(probe, timeout=5):  # noqa: S310 - our own address
            return
        time.sleep(_POLL_SECONDS)
    raise OperatorFailed(f"the operator did not get ready:\n{program.log_tail()}")
