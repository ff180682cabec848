"""Statistics of a distribution, by the names that CloudWatch gives them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from sandbox.aws.engine.metrics.distribution import Distribution
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Statistic = Callable[[Distribution], float]

_PERCENTILE = re.compile(r"p(100|[0-9]{1,2}(?:\.[0-9]{1,10})?)")

STANDARD: dict[str, Statistic] = {
    "SampleCount": lambda values: float(values.count),
    "Average": lambda values: values.total / values.count,
    "Sum": lambda values: values.total,
    "Minimum": lambda values: values.minimum,
    "Maximum": lambda values: values.maximum,
}


@holds("cloudwatch.percentile")
def _percentile(values: Distribution, *, percent: float) -> float:
    return values.percentile(percent)


def statistic(name: str) -> Statistic | None:
    """Return the function of a statistic such as `Sum` or `p99.9`; None for an unknown one."""
    if name in STANDARD:
        return STANDARD[name]
    found = _PERCENTILE.fullmatch(name)
    return partial(_percentile, percent=float(found[1])) if found else None


def merged(distributions: Iterable[Distribution]) -> Distribution:
    total = Distribution()
    for distribution in distributions:
        total.merge(distribution)
    return total
