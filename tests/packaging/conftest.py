"""Real helm and kubectl on the chart and the kustomize base, as data."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import distribution
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

import pytest
import yaml
from packaging.requirements import Requirement

from sandbox.cluster.binaries import Binaries, ensure_binaries

ROOT = Path(__file__).parents[2]
RELEASE = "sagemaker-ab-operator"
NAMESPACE = "sagemaker-ab-system"

Manifest = dict[str, Any]


class Helm(Protocol):
    def __call__(
        self, *arguments: str | Path, values: Mapping[str, Any] | None = None
    ) -> CompletedProcess[str]: ...


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def chart() -> Path:
    return ROOT / "helm"


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    return ensure_binaries()


@pytest.fixture(scope="session")
def offline_environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment for helm and kubectl where they need no cluster, and get none."""
    directory = tmp_path_factory.mktemp("offline")
    return os.environ | {
        "KUBECONFIG": str(directory / "none"),
        "HELM_CACHE_HOME": str(directory / "cache"),
        "HELM_CONFIG_HOME": str(directory / "config"),
        "HELM_DATA_HOME": str(directory / "data"),
    }


@pytest.fixture(scope="session")
def helm(
    binaries: Binaries, offline_environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Helm:
    """Run helm without a cluster, with `values`, if any, as a file of values."""
    file = tmp_path_factory.mktemp("helm") / "values.yaml"

    def run(*arguments: str | Path, values: Mapping[str, Any] | None = None) -> CompletedProcess[str]:
        file.write_text(yaml.safe_dump(dict(values or {})))
        return subprocess.run(
            [binaries.helm, *arguments, *([] if values is None else ["--values", file])],
            env=offline_environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture(scope="session")
def render(helm: Helm, chart: Path) -> Callable[..., list[Manifest]]:
    """`render(image={"tag": "x"})`: the objects that the chart makes of these values."""

    def run(**values: Any) -> list[Manifest]:
        done = helm("template", RELEASE, chart, "--namespace", NAMESPACE, values=values)
        assert done.returncode == 0, done.stderr
        return documents(done.stdout)

    return run


@pytest.fixture(scope="session")
def default_objects(render: Callable[..., list[Manifest]]) -> list[Manifest]:
    return render()


@pytest.fixture(scope="session")
def notes(helm: Helm, chart: Path) -> Callable[..., str]:
    """`notes(aws={"region": "us-east-1"})`: what helm says after an installation with these values."""

    def run(**values: Any) -> str:
        done = helm(
            "install", RELEASE, chart, "-n", NAMESPACE, "--dry-run=client", "-o", "yaml", values=values
        )
        assert done.returncode == 0, done.stderr
        return yaml.safe_load(done.stdout)["info"]["notes"]

    return run


@pytest.fixture(scope="session")
def kustomize(binaries: Binaries, offline_environment: Mapping[str, str]) -> Callable[[str], list[Manifest]]:
    """`kustomize("manifests/base")`: the objects of a kustomization."""

    def run(directory: str) -> list[Manifest]:
        done = subprocess.run(
            [binaries.kubectl, "kustomize", ROOT / directory],
            env=offline_environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return documents(done.stdout)

    return run


@pytest.fixture(scope="session")
def kustomized(kustomize: Callable[[str], list[Manifest]]) -> list[Manifest]:
    """The objects of the kustomize base."""
    return kustomize("manifests/base")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as the Dockerfile builds it: by the locked hatchling, without isolation."""
    directory = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-Im", "hatchling", "build", "--target", "wheel", "--directory", directory)
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment that holds the locked requirements and the wheel, nothing else.

    The requirements are those of this environment, linked one by one: no registry is needed. Paths that lead
    to the checkout, such as the editable install's, stay behind.
    """
    environment = tmp_path_factory.mktemp("image") / "operator"
    subprocess.run([sys.executable, "-Im", "venv", "--without-pip", environment], check=True, timeout=120)
    python = environment / "bin" / "python"
    for requirement in locked("runtime"):
        link_distribution(requirement, environment=environment)
    pip = (sys.executable, "-Im", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps")
    subprocess.run([*pip, wheel], check=True, timeout=120)
    return python


@pytest.fixture(scope="session")
def crd_file() -> Path:
    """The generated CRD, which chart and kustomize base take from one place."""
    (file,) = (ROOT / "crds").glob("sagemaker-ab.dev_*.yaml")
    return file


def documents(stream: str) -> list[Manifest]:
    return [document for document in yaml.safe_load_all(stream) if document]


def locked(name: str) -> list[Requirement]:
    """The pinned requirements of a lock that are for this platform and Python."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    pins = [Requirement(line.removesuffix("\\")) for line in lines if "==" in line]
    return [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]


def link_distribution(requirement: Requirement, *, environment: Path) -> None:
    """Lead to an installed distribution's modules, and write its commands, as an installation would."""
    installed = distribution(requirement.name)
    assert requirement.specifier.contains(installed.version), f"{requirement} is not what is installed"
    (packages,) = environment.glob("lib/python*/site-packages")
    for top in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
        (packages / top).symlink_to(Path(str(installed.locate_file(top))))
    for command in installed.entry_points.select(group="console_scripts"):
        script = environment / "bin" / command.name
        script.write_text(
            f"#!{environment}/bin/python\nfrom {command.module} import {command.attr}\n{command.attr}()\n"
        )
        script.chmod(0o755)
