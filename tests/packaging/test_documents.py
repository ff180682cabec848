"""What the documents name is there."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from sagemaker_ab import __version__

ROOT = Path(__file__).parents[2]
PLACES = ("*.md", "docs/**/*.md", "helm/*.md")
DOCUMENTS = sorted(str(path.relative_to(ROOT)) for place in PLACES for path in ROOT.glob(place))
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
VALUES = yaml.safe_load((ROOT / "helm" / "values.yaml").read_text())
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"].keys()
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture(params=DOCUMENTS)
def page(request):
    return ROOT / request.param


@pytest.fixture
def document(page):
    return page.read_text()


def anchors(page):
    """The anchors of a page's headings, as GitHub and its like make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_within_the_repository_leads_somewhere(page, document):
    prose = re.sub(r"`[^`\n]+`", "", document)
    for target in set(re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose)):
        path, _, anchor = target.partition("#")
        led = page.parent / path if path else page
        assert led.exists(), target
        assert not anchor or anchor in anchors(led), target


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


def test_every_extra_that_is_installed_exists(document):
    assert set(re.findall(r"pip install '\.\[(\w+)\]'", document)) <= EXTRAS


def test_every_image_that_is_built_has_the_packages_version(document):
    assert set(re.findall(r"<registry>/sagemaker-ab-operator:([\w.]+)", document)) <= {__version__}


def test_the_licence_is_apaches_whole():
    lines = [line.strip() for line in (ROOT / "LICENSE").read_text().splitlines() if line.strip()]
    assert lines[:2] == ["Apache License", "Version 2.0, January 2004"]
    assert "END OF TERMS AND CONDITIONS" in lines
    assert "APPENDIX: How to apply the Apache License to your work." in lines
