"""The commands of docs/autoscaling.md, run in their order as they are on the page."""

import re
import subprocess
from pathlib import Path

from tests.e2e.operator_process import Operator

PAGE = (Path(__file__).parents[2] / "docs" / "autoscaling.md").read_text()


def commands() -> list[str]:
    """Return the commands, each with its continuation lines; the page shows no output."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    return [
        command for block in blocks for command in re.split(r"^\$ ", block, flags=re.MULTILINE) if command
    ]


def test_every_command_of_the_page_succeeds(
    users_directory: Path, users_environment: dict[str, str], operator: Operator
) -> None:
    def run(command: str) -> str:
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
        return ran.stdout

    suspended = []
    with operator.running():
        for command in commands():
            run(command)
            if "kubectl patch" in command:
                scaling = "{.spec.variants[1].autoscaling.suspended}"
                suspended.append(run(f"kubectl get smab reviews -o jsonpath='{scaling}'"))
        run("kubectl delete smab reviews")

    assert suspended == ['{"scaleIn":true,"scaleOut":true,"scheduled":true}', ""]
    assert (users_directory / "scaling.png").read_bytes().startswith(b"\x89PNG")
