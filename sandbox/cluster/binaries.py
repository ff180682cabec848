"""kube-apiserver, etcd, kubectl and helm: found where tests of Kubernetes keep them, else built once.

In this order: the directory that KUBEBUILDER_ASSETS names (as Kubernetes' own envtest reads it; helm may be
missing there), the user's cache directory, a build from pinned Go modules into that cache. Nothing is taken
from PATH: an older kubectl there would speak another Kubernetes' language.
"""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.cluster.gobuild import build
from sandbox.cluster.progress import say
from sandbox.cluster.toolset import (
    ETCD_SERVER,
    HELM_CLIENT,
    KUBE_APISERVER,
    KUBECTL,
    TOOLS,
    Tool,
    cache_directory,
)

_ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"


class UnusableAssets(Exception):
    """KUBEBUILDER_ASSETS names a directory that lacks a command, or whose kubectl is of another age."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """Where the commands are; every path is absolute and executable."""

    etcd: Path
    kube_apiserver: Path
    kubectl: Path
    helm: Path

    @property
    def path(self) -> str:
        """The commands' directories as an entry for PATH."""
        return os.pathsep.join(dict.fromkeys((str(self.kubectl.parent), str(self.helm.parent))))


def ensure_binaries() -> Binaries:
    """Find the commands, building what is missing; that shows its progress on stderr and takes minutes.

    Raise UnusableAssets, or gobuild's CommandFailed.
    """
    assets = os.environ.get(_ASSETS_VARIABLE)
    found = _from_assets(Path(assets).absolute()) if assets else {}
    found |= _from_cache([tool for tool in TOOLS if tool not in found])
    return Binaries(
        etcd=found[ETCD_SERVER],
        kube_apiserver=found[KUBE_APISERVER],
        kubectl=found[KUBECTL],
        helm=found[HELM_CLIENT],
    )


def _from_assets(directory: Path) -> dict[Tool, Path]:
    found = {tool: directory / tool.name for tool in TOOLS if _executable(directory / tool.name)}
    missing = [tool.name for tool in TOOLS if tool not in found and tool is not HELM_CLIENT]
    if missing:
        raise UnusableAssets(f"{_ASSETS_VARIABLE}={directory} has no {', '.join(missing)}")
    _check_skew(server=found[KUBE_APISERVER], client=found[KUBECTL])
    return found


def _check_skew(*, server: Path, client: Path) -> None:
    """Hold Kubernetes' version skew policy: kubectl within one minor version of kube-apiserver.

    https://kubernetes.io/releases/version-skew-policy/#kubectl
    """
    serves = _output(server, "--version").removeprefix("Kubernetes ").strip()
    speaks = json.loads(_output(client, "version", "--client", "-o", "json"))["clientVersion"]["gitVersion"]
    if abs(_minor(serves) - _minor(speaks)) > 1:
        raise UnusableAssets(
            f"{client} is {speaks}, but {server} is {serves}: more than one minor version apart"
        )


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _from_cache(tools: Sequence[Tool]) -> dict[Tool, Path]:
    directory = cache_directory()
    paths = {tool: directory / tool.name for tool in tools}
    if all(map(_executable, paths.values())):
        return paths
    directory.mkdir(parents=True, exist_ok=True)
    with _sole_builder(directory):
        for abandoned in directory.glob(".building-*"):
            shutil.rmtree(abandoned)
        missing = [tool for tool in tools if not _executable(paths[tool])]
        if missing:
            build(missing, into=directory)
    return paths


@contextmanager
def _sole_builder(directory: Path) -> Iterator[None]:
    """Hold the cache's lock; the kernel lets it go when its holder dies, however it dies."""
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another process is building the control plane's commands: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
