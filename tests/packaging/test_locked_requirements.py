"""What is installed is pinned and hashed, and the image gets what was tested."""

import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.txt"))


def text(lock):
    return (ROOT / "requirements" / f"{lock}.txt").read_text()


def entries(lock):
    """The requirements of a lock, each with its lines of hashes."""
    joined = text(lock).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


def pins(lock):
    found = [Requirement(entry.partition(" --hash")[0]) for entry in entries(lock)]
    return {(canonicalize_name(pin.name), str(pin.marker)): str(pin.specifier) for pin in found}


def names(requirements):
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_by_version_and_hash(lock):
    assert entries(lock)
    for entry in entries(lock):
        assert "==" in entry, entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_says_where_from(lock):
    """Whoever installs chooses the index."""
    assert "://" not in text(lock)
    options = [line for line in text(lock).splitlines() if line.startswith("-")]
    assert options == []


def test_the_lock_holds_the_extras_that_locked_packages_ask_for():
    """Else pip before 23.3 takes their newest version, which the lock does not hold (pypa/pip#12345)."""
    asked = [Requirement(text) for each in distributions() for text in each.requires or ()]
    unmarked = {
        (canonicalize_name(each.name), extra)
        for each in asked
        if each.marker is None or each.marker.evaluate({"extra": ""})
        for extra in each.extras
    }
    locked = [Requirement(entry.partition(" --hash")[0]) for entry in entries("dev")]
    held = {(canonicalize_name(each.name), extra) for each in locked for extra in each.extras}
    assert unmarked
    assert unmarked <= held


@pytest.mark.parametrize("lock", ["runtime", "build"])
def test_the_image_is_made_of_the_versions_that_tests_run_with(lock):
    tested = pins("dev")
    assert {key: tested.get(key) for key in pins(lock)} == pins(lock)


def test_the_image_has_what_the_project_asks_for():
    assert names(PYPROJECT["project"]["dependencies"]) <= {name for name, _ in pins("runtime")}


def test_the_wheel_is_built_by_what_the_project_names():
    assert names(PYPROJECT["build-system"]["requires"]) <= {name for name, _ in pins("build")}
