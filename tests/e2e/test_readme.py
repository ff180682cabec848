"""The README's words, run as they stand. `make demo` is run by the test of the demo, `make test` by CI."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.cluster import Cluster
from tests.e2e.operator_process import Operator
from tests.e2e.simulated_aws import SimulatedAws

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RUN_ELSEWHERE = ["make demo", "make test"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """What a command may see of the project; what it writes goes with the test."""
    (tmp_path / "manifests").symlink_to(ROOT / "manifests")
    return tmp_path


@pytest.fixture
def environment(control_plane: Cluster, namespace: str, aws: SimulatedAws, tmp_path: Path) -> dict[str, str]:
    """A user's: a context of the cluster with its namespace, the plugin on PATH, an AWS identity."""
    kubeconfig = tmp_path / "kubeconfig"
    shutil.copy(control_plane.kubeconfig, kubeconfig)
    context = ("config", f"--kubeconfig={kubeconfig}", "set-context", "--current", f"--namespace={namespace}")
    control_plane.kubectl(*context, check=True)
    path = [sysconfig.get_path("scripts"), str(control_plane.binaries.kubectl.parent), os.environ["PATH"]]
    return os.environ | {
        "PATH": ":".join(path),
        "KUBECONFIG": str(kubeconfig),
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "AKIASANDBOX",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "NO_PROXY": "127.0.0.1",
    }


def test_every_command_does_what_the_readme_says(
    directory: Path, environment: dict[str, str], operator: Operator
) -> None:
    with operator.running():
        for command in commands():
            if command in RUN_ELSEWHERE:
                continue
            ran = subprocess.run(
                ["bash", "-c", command],
                cwd=directory,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"

    assert (directory / "reviews.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_is_left_out_of_the_run_but_what_runs_elsewhere() -> None:
    assert [command for command in commands() if command.startswith("make")] == RUN_ELSEWHERE


def shown_resource() -> str:
    (resource,) = [block for block in blocks("yaml") if block.startswith("apiVersion")]
    return resource


def test_the_resource_of_the_readme_is_the_one_that_its_first_command_applies() -> None:
    applied = next(command for command in commands() if command.startswith("kubectl "))
    assert applied.startswith("kubectl apply -f ")
    lines = (ROOT / applied.split()[-1]).read_text().splitlines(keepends=True)
    assert shown_resource() == "".join(line for line in lines if not line.startswith("#"))


@pytest.mark.usefixtures("operator_kubeconfig")
def test_the_resource_of_the_readme_is_a_valid_one(control_plane: Cluster) -> None:
    applied: Any = control_plane.kubectl("apply", "--dry-run=server", "-f", "-", input=shown_resource())

    assert applied.returncode == 0, applied.stderr
