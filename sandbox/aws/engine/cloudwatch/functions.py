"""Metric math: the values that it computes with, and its functions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias

from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class MathError(ValueError):
    """An expression that cannot be computed, and why."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Periods of equal length: the first begins at ``start``, the last one before ``end``. Whole seconds."""

    start: int
    end: int
    period: int

    def starts(self) -> range:
        return range(self.start, self.end, self.period)


@dataclass(frozen=True, slots=True)
class Line:
    """A time series: values by the start of their period; a period without datapoint has none."""

    label: str
    grid: Grid
    values: Mapping[int, float]


Value: TypeAlias = float | Line | tuple["Value", ...]


class Fill(StrEnum):
    """How FILL comes by what is missing, unless it is told a value."""

    REPEAT = "REPEAT"
    LINEAR = "LINEAR"


def mapped(function: Callable[[float], float], value: Value) -> Value:
    """Apply a function of one number to each value."""
    if isinstance(value, tuple):
        return tuple(mapped(function, item) for item in value)
    if isinstance(value, Line):
        return replace(value, values={at: float(function(one)) for at, one in value.values.items()})
    return float(function(value))


@holds("cloudwatch.math-missing")
def combined(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Apply a function of two numbers, of two lines where both have a value.

    A division by zero gives no datapoint; a constant one cannot be computed.
    """
    if isinstance(left, tuple) or isinstance(right, tuple):
        return tuple(combined(function, one, other) for one, other in _paired(left, right))
    if isinstance(left, Line) or isinstance(right, Line):
        return _of_lines(function, left, right)
    try:
        return _number(function(left, right))
    except ZeroDivisionError:
        raise MathError("division by zero") from None


def _paired(left: Value, right: Value) -> Iterable[tuple[Value, Value]]:
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            raise MathError("arrays of different lengths")
        return zip(left, right, strict=True)
    if isinstance(left, tuple):
        return ((item, right) for item in left)
    return ((left, item) for item in right) if isinstance(right, tuple) else ()


def _of_lines(function: Callable[[float, float], float], left: Value, right: Value) -> Line:
    line = left if isinstance(left, Line) else right
    if not isinstance(line, Line):
        raise MathError("no time series")
    values = {}
    for at in line.values:
        one, other = _at(left, at), _at(right, at)
        if one is not None and other is not None:
            try:
                values[at] = _number(function(one, other))
            except ZeroDivisionError:
                continue
    return replace(line, values=values)


def _at(value: Value, at: int) -> float | None:
    if isinstance(value, tuple):
        raise MathError("an array where a number or a time series belongs")
    return value.values.get(at) if isinstance(value, Line) else value


def _number(value: float) -> float:
    if isinstance(value, complex):
        raise MathError("the result is out of range")
    return float(value)


def _flat(value: Value) -> list[float | Line]:
    if isinstance(value, tuple):
        return [one for item in value for one in _flat(item)]
    return [value]


def _aggregate(function: Callable[[Sequence[float]], float]) -> Callable[[Value], Value]:
    @holds("cloudwatch.math-aggregates")
    def aggregate(value: Value) -> Value:
        """Reduce a line to a number, and several lines to one that has a value wherever any has."""
        if isinstance(value, Line):
            return function(list(value.values.values())) if value.values else 0.0
        lines = [one for one in _flat(value) if isinstance(one, Line)]
        if not lines:
            raise MathError("no time series")
        times = sorted({at for line in lines for at in line.values})
        values = {at: function([line.values[at] for line in lines if at in line.values]) for at in times}
        return replace(lines[0], values=values)

    return aggregate


@holds("cloudwatch.math-fill")
def _fill(value: Value, filling: Value | Fill) -> Value:
    if isinstance(value, tuple):
        return tuple(_fill(item, filling) for item in value)
    if not isinstance(value, Line) or isinstance(filling, tuple):
        raise MathError("FILL takes a time series and a value, REPEAT or LINEAR")
    if isinstance(filling, Fill):
        return replace(value, values=_between(value, filling))
    return replace(value, values={at: _known(value, at, filling) for at in value.grid.starts()})


def _known(line: Line, at: int, filling: float | Line) -> float:
    found = line.values.get(at)
    if found is None:
        found = filling.values.get(at, 0.0) if isinstance(filling, Line) else filling
    return found


def _between(line: Line, filling: Fill) -> dict[int, float]:
    known = sorted(line.values)
    values = dict(line.values)
    for before, after in pairwise([*known, line.grid.end]):
        step = 0.0
        if filling is Fill.LINEAR:
            if after not in line.values:
                break
            step = (line.values[after] - line.values[before]) / (after - before)
        for at in range(before + line.grid.period, after, line.grid.period):
            values[at] = line.values[before] + step * (at - before)
    return dict(sorted(values.items()))


def _if(condition: Value, then: Value, other: Value | None = None) -> Value:
    if not isinstance(condition, Line):
        if isinstance(condition, tuple):
            raise MathError("IF takes a number or a time series")
        if other is None:
            raise MathError("IF on a number takes three arguments")
        return then if condition else other
    values = {}
    for at, one in condition.values.items():
        found = _at(then, at) if one else (None if other is None else _at(other, at))
        if found is not None:
            values[at] = found
    return replace(condition, values=values)


def _period(value: Value) -> Value:
    if not isinstance(value, Line):
        raise MathError("PERIOD takes a time series")
    return float(value.grid.period)


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "ABS": lambda value: mapped(abs, value),
    "AVG": _aggregate(fmean),
    "CEIL": lambda value: mapped(math.ceil, value),
    "FILL": _fill,
    "FLOOR": lambda value: mapped(math.floor, value),
    "IF": _if,
    "MAX": _aggregate(max),
    "MIN": _aggregate(min),
    "PERIOD": _period,
    "SUM": _aggregate(math.fsum),
}
