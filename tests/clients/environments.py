"""Environments of clients: made once from their locks and kept in the user's cache, one per lock."""

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.cluster import toolchains
from sandbox.cluster.progress import run_visibly, say
from tests.clients import nodejs

ROOT = Path(__file__).parent
GO_MODULE = ROOT / "go"
JAVASCRIPT_LOCKS = tuple(ROOT / "javascript" / name for name in ("package.json", "package-lock.json"))
_NODE_REQUIREMENTS = ROOT / "javascript" / "node.txt"
_READY = ".ready"

Command = list[str | Path]


def go() -> Command:
    """Build the Go program from its modules, and return what runs it. Raise CommandFailed."""
    kept = _Environment("go", [GO_MODULE / name for name in ("go.mod", "go.sum", "main.go")])
    kept.make(lambda: _build(kept.path / "journey"))
    return [kept.path / "journey"]


def javascript() -> Command:
    """Install the packages of the JavaScript program, and return what runs it. Raise CommandFailed."""
    node = node_js()
    kept = _Environment("javascript", JAVASCRIPT_LOCKS)
    kept.make(lambda: _install_packages(node, kept.path))
    # Node looks for packages from where a module lies.
    journey = shutil.copy(ROOT / "javascript" / "journey.mjs", kept.path)
    return [*node.node, journey]


def python(folder: str, lock: str) -> Command:
    """Install the Python packages of a lock, and return what runs the journey beside it.

    Raise CommandFailed.
    """
    requirements = ROOT / folder / lock
    kept = _Environment(f"{folder}-{requirements.stem}", [requirements])
    kept.make(lambda: toolchains.install(requirements, title="installing Python packages", into=kept.path))
    return [kept.path / "bin" / "python", "-I", ROOT / folder / "journey.py"]


def node_js() -> nodejs.NodeJs:
    """Return the machine's Node.js, or the pinned one where it has none or an older. Raise CommandFailed."""
    found = nodejs.on_path()
    if found:
        return found
    kept = _Environment("node", [_NODE_REQUIREMENTS])
    kept.make(
        lambda: toolchains.install(_NODE_REQUIREMENTS, title="fetching Node.js (61 MB)", into=kept.path)
    )
    return nodejs.in_environment(kept.path)


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


def _build(program: Path) -> None:
    with TemporaryDirectory(dir=program.parent) as scratch:
        compiler = toolchains.go(into=Path(scratch) / "go")
        command: Command = [compiler, "build", "-o", program, "."]
        run_visibly(command, title="compiling the Go program", env=toolchains.go_environment(), cwd=GO_MODULE)


def _install_packages(node: nodejs.NodeJs, into: Path) -> None:
    for file in JAVASCRIPT_LOCKS:
        shutil.copy(file, into)
    command: Command = [*node.npm]
    command += ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run_visibly(command, title="installing JavaScript packages", env=dict(os.environ), cwd=into)
