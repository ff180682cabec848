"""`operator/` is a source root: anything importable directly under it would shadow the standard library."""

import operator
import sysconfig
from pathlib import Path

import sagemaker_ab

ROOT = Path(__file__).parents[2]


def test_operator_is_not_a_package() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()


def test_operator_holds_the_one_package_that_ships_and_no_module() -> None:
    importable = {path.name for path in (ROOT / "operator").iterdir() if path.name != "__pycache__"}
    assert importable == {"sagemaker_ab"}


def test_the_standard_librarys_operator_is_imported_although_the_source_root_is_on_the_path() -> None:
    assert Path(sagemaker_ab.__file__).is_relative_to(ROOT / "operator")
    assert Path(operator.__file__).parent == Path(sysconfig.get_path("stdlib"))


def test_no_directory_of_tests_is_named_like_what_it_tests() -> None:
    """`tests/operator` or `tests/sandbox` would be found in place of what they test in some import modes."""
    names = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert not names & {"operator", "sandbox", "sagemaker_ab"}
