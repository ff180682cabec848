"""What the sandbox runs, in which versions, and where a built copy of it is kept."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

BUILD_DIRECTORY = Path(__file__).parent / "build"

KUBERNETES = "1.36.3"
ETCD = "3.6.8"
HELM = "4.2.4"


@dataclass(frozen=True, slots=True)
class Tool:
    """One command: the Go package that it is, the module that pins it, and the version stamped into it.

    Unstamped, Kubernetes' commands call themselves v0.0.0-master; charts with a `kubeVersion` refuse that.
    """

    name: str
    package: str
    module: str
    stamps: tuple[str, ...] = ()

    @property
    def module_directory(self) -> Path:
        return BUILD_DIRECTORY / self.module


def _kubernetes_stamps() -> tuple[str, ...]:
    major, minor, _ = KUBERNETES.split(".")
    return tuple(
        f"{package}.{variable}={value}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for variable, value in (("gitVersion", f"v{KUBERNETES}"), ("gitMajor", major), ("gitMinor", minor))
    )


KUBE_APISERVER = Tool(
    "kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", "controlplane", _kubernetes_stamps()
)
KUBECTL = Tool("kubectl", "k8s.io/kubernetes/cmd/kubectl", "controlplane", _kubernetes_stamps())
ETCD_SERVER = Tool("etcd", "go.etcd.io/etcd/server/v3", "controlplane")
HELM_CLIENT = Tool(
    "helm", "helm.sh/helm/v4/cmd/helm", "helm", (f"helm.sh/helm/v4/internal/version.version=v{HELM}",)
)

TOOLS = (ETCD_SERVER, KUBE_APISERVER, KUBECTL, HELM_CLIENT)


def cache_directory() -> Path:
    """Return the directory of built commands: one per set of versions and of the modules behind them."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    modules = sorted(BUILD_DIRECTORY.glob("*/go.sum"))
    digest = hashlib.sha256(b"".join(module.read_bytes() for module in modules)).hexdigest()[:8]
    return base / "sagemaker-ab-operator" / f"kubernetes-{KUBERNETES}_etcd-{ETCD}_helm-{HELM}_{digest}"
