"""What the rows, the code that is built from them and the tests that hold them say of each other."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sandbox.aws.ledger import Row

_BUILDERS = frozenset({"refuse", "seconds", "chosen", "row", "holds"})
"""What takes ids of rows, and nothing else that is written out."""


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A row's id, and the file or the test that names it."""

    row: str
    place: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The rows, with every mention of one in the engine's code and by a test."""

    rows: Mapping[str, Row]
    code: frozenset[Mention]
    tests: frozenset[Mention]

    @classmethod
    def of(cls, rows: Mapping[str, Row], *, code: Path, tests: Path) -> Audit:
        """Read the code and the tests in two folders."""
        return cls(rows, frozenset(_in_code(code, rows)), frozenset(_in_tests(tests)))

    def places(self, row: str) -> tuple[list[str], list[str]]:
        """Return the files whose code uses a row, and the tests that name it."""
        code, tests = (
            sorted(mention.place for mention in mentions if mention.row == row)
            for mentions in (self.code, self.tests)
        )
        return code, tests

    def findings(self) -> list[str]:
        """Say what is wrong: an id without row, a row without use, a row without test."""
        stray = sorted(mention for mention in self.code | self.tests if mention.row not in self.rows)
        unused = sorted(self.rows.keys() - {mention.row for mention in self.code})
        untested = sorted(self.rows.keys() - {mention.row for mention in self.tests})
        return [
            *(f"{mention.row}: {mention.place} names it, and there is no such row" for mention in stray),
            *(f"{row}: no code uses it" for row in unused),
            *(f"{row}: no test names it" for row in untested),
        ]


def _in_code(folder: Path, rows: Mapping[str, Row]) -> Iterator[Mention]:
    families = "|".join(sorted({row.partition(".")[0] for row in rows}))
    shape = re.compile(rf"({families})(\.[a-z0-9-]+)+")
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            given = _given_to_builders(node)
            seen = [text for text in _texts([node]) if shape.fullmatch(text)]
            yield from (Mention(text, str(file.relative_to(folder))) for text in (*given, *seen))


def _given_to_builders(node: ast.AST) -> list[str]:
    if not isinstance(node, ast.Call) or _called(node) not in _BUILDERS:
        return []
    return list(_texts(node.args))


def _in_tests(folder: Path) -> Iterator[Mention]:
    for file in sorted(folder.glob("test_*.py")):
        module = ast.parse(file.read_text())
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from _marked(node.decorator_list, f"{file.name}::{node.name}")
        yield from _marked([node for node in module.body if _is_pytestmark(node)], file.name)


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def _marked(nodes: Iterable[ast.AST], place: str) -> Iterator[Mention]:
    """Find the marker `ledger`, also where a parameter of the test carries it."""
    for node in nodes:
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and _called(call) == "ledger":
                yield from (Mention(text, place) for text in _texts(call.args))


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
