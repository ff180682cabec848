"""What the documents name is there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/installation.md",
    "helm/README.md",
]
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
VALUES = yaml.safe_load((ROOT / "helm" / "values.yaml").read_text())
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture(params=DOCUMENTS)
def document(request):
    return (ROOT / request.param).read_text()


def test_every_path_exists(document):
    quoted = re.findall(r"`([\w.-]+/[\w./-]*)`", document)
    paths = [path for path in quoted if path.split("/")[0] in TOP]
    # Named because it must not be.
    missing = {path for path in paths if not (ROOT / path).exists()} - {"operator/__init__.py"}
    assert missing == set()


def test_every_value_that_is_set_exists(document):
    for path in re.findall(r"--set ([\w.]+)=", document):
        found = VALUES
        for key in path.split("."):
            assert key in found, path
            found = found[key]


def test_every_make_target_exists(document):
    assert set(re.findall(r"`make ([a-z-]+)", document)) <= TARGETS


def test_the_licence_is_apaches_whole():
    lines = [line.strip() for line in (ROOT / "LICENSE").read_text().splitlines() if line.strip()]
    assert lines[:2] == ["Apache License", "Version 2.0, January 2004"]
    assert "END OF TERMS AND CONDITIONS" in lines
    assert "APPENDIX: How to apply the Apache License to your work." in lines
