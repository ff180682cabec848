"""The package traffic depends on the standard library and the package api alone."""

import ast
import sys
from pathlib import Path

import pytest

import sagemaker_ab.traffic

ROOT = Path(sagemaker_ab.traffic.__file__).parent
ALLOWED = ("sagemaker_ab.api", "sagemaker_ab.traffic")


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module


@pytest.mark.parametrize("module", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_of_traffic_imports_only_the_standard_library_api_and_traffic(module):
    strangers = [
        name
        for name in imported(module.read_text())
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(ALLOWED)
    ]
    assert strangers == []
