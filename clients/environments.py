"""Environments of clients: made once from their locks and kept in the user's cache, one per lock."""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.cluster.progress import CommandFailed, run_visibly, say

ROOT = Path(__file__).parent
_READY = ".ready"

Command = list[str | Path]


def go() -> Command:
    """Build the Go program from its modules, and return what runs it."""
    source = ROOT / "go"
    kept = _Environment("go", [source / name for name in ("go.mod", "go.sum", "main.go")])
    kept.make(lambda: _build(source, kept.path / "journey"))
    return [kept.path / "journey"]


def javascript() -> Command:
    """Install the packages of the JavaScript program, and return what runs it."""
    source = ROOT / "javascript"
    locks = [source / name for name in ("package.json", "package-lock.json")]
    kept = _Environment("javascript", locks)
    kept.make(lambda: _install_packages(locks, kept.path))
    # Node looks for packages from where a module lies.
    journey = shutil.copy(source / "journey.mjs", kept.path)
    return [_tool("node"), journey]


def python(folder: str, lock: str) -> Command:
    """Install the Python packages of a lock, and return what runs the journey beside it."""
    requirements = ROOT / folder / lock
    kept = _Environment(f"{folder}-{requirements.stem}", [requirements])
    kept.make(lambda: _install_python(requirements, kept.path))
    return [kept.path / "bin" / "python", "-I", ROOT / folder / "journey.py"]


@dataclass(frozen=True, slots=True)
class _Environment:
    """A folder in the cache that is made from some files, and named by what they hold."""

    name: str
    files: Sequence[Path]

    @property
    def path(self) -> Path:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in self.files)).hexdigest()[:12]
        return base / "sagemaker-ab-operator" / "clients" / f"{self.name}-{digest}"

    def make(self, fill: Callable[[], None]) -> None:
        """Fill the folder unless that was done before. Raise CommandFailed."""
        if (self.path / _READY).exists():
            return
        say(f"Making the environment of {self.name}, once; kept in {self.path}")
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        fill()
        (self.path / _READY).touch()


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CommandFailed(f"{name} is not on PATH, and a client needs it: install {name} and try again")
    return found


def _run(title: str, *command: str | Path, cwd: Path, **env: str) -> None:
    run_visibly(
        command,
        title=title,
        detail=lambda lines: lines[-1][:60] if lines else "",
        env=os.environ | env,
        cwd=cwd,
    )


def _build(source: Path, program: Path) -> None:
    flags = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local"}
    _run("compiling the Go program", _tool("go"), "build", "-o", program, ".", cwd=source, **flags)


def _install_packages(locks: Sequence[Path], into: Path) -> None:
    for file in locks:
        shutil.copy(file, into)
    options = ("--ignore-scripts", "--no-audit", "--no-fund")
    _run("installing JavaScript packages", _tool("npm"), "ci", *options, cwd=into)


def _install_python(requirements: Path, into: Path) -> None:
    _run("making an environment", sys.executable, "-m", "venv", into, cwd=ROOT)
    pip = (into / "bin" / "python", "-Im", "pip", "install", "--progress-bar=off", "--require-hashes")
    _run("installing Python packages", *pip, "-r", requirements, cwd=ROOT)
