"""Metric math: parsing an expression, and computing it from the lines and numbers that it names.

Its operators and most of its functions read as Python's, so that Python's parser reads it. None of it is run.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
import re
from dataclasses import dataclass
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.functions import FUNCTIONS, Fill, MathError, Value, combined, mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_SPELLINGS = (
    (re.compile(r"\^"), "**"),
    (re.compile(r"&&|\bAND\b"), " and "),
    (re.compile(r"\|\||\bOR\b"), " or "),
)

_OPERATORS: Mapping[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.And: lambda left, right: left != 0 and right != 0,
    ast.Or: lambda left, right: left != 0 or right != 0,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression, and the Ids that it names."""

    tree: ast.expr
    names: frozenset[str]


def parse(text: str) -> Expression:
    """Return an expression, or raise MathError that says what is wrong with it."""
    for pattern, python in _SPELLINGS:
        text = pattern.sub(python, text)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise MathError("syntax error") from None
    _check(tree)
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return Expression(tree, frozenset(word for word in words if _ID.fullmatch(word)))


def _check(tree: ast.expr) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) not in {*FUNCTIONS, "METRICS"}:
            raise MathError(f"function {_called(node) or 'without name'} is not simulated")


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) and not call.keywords else ""


def compute(
    expression: Expression,
    named: Callable[[str], Value],
    every: Callable[[str], Value],
    *,
    by_zero: float | None = None,
) -> Value:
    """Return what an expression makes of the values that its Ids have; raises MathError.

    ``every`` gives the metrics of the request whose Ids hold a text; ``by_zero`` is what a division by zero
    gives, if it gives anything.
    """
    try:
        return _Computation(named, every, by_zero).value(expression.tree)
    except (OverflowError, RecursionError):
        raise MathError("the result is out of range") from None


@dataclass(frozen=True, slots=True)
class _Computation:
    named: Callable[[str], Value]
    every: Callable[[str], Value]
    by_zero: float | None

    def value(self, node: ast.expr) -> Value:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise MathError("syntax error")
        found: Value = method(node)
        return found

    def _constant(self, node: ast.Constant) -> Value:
        if not isinstance(node.value, int | float):
            raise MathError("syntax error")
        return float(node.value)

    def _name(self, node: ast.Name) -> Value:
        if not _ID.fullmatch(node.id):
            raise MathError(f"{node.id} is no Id")
        return self.named(node.id)

    def _list(self, node: ast.List) -> Value:
        return tuple(self.value(item) for item in node.elts)

    def _binop(self, node: ast.BinOp) -> Value:
        return self._operation(node.op, self.value(node.left), self.value(node.right))

    def _boolop(self, node: ast.BoolOp) -> Value:
        return reduce(partial(self._operation, node.op), map(self.value, node.values))

    def _compare(self, node: ast.Compare) -> Value:
        if len(node.ops) > 1:
            raise MathError("syntax error")
        return self._operation(node.ops[0], self.value(node.left), self.value(node.comparators[0]))

    def _operation(self, sign: ast.AST, left: Value, right: Value) -> Value:
        if type(sign) not in _OPERATORS:
            raise MathError("syntax error")
        function = self._divided if isinstance(sign, ast.Div) else _OPERATORS[type(sign)]
        return combined(function, left, right)

    def _divided(self, left: float, right: float) -> float:
        if right == 0 and self.by_zero is not None:
            return self.by_zero
        return left / right

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        if not isinstance(node.op, ast.USub):
            raise MathError("syntax error")
        return mapped(operator.neg, self.value(node.operand))

    def _call(self, node: ast.Call) -> Value:
        name = _called(node)
        if name == "METRICS":
            return self.every(_text(node.args))
        arguments: list[Any] = [
            Fill(argument.id)
            if isinstance(argument, ast.Name) and argument.id in set(Fill)
            else self.value(argument)
            for argument in node.args
        ]
        try:
            return FUNCTIONS[name](*arguments)
        except TypeError:
            raise MathError(f"wrong arguments of {name}") from None


def _text(arguments: Sequence[ast.expr]) -> str:
    """Return the one text that METRICS may be given."""
    if not arguments:
        return ""
    first = arguments[0]
    if len(arguments) > 1 or not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        raise MathError("METRICS takes a text in quotes, or nothing")
    return first.value
