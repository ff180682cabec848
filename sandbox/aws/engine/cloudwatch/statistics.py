"""Statistics of a distribution, by the names that CloudWatch gives them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from sandbox.aws.engine.metrics.distribution import Distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox.aws.ledger import Ledger

    Statistic = Callable[[Distribution], float]

_PERCENTILE = re.compile(r"p(100|[0-9]{1,2}(?:\.[0-9]{1,10})?)")

STANDARD: dict[str, Statistic] = {
    "SampleCount": lambda values: float(values.count),
    "Average": lambda values: values.total / values.count,
    "Sum": lambda values: values.total,
    "Minimum": lambda values: values.minimum,
    "Maximum": lambda values: values.maximum,
}


def statistic(name: str, ledger: Ledger) -> Statistic | None:
    """Return the function of a statistic such as `Sum` or `p99.9`; None for an unknown one."""
    if name in STANDARD:
        return STANDARD[name]
    found = _PERCENTILE.fullmatch(name)
    if found is None:
        return None
    interpolated = ledger.value("cloudwatch.percentile") == "interpolated"
    return partial(Distribution.percentile, percent=float(found[1]), interpolated=interpolated)


def merged(distributions: Iterable[Distribution]) -> Distribution:
    """Return what one distribution or several are together; one alone is returned itself, to be read only."""
    first, *others = distributions
    if not others:
        return first
    total = Distribution()
    for distribution in (first, *others):
        total.merge(distribution)
    return total
