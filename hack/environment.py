"""Make or refresh a virtual environment from locked requirements, with the project itself in it, editable.

Run with the standard library alone, from the repository's root:

    python3 -m hack.environment .venv requirements/dev.txt
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from sandbox.cluster.progress import CommandFailed, minutes, run_visibly, say

READY = ".ready"
ROOT = Path(__file__).parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m hack.environment", description=__doc__)
    parser.add_argument("environment", type=Path)
    parser.add_argument("requirements", type=Path)
    arguments = parser.parse_args()
    try:
        make(arguments.environment, arguments.requirements)
    except CommandFailed as error:
        sys.exit(f"{error}\nWhat is missing is fetched from a Python package registry: is one reachable?")


def make(environment: Path, requirements: Path) -> None:
    say(f"Installing {requirements} into {environment}, about a minute the first time")
    started = time.monotonic()
    (environment / READY).unlink(missing_ok=True)
    if not _runs(environment / "bin" / "python"):
        shutil.rmtree(environment, ignore_errors=True)
        _run("making the environment", sys.executable, "-m", "venv", environment)
    pip = (environment / "bin" / "python", "-Im", "pip", "install", "--progress-bar=off")
    _run("installing what is pinned", *pip, "--require-hashes", "-r", requirements)
    _run("installing the project", *pip, "--no-deps", "--no-build-isolation", "-e", ROOT)
    (environment / READY).touch()
    say(f"{environment} is ready after {minutes(time.monotonic() - started)}")


def _runs(python: Path) -> bool:
    """Say whether an environment's Python still works: the one it was made from may be gone."""
    if not python.exists():
        return False
    answer = subprocess.run([python, "-Im", "pip", "--version"], capture_output=True, check=False)
    return answer.returncode == 0


def _run(title: str, *command: str | Path) -> None:
    run_visibly(
        command,
        title=title,
        detail=lambda lines: " ".join(lines[-1].split()[:2]) if lines else "",
        env=dict(os.environ),
        cwd=ROOT,
    )


if __name__ == "__main__":
    main()
