"""The README's words, run as they stand. `make demo` is run by the test of the demo, `make test` by CI."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sandbox.cluster.cluster import Cluster
from tests.e2e.operator_process import Operator

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
RUN_ELSEWHERE = ["make demo", "make test"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines()]


def test_every_command_does_what_the_readme_says(
    users_directory: Path, users_environment: dict[str, str], operator: Operator
) -> None:
    with operator.running():
        for command in commands():
            if command in RUN_ELSEWHERE:
                continue
            ran = subprocess.run(
                ["bash", "-c", command],
                cwd=users_directory,
                env=users_environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"

    assert (users_directory / "reviews.png").read_bytes().startswith(b"\x89PNG")


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


def test_the_rollout_of_the_readme_is_an_excerpt_of_the_sample_that_it_applies() -> None:
    (shown,) = [block for block in blocks("yaml") if "strategy: Stepped" in block]
    applied = [command.split()[-1] for command in commands() if command.startswith("kubectl apply")]
    assert shown in (ROOT / applied[-1]).read_text()


@pytest.mark.usefixtures("operator_kubeconfig")
def test_the_resource_of_the_readme_is_a_valid_one(control_plane: Cluster) -> None:
    applied: Any = control_plane.kubectl("apply", "--dry-run=server", "-f", "-", input=shown_resource())

    assert applied.returncode == 0, applied.stderr
