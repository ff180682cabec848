"""The wheel carries the operator's package, whole and alone, and runs without the checkout."""

import re
import subprocess
import tomllib
from email import message_from_bytes
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import click
import grimp
import pytest
from packaging.requirements import Requirement

from sagemaker_ab import __version__
from sagemaker_ab.cli import main

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

CONTEXT = click.Context(main.commands)
# What is started by its name: the container's module, the scripts, and what the command line loads on demand.
STARTS = {
    "sagemaker_ab.controller.handlers",
    *(script.partition(":")[0] for script in PROJECT["scripts"].values()),
    *re.findall(r'import_module\("([\w.]+)"\)', Path(main.__file__).read_text()),
    *(
        main.commands.get_command(CONTEXT, name).callback.__module__
        for name in main.commands.list_commands(CONTEXT)
    ),
}

# Run in the clean environment; says where each module was found, or what it lacks.
IMPORT_EVERYTHING = """
import importlib, pkgutil, sagemaker_ab

for found in pkgutil.walk_packages(sagemaker_ab.__path__, "sagemaker_ab."):
    try:
        print(found.name, importlib.import_module(found.name).__file__)
    except ModuleNotFoundError as error:
        print(found.name, "lacks", error.name)
"""


def members(wheel):
    with ZipFile(wheel) as archive:
        return {PurePosixPath(name) for name in archive.namelist()}


def module_of(member):
    """The dotted name of a Python file."""
    return ".".join(member.with_suffix("").parts).removesuffix(".__init__")


def metadata(wheel):
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def source_files():
    package = ROOT / "operator" / "sagemaker_ab"
    files = (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {PurePosixPath(path.relative_to(ROOT / "operator").as_posix()) for path in files}


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, env={}, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def imported(clean_python, tmp_path_factory):
    """What became of the import of each module, in the clean environment and away from the checkout."""
    done = run(clean_python, "-I", "-c", IMPORT_EVERYTHING, cwd=tmp_path_factory.mktemp("elsewhere"))
    assert done.returncode == 0, done.stderr
    return {module: where for module, *where in map(str.split, done.stdout.splitlines())}


def test_it_holds_the_package_and_its_metadata_only(wheel):
    assert {member.parts[0] for member in members(wheel)} == {
        "sagemaker_ab",
        f"sagemaker_ab_operator-{__version__}.dist-info",
    }


def test_it_holds_every_file_of_the_package_data_included(wheel):
    shipped = {member for member in members(wheel) if member.parts[0] == "sagemaker_ab"}
    assert shipped == source_files()
    assert PurePosixPath("sagemaker_ab/py.typed") in shipped
    assert [member for member in shipped if member.suffix == ".json"]


def test_every_module_is_imported_by_what_the_container_or_the_commands_start(wheel):
    """A module that neither imports is of use in development only and belongs in `hack`."""
    graph = grimp.build_graph("sagemaker_ab", cache_dir=None)
    needed = {module for start in STARTS for module in (start, *graph.find_upstream_modules(start))}
    packages = {module.rpartition(".")[0] for module in needed}
    shipped = {module_of(member) for member in members(wheel) if member.suffix == ".py"}
    assert shipped - needed - packages == set()


def test_it_carries_its_licence(wheel):
    assert metadata(wheel)["License-Expression"] == "Apache-2.0"
    assert [member.name for member in members(wheel) if "licenses" in member.parts] == ["LICENSE"]


def test_it_asks_for_the_projects_requirements(wheel):
    asked = {Requirement(text) for text in metadata(wheel).get_all("Requires-Dist")}
    assert {each for each in asked if each.marker is None} == set(map(Requirement, PROJECT["dependencies"]))


def test_every_module_can_be_imported_with_the_locked_requirements_alone(imported, clean_python):
    found = {module: where[0] for module, where in imported.items() if where[0] != "lacks"}
    assert "sagemaker_ab.controller.handlers" in found
    assert {Path(file).is_relative_to(clean_python.parents[1]) for file in found.values()} == {True}


def test_only_drawing_to_files_needs_an_extra(imported):
    lacking = {module: where[1] for module, where in imported.items() if where[0] == "lacks"}
    extras = {Requirement(text).name for text in PROJECT["optional-dependencies"]["plot"]}
    assert set(lacking.values()) <= extras
    assert {module.split(".")[1] for module in lacking} <= {"cli"}


@pytest.mark.parametrize(
    "module", ["sandbox", "bench", "hack", "tests", "pytest", "moto", "mypy_boto3_sagemaker"]
)
def test_nothing_of_development_is_there(clean_python, tmp_path, module):
    done = run(clean_python, "-I", "-c", f"import {module}", cwd=tmp_path)
    assert f"No module named '{module}'" in done.stderr


@pytest.mark.parametrize("command", sorted(PROJECT["scripts"]))
def test_its_commands_start(clean_python, tmp_path, command):
    done = run(clean_python.with_name(command), "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout
