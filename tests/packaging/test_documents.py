"""What the documents name is there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PLACES = ("*.md", "docs/**/*.md", "helm/*.md")
DOCUMENTS = sorted(str(path.relative_to(ROOT)) for place in PLACES for path in ROOT.glob(place))
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
VALUES = yaml.safe_load((ROOT / "helm" / "values.yaml").read_text())
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


def test_the_licence_is_apaches_whole():
    lines = [line.strip() for line in (ROOT / "LICENSE").read_text().splitlines() if line.strip()]
    assert lines[:2] == ["Apache License", "Version 2.0, January 2004"]
    assert "END OF TERMS AND CONDITIONS" in lines
    assert "APPENDIX: How to apply the Apache License to your work." in lines
