"""A mutant: one function of the operator with one change."""

import ast
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """`name` is what mutmut calls it; `file` is relative to the source root's one package."""

    name: str
    file: str
    function: str

    @property
    def package(self) -> str:
        return PurePosixPath(self.file).parts[0]


def sample(mutants: Sequence[Mutant], *, size: int, seed: int) -> list[Mutant]:
    """Choose mutants at random; the same ones for the same code and seed."""
    return sorted(random.Random(seed).sample(mutants, min(size, len(mutants))))  # noqa: S311  guards nothing


class Verdict(Enum):
    """What the tests said about a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    UNTESTED = "untested"
    UNCLEAR = "unclear"

    @property
    def is_kill(self) -> bool:
        """Return whether the tests noticed the change; one that makes them hang is noticed."""
        return self in {Verdict.KILLED, Verdict.TIMED_OUT}


@dataclass(frozen=True, slots=True)
class Diff:
    """A mutant's change as the lines of one hunk, each with its sign, without the header."""

    start: int
    """The hunk's first line, counted from the function's."""
    lines: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Diff":
        """Read a unified diff of a function. Raises ValueError where it is not of one hunk."""
        header, hunk, *more = text.split("\n@@ -")
        if more:
            raise ValueError(f"more than one hunk: {header}")
        numbers, *lines = hunk.split("\n")
        return cls(int(numbers.partition(",")[0].split()[0]), tuple(lines))

    @property
    def change(self) -> tuple[str, ...]:
        """The removed and added lines without indentation: what identifies a change within a function."""
        return change_of("\n".join(self.lines))

    def line_in(self, source: str, function: str) -> int:
        """Return the line of `source` that the change begins on."""
        signs = [line[:1] for line in self.lines]
        offset = next(number for number, sign in enumerate(signs) if sign in {"-", "+"})
        before = [line[1:].strip() for line in self.lines if line[:1] != "+"]
        lines = [line.strip() for line in source.splitlines()]
        expected = _line_of(function, source) + self.start - 2
        places = [at for at in range(len(lines)) if lines[at : at + len(before)] == before]
        return min(places, key=lambda at: abs(at - expected), default=expected) + offset + 1


def change_of(text: str) -> tuple[str, ...]:
    """Return the lines of `text` that begin with a sign, the rest of each without indentation."""
    return tuple(f"{line[0]}{line[1:].strip()}" for line in text.splitlines() if line[:1] in {"-", "+"})


def called_on_import(source: str) -> set[str]:
    """Return the names that a module calls while it is imported: outside of functions, and in decorators."""
    pending: list[ast.AST] = [ast.parse(source)]
    names = set()
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.add(node.func.id)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            pending.extend(node.decorator_list)
        elif not isinstance(node, ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))
    return names


def _line_of(function: str, source: str) -> int:
    """Return the line of a function, or of a method as `Class.method`."""
    body: list[ast.stmt] = ast.parse(source).body
    *classes, name = function.split(".")
    for each in classes:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == each)
    definitions = (node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return next(node.lineno for node in definitions if node.name == name)
