"""Commands that are nowhere are built once, whole or not at all; a stand-in for Go makes that quick."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Answers as Go does for what the build asks of it; each build waits until the test lets it go on.
GO = """#!/bin/sh
case "$1" in
env) echo go1.26.8 ;;
list) echo fmt; echo os ;;
build)
    echo "CGO_ENABLED=$CGO_ENABLED GOFLAGS=$GOFLAGS GOTOOLCHAIN=$GOTOOLCHAIN $*" >>"$DIRECTORY/builds"
    until [ -e "$DIRECTORY/proceed" ]; do sleep 0.05; done
    [ -e "$DIRECTORY/broken" ] && { echo 'undefined: frobnicate' >&2; exit 1; }
    while [ "$1" != -o ]; do shift; done
    echo '#!/bin/sh' >"$2" && chmod +x "$2"
    ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with Go, an empty cache, and nothing of the control plane."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "go").write_text(GO)
    (tmp_path / "bin" / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("DIRECTORY", str(tmp_path))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return tmp_path


def fetch() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox.cluster", "--fetch"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def cached(machine: Path) -> set[str]:
    return {path.name for path in (machine / "cache").glob("sagemaker-ab-operator/*/*")} - {".lock"}


def test_what_is_missing_is_built_once_although_two_processes_ask(machine: Path, eventually) -> None:
    with fetch() as first:
        eventually((machine / "builds").exists)
        with fetch() as second:
            assert "waiting for it" in second.stderr.readline()
            (machine / "proceed").touch()
            told = first.communicate(timeout=30)[1]
            second.communicate(timeout=30)

    assert (first.returncode, second.returncode) == (0, 0)
    assert cached(machine) == {"etcd", "kube-apiserver", "kubectl", "helm"}
    assert len((machine / "builds").read_text().splitlines()) == 4
    for command in cached(machine):
        assert f"{command}: built in" in told, "progress is visible"


def test_a_build_is_pinned_static_and_stamped_with_its_version(machine: Path) -> None:
    (machine / "proceed").touch()
    with fetch() as fetching:
        fetching.communicate(timeout=30)

    for build in (machine / "builds").read_text().splitlines():
        assert build.startswith("CGO_ENABLED=0 GOFLAGS=-mod=readonly -buildvcs=false GOTOOLCHAIN=local build")
        assert "-trimpath" in build
        if "k8s.io" in build.split()[-1]:
            assert "-X k8s.io/component-base/version.gitVersion=v1.36.3" in build


def test_a_build_that_fails_says_why_and_leaves_nothing_behind(machine: Path) -> None:
    (machine / "proceed").touch()
    (machine / "broken").touch()

    with fetch() as fetching:
        _, told = fetching.communicate(timeout=30)

    assert fetching.returncode == 1
    assert "undefined: frobnicate" in told
    assert not cached(machine)


def test_what_an_interrupted_build_left_is_removed_by_the_next(machine: Path, eventually) -> None:
    with fetch() as interrupted:
        eventually((machine / "builds").exists)
        interrupted.kill()
    assert any(name.startswith(".building-") for name in cached(machine))

    (machine / "proceed").touch()
    with fetch() as fetching:
        fetching.communicate(timeout=30)
    assert cached(machine) == {"etcd", "kube-apiserver", "kubectl", "helm"}
