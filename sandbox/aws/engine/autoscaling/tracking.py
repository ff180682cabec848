"""Target tracking as arithmetic: from the minutes of a metric to an alarm's state and a new capacity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@holds("autoscaling.missing-data")
def alarm_state(
    minutes: Sequence[float | None], breaches: Callable[[float], bool], *, before: AlarmState
) -> AlarmState:
    """Return the state after the minutes that an alarm looks at; None is a minute without datapoint."""
    present = [value for value in minutes if value is not None]
    if not present:
        return AlarmState.INSUFFICIENT_DATA
    if not all(breaches(value) for value in present):
        return AlarmState.OK
    return AlarmState.ALARM if len(present) == len(minutes) else before


@holds("autoscaling.new-capacity")
def tracked_capacity(*, capacity: int, metric: float, target: float, spare: bool = False) -> int:
    """Return the capacity at which a metric per instance would be at its target, or if ``spare``, below it.

    The quotient is rounded before it is rounded up, lest the last bit of a float start an instance.
    """
    quotient = round(capacity * metric / target, 9)
    return math.floor(quotient) + 1 if spare else math.ceil(quotient)


def within(capacity: int, *, minimum: int, maximum: int) -> int:
    return min(max(capacity, minimum), maximum)


@holds("autoscaling.out-cooldown")
def scale_out(  # noqa: PLR0913  the terms of one formula
    *, capacity: int, metric: float, target: float, maximum: int, base: int | None, spare: bool = False
) -> int | None:
    """Return a capacity above the present one, or None.

    `base` is the capacity that the last scale-out began from while its cooldown lasts: the metric is then
    counted against that one, so that only a larger scale-out than the last adds to it.
    """
    fitting = tracked_capacity(capacity=base or capacity, metric=metric, target=target, spare=spare)
    wanted = min(fitting, maximum)
    return wanted if wanted > capacity else None


def scale_in(  # noqa: PLR0913  the terms of one formula
    *, capacity: int, metric: float, target: float, minimum: int, single: bool, spare: bool = False
) -> int | None:
    """Return a capacity below the present one, or None; `single` goes down by one instance at most."""
    wanted = max(tracked_capacity(capacity=capacity, metric=metric, target=target, spare=spare), minimum)
    if wanted >= capacity:
        return None
    return capacity - 1 if single else wanted
