"""Step scaling as arithmetic: from an alarm's datapoints to an adjustment, and to a capacity.

https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.aws.engine.autoscaling.records import ScalingPolicy

    Config = Mapping[str, Any]

_AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": fmean,
    "Minimum": min,
    "Maximum": max,
}
CHANGE, PERCENT, EXACT = "ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCall:
    """An alarm asks a step policy to scale; ``values`` are what breached, oldest first, at least one.

    ``above`` says whether they breach by lying above the threshold.
    """

    policy: ScalingPolicy
    alarm: str
    values: Sequence[float]
    threshold: float
    above: bool

    def breach(self, *, newest: bool) -> float:
        """Return how far the metric lies from the threshold: the newest value, or all as the policy says."""
        aggregate = _AGGREGATES[self.policy.config.get("MetricAggregationType", "Average")]
        return aggregate(self.values[-1:] if newest else self.values) - self.threshold


@holds("autoscaling.step-bounds")
def adjustment(config: Config, breach: float, *, above: bool) -> int | None:
    """Return the adjustment whose interval holds a breach; None if none does.

    Above the threshold the lower bound belongs to an interval, below it the upper one.
    """
    for step in config["StepAdjustments"]:
        low = step.get("MetricIntervalLowerBound", -math.inf)
        high = step.get("MetricIntervalUpperBound", math.inf)
        if (low <= breach < high) if above else (low < breach <= high):
            return int(step["ScalingAdjustment"])
    return None


@holds("autoscaling.step-adjustment")
def adjusted(config: Config, capacity: int, by: int) -> int:
    """Return the capacity after an adjustment; one in per cent rounds to zero, but changes by one."""
    kind = config["AdjustmentType"]
    if kind == EXACT:
        return by
    if kind == CHANGE:
        return capacity + by
    change = capacity * by / 100
    size = max(math.floor(abs(change)), 1 if change else 0, config.get("MinAdjustmentMagnitude", 0))
    return capacity + int(math.copysign(size, by))


def problem(config: Config) -> str:
    """Say what is wrong with a step policy; empty if it is well."""
    steps = config.get("StepAdjustments", ())
    if "AdjustmentType" not in config or not steps:
        return "AdjustmentType and StepAdjustments are required."
    if config["AdjustmentType"] == EXACT and any(step["ScalingAdjustment"] < 0 for step in steps):
        return "ExactCapacity takes no negative adjustment."
    if "MinAdjustmentMagnitude" in config and config["AdjustmentType"] != PERCENT:
        return "MinAdjustmentMagnitude is for PercentChangeInCapacity."
    return _of_intervals(steps)


def _of_intervals(steps: Sequence[Mapping[str, Any]]) -> str:
    intervals = sorted(
        (
            step.get("MetricIntervalLowerBound", -math.inf),
            step.get("MetricIntervalUpperBound", math.inf),
        )
        for step in steps
    )
    if any(low >= high for low, high in intervals) or (-math.inf, math.inf) in intervals:
        return "The bounds of a step are in order, and one of them is given."
    if any(high != low for (_, high), (low, _) in pairwise(intervals)):
        return "Steps neither overlap nor leave a gap."
    if -math.inf < intervals[0][0] < 0 or 0 < intervals[-1][1] < math.inf:
        return "The outermost steps have no bound on the outside."
    return ""
