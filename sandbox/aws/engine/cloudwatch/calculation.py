"""Queries of GetMetricData, of an alarm or of a scaling policy, and the values that they have together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.cloudwatch.expressions import Expression, compute, parse
from sandbox.aws.engine.cloudwatch.functions import Line, MathError, Value
from sandbox.aws.engine.cloudwatch.reading import VARIANT, find, in_grid
from sandbox.aws.engine.cloudwatch.statistics import statistic
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sandbox.aws.engine.cloudwatch.functions import Grid
    from sandbox.aws.engine.core import Region
    from sandbox.aws.errors import AwsError

    Query = Mapping[str, Any]

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


def refusal(region: Region, queries: Sequence[Query]) -> AwsError | None:
    """Return what the first query that cannot be is refused with; None if all are well."""
    times = Counter(query["Id"] for query in queries)
    for query in queries:
        found = _of_query(region, query)
        if found is None and times[query["Id"]] > 1:
            found = region.refuse("cloudwatch.query-ids-unique", name=query["Id"])
        if found is not None:
            return found
    return _of_expressions(region, queries)


def _of_query(region: Region, query: Query) -> AwsError | None:
    name = query["Id"]
    if not _ID.fullmatch(name):
        return region.refuse("cloudwatch.query-id-pattern", name=name)
    if ("MetricStat" in query) == ("Expression" in query):
        return region.refuse("cloudwatch.query-kind", name=name)
    stat = query.get("MetricStat")
    if stat is not None and statistic(stat["Stat"], region.ledger) is None:
        return region.refuse("cloudwatch.statistic", stat=stat["Stat"])
    return None


def _of_expressions(region: Region, queries: Sequence[Query]) -> AwsError | None:
    """Refuse what cannot be parsed, names that no query has, and circles."""
    known = {query["Id"] for query in queries if "MetricStat" in query}
    waiting: dict[str, Expression] = {}
    for query in queries:
        if "Expression" in query:
            try:
                waiting[query["Id"]] = parse(query["Expression"])
            except MathError as error:
                return region.refuse("cloudwatch.expression", name=query["Id"], problem=error)
    while waiting:
        ready = [name for name, expression in waiting.items() if expression.names <= known]
        if not ready:
            name, expression = next(iter(waiting.items()))
            problem = f"undefined or circular: {', '.join(sorted(expression.names - known))}"
            return region.refuse("cloudwatch.expression", name=name, problem=problem)
        known.update(ready)
        for name in ready:
            del waiting[name]
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """Queries that are well, read as they are readable at a time; each is computed when it is asked for."""

    region: Region
    queries: Sequence[Query]
    grid: Callable[[int], Grid]
    """The periods to look at, by their length."""
    at: float
    _known: dict[str, Value] = field(default_factory=dict)

    def lines(self, query: Query) -> tuple[Line, ...]:
        """Return the labelled time series of a query: one, or several of an expression that gives an array.

        Raises MathError for an expression that gives a number.
        """
        found = self._value_of(query)
        lines = tuple(_lines(found))
        if not lines and not isinstance(found, tuple):
            raise MathError("the result is a number, not a time series")
        return lines if "MetricStat" in query else tuple(self._relabelled(query, lines, found))

    @holds("cloudwatch.expression-label")
    def _relabelled(self, query: Query, lines: Sequence[Line], found: Value) -> Iterable[Line]:
        """Name what an expression gave: one line by its own label, several by theirs as well."""
        own = query.get("Label", query["Id"])
        for line in lines:
            yield replace(line, label=f"{own} {line.label}" if isinstance(found, tuple) else own)

    def _value(self, name: str) -> Value:
        return self._value_of(next(query for query in self.queries if query["Id"] == name))

    def _value_of(self, query: Query) -> Value:
        name = query["Id"]
        if name not in self._known:
            self._known[name] = self._computed(query)
        return self._known[name]

    def _computed(self, query: Query) -> Value:
        if "Expression" in query:
            zero = self.region.ledger.value("cloudwatch.math-by-zero") == "zero"
            expression, by_zero = parse(query["Expression"]), 0.0 if zero else None
            return compute(expression, self._value, self._metrics, by_zero=by_zero)
        return self._read(query)

    def _metrics(self, text: str) -> Value:
        names = [query["Id"] for query in self.queries if "MetricStat" in query]
        return tuple(self._value(name) for name in names if text in name)

    def _read(self, query: Query) -> Line:
        stat = query["MetricStat"]
        label, grid = query.get("Label") or self._label(stat["Metric"]), self.grid(stat["Period"])
        found = find(self.region, stat["Metric"])
        compute_one = statistic(stat["Stat"], self.region.ledger)
        if found is None or compute_one is None:
            return Line(label, grid, {})
        periods = in_grid(self.region, found, grid, at=self.at, unit=stat.get("Unit"))
        return Line(label, grid, {start: compute_one(values) for start, values in periods})

    def _label(self, metric: Query) -> str:
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}
        variant = dimensions.get(VARIANT, "")
        text = self.region.ledger.text(
            "cloudwatch.label", metric=metric.get("MetricName", ""), variant=variant
        )
        return text.strip()


def _lines(value: Value) -> Iterable[Line]:
    if isinstance(value, Line):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _lines(item)
