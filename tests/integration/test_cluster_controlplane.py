"""The sandbox's control plane is a real API server: its own, side by side, and gone with its process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.cluster.components import StartFailed
from sandbox.cluster.controlplane import ControlPlane

ROOT = Path(__file__).parents[2]

WIDGETS = yaml.safe_dump(
    {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.test"},
        "spec": {
            "group": "example.test",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "properties": {
                                        "size": {"type": "integer"},
                                        "parts": {
                                            "type": "array",
                                            "maxItems": 5,
                                            "items": {"type": "integer"},
                                        },
                                    },
                                    "x-kubernetes-validations": [
                                        {
                                            "rule": "self.size == self.parts.sum()",
                                            "message": "size is the sum",
                                        },
                                        {
                                            "rule": "self.parts.size() >= oldSelf.parts.size()",
                                            "message": "parts are never lost",
                                        },
                                    ],
                                }
                            },
                        }
                    },
                }
            ],
        },
    }
)


def widget(*parts: int, size: int) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "example.test/v1",
            "kind": "Widget",
            "metadata": {"name": "one", "namespace": "default"},
            "spec": {"size": size, "parts": list(parts)},
        }
    )


@pytest.fixture(scope="module")
def own() -> Iterator[ControlPlane]:
    """A control plane of this file's own, whatever cluster the other tests use."""
    with ControlPlane.start() as started:
        yield started


def test_control_planes_run_side_by_side_and_know_nothing_of_each_other(own: ControlPlane) -> None:
    with ControlPlane.start() as other:
        other.kubectl("create", "namespace", "only-here", check=True)

        assert own.url != other.url
        assert other.kubectl("get", "namespace", "only-here").returncode == 0
        assert "NotFound" in own.kubectl("get", "namespace", "only-here").stderr


def test_a_control_plane_that_is_stopped_leaves_neither_processes_nor_files() -> None:
    with ControlPlane.start() as stopped:
        directory = stopped.kubeconfig.parent
        pids = [pid for pid in _children(os.getpid()) if str(directory) in _command_line(pid)]
        assert len(pids) == 2, "etcd and kube-apiserver"

    assert not [pid for pid in pids if _alive(pid)]
    assert not directory.exists()


def test_a_control_plane_dies_with_a_parent_that_is_killed_and_the_next_start_removes_its_files(
    own: ControlPlane, eventually
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "sandbox.cluster"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with parent:
        printed = [parent.stdout.readline() for _ in range(2)]
        directory = Path(printed[1].removeprefix("  export KUBECONFIG=").strip()).parent
        pids = _children(parent.pid)
        assert len(pids) == 2, "etcd and kube-apiserver"
        parent.kill()

    eventually(lambda: [pid for pid in pids if _alive(pid)], lambda alive: not alive, within=10)
    assert directory.exists()
    with ControlPlane.start():
        assert not directory.exists()
        assert own.kubeconfig.exists()


def test_the_command_serves_until_it_is_told_to_end() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox.cluster"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout.readline().startswith("Kubernetes API server at https://127.0.0.1:")
        kubeconfig = Path(command.stdout.readline().removeprefix("  export KUBECONFIG=").strip())
        assert kubeconfig.exists()
        command.send_signal(signal.SIGTERM)
        assert command.wait(timeout=30) == 0
    assert not kubeconfig.parent.exists()


def test_a_start_that_fails_shows_the_end_of_the_log(
    own: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (own.binaries.kube_apiserver, own.binaries.kubectl):
        (tmp_path / command.name).symlink_to(command)
    (tmp_path / "etcd").write_text("#!/bin/sh\necho no space left >&2\nexit 1\n")
    (tmp_path / "etcd").chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))

    with pytest.raises(StartFailed, match=r"etcd ended before it was ready:\nno space left"):
        ControlPlane.start()


def test_cel_rules_of_a_resource_refuse_what_breaks_them(own: ControlPlane) -> None:
    own.kubectl("apply", "-f", "-", input=WIDGETS, check=True)
    own.wait_until_established("crd/widgets.example.test")
    own.kubectl("apply", "-f", "-", input=widget(1, 2, size=3), check=True)

    wrong_sum = own.kubectl("apply", "-f", "-", input=widget(1, 2, size=4))
    fewer_parts = own.kubectl("apply", "-f", "-", input=widget(3, size=3))

    assert "size is the sum" in wrong_sum.stderr
    assert "parts are never lost" in fewer_parts.stderr


def test_a_certificate_is_the_user_and_the_groups_it_names(own: ControlPlane) -> None:
    kubeconfig = own.kubeconfig_for(user="ada", groups=["analysts", "readers"])

    assert _whoami(own, kubeconfig) == ("ada", {"analysts", "readers", "system:authenticated"})
    assert kubeconfig.stat().st_mode & 0o077 == 0, "nobody else may read a private key"


def test_a_certificate_can_be_a_service_account(own: ControlPlane) -> None:
    kubeconfig = own.service_account_certificate_kubeconfig("ml", "operator")

    assert _whoami(own, kubeconfig) == (
        "system:serviceaccount:ml:operator",
        {"system:serviceaccounts", "system:serviceaccounts:ml", "system:authenticated"},
    )


def _whoami(cluster: ControlPlane, kubeconfig: Path) -> tuple[str, set[str]]:
    answer = cluster.kubectl("auth", "whoami", "--output=json", f"--kubeconfig={kubeconfig}", check=True)
    user = json.loads(answer.stdout)["status"]["userInfo"]
    return user["username"], set(user["groups"])


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be reaped does not."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()
