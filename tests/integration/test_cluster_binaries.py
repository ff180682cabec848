"""Where the control plane's commands come from, and what is refused."""

import subprocess
from pathlib import Path

import pytest

from sandbox.cluster.binaries import Binaries, UnusableAssets, ensure_binaries
from sandbox.cluster.toolset import ETCD, HELM, KUBERNETES, cache_directory


@pytest.fixture(scope="module")
def built() -> Binaries:
    return ensure_binaries()


@pytest.fixture
def assets(tmp_path: Path, built: Binaries, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory such as envtest's, without helm."""
    for command in (built.etcd, built.kube_apiserver, built.kubectl):
        (tmp_path / command.name).symlink_to(command)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    return tmp_path


def test_every_command_is_of_the_pinned_version(built: Binaries) -> None:
    assert f"Kubernetes v{KUBERNETES}" in _output(built.kube_apiserver, "--version")
    assert f"Client Version: v{KUBERNETES}" in _output(built.kubectl, "version", "--client")
    assert f"etcd Version: {ETCD}" in _output(built.etcd, "--version")
    assert f"v{HELM}" in _output(built.helm, "version", "--short")


def test_assets_of_envtest_are_used_and_helm_comes_from_the_cache(assets: Path) -> None:
    found = ensure_binaries()

    assert found.kube_apiserver == assets / "kube-apiserver"
    assert found.kubectl == assets / "kubectl"
    assert found.helm == cache_directory() / "helm"
    assert found.path.split(":")[0] == str(assets)


def test_assets_that_lack_a_command_are_refused_by_its_name(assets: Path) -> None:
    (assets / "etcd").unlink()

    with pytest.raises(UnusableAssets, match="has no etcd"):
        ensure_binaries()


def test_an_older_kubectl_among_the_assets_is_refused(assets: Path) -> None:
    (assets / "kubectl").unlink()
    older = '#!/bin/sh\necho \'{"clientVersion": {"gitVersion": "v1.32.4"}}\'\n'
    (assets / "kubectl").write_text(older)
    (assets / "kubectl").chmod(0o755)

    with pytest.raises(UnusableAssets, match=r"v1\.32\.4.*more than one minor version apart"):
        ensure_binaries()


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
