"""A control plane, a simulated AWS and the operator as a process, for measuring."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client, config, watch

from sandbox.aws.control import Control
from sandbox.cluster.choice import open_cluster
from sandbox.cluster.cluster import Cluster
from sandbox.cluster.processes import Program
from sandbox.cluster.scratch import scratch_directory
from sandbox.served import served_aws

_ROOT = Path(__file__).parents[2]
_GROUP = ("sagemaker-ab.dev", "v1alpha1", "bench", "sagemakerabendpoints")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def eventually(look: Callable[[], bool], *, within: float, what: str) -> None:
    """Poll until something is so. Raises TimeoutError, which says what was waited for."""
    deadline = time.monotonic() + within
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not so within {within:g} s")
        time.sleep(0.2)


@dataclass(slots=True)
class World:
    """What is measured, and what measures it."""

    cluster: Cluster
    aws_url: str
    aws: Control
    resources: client.CustomObjectsApi
    directory: Path

    def start_operator(self, **settings: float) -> Program:
        command = [sys.executable, "-Im", "kopf", "run", "--standalone", "--namespace=bench"]
        environment = os.environ | {
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            **{f"SAGEMAKER_AB_{name.upper()}": f"{value:g}" for name, value in settings.items()},
        }
        log = self.directory / f"operator-{time.monotonic_ns()}.log"
        return Program.start([*command, "-m", "sagemaker_ab.controller.handlers"], log=log, env=environment)

    def create(self, name: str, spec: dict[str, Any]) -> None:
        body = {
            "apiVersion": "sagemaker-ab.dev/v1alpha1",
            "kind": "SageMakerABEndpoint",
            "metadata": {"name": name},
            "spec": spec,
        }
        self.resources.create_namespaced_custom_object(*_GROUP, body)

    def change(self, name: str, spec: dict[str, Any]) -> None:
        self.resources.patch_namespaced_custom_object(
            *_GROUP, name, {"spec": spec}, _content_type="application/merge-patch+json"
        )

    def listed(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.resources.list_namespaced_custom_object(*_GROUP)["items"]
        return items

    def aws_writes(self) -> list[dict[str, Any]]:
        """Return the writes that AWS was sent since its log was cleared."""
        return [call for call in self.aws.calls() if call["write"]]

    def all_ready(self, count: int) -> bool:
        items = self.listed()
        return len(items) == count and all(_ready(item) for item in items)

    def count_changes(self, *, seconds: int) -> int:
        """Count the versions of all resources for so long."""
        listed = self.resources.list_namespaced_custom_object(*_GROUP)
        changes = watch.Watch().stream(
            self.resources.list_namespaced_custom_object,
            *_GROUP,
            resource_version=listed["metadata"]["resourceVersion"],
            timeout_seconds=seconds,
        )
        return sum(change["type"] == "MODIFIED" for change in changes)

    def versions(self) -> dict[str, str]:
        return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in self.listed()}


def _ready(item: dict[str, Any]) -> bool:
    status = item.get("status", {})
    conditions = {condition["type"]: condition["status"] for condition in status.get("conditions", ())}
    return (
        status.get("observedGeneration") == item["metadata"]["generation"]
        and conditions.get("Ready") == "True"
    )


def memory_mib(program: Program) -> float:
    """Resident memory of a process, in MiB."""
    status = Path(f"/proc/{program.process.pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def cpu_seconds(program: Program) -> float:
    """CPU time that a process has used, in seconds."""
    fields = Path(f"/proc/{program.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


@contextmanager
def world(*, speed: float) -> Iterator[World]:
    """Start everything but the operator, with stale reads and lost answers off so that counts are exact."""
    with scratch_directory() as directory, open_cluster() as cluster:
        crd = _ROOT / "crds" / "sagemaker-ab.dev_sagemakerabendpoints.yaml"
        cluster.define(crd)
        cluster.kubectl("create", "namespace", "bench", check=True)
        calm = ("--stale", "off", "--lost-answers", "off")
        with (
            served_aws("--speed", f"{speed:g}", *calm, log=directory / "aws.log") as aws,
            config.new_client_from_config(config_file=str(cluster.kubeconfig)) as connection,
        ):
            resources = client.CustomObjectsApi(connection)
            yield World(cluster, aws.url, Control(aws.url), resources, directory)
