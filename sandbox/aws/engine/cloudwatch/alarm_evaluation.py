"""Evaluating metric alarms: every minute, from what can be read then.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import json
import operator
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.aws.engine.cloudwatch.alarm_state import AlarmState
from sandbox.aws.engine.cloudwatch.alarm_store import AlarmActed, AlarmStore
from sandbox.aws.engine.cloudwatch.calculation import Calculation
from sandbox.aws.engine.cloudwatch.functions import Grid, MathError
from sandbox.aws.engine.happenings import announce
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.aws.engine.cloudwatch.alarm_store import MetricAlarm
    from sandbox.aws.engine.core import Region

COMPARISONS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
}
_PERCENTILE = re.compile(r"p([0-9.]+)")


def watch(region: Region) -> None:
    """Have the alarms of a region evaluated from the next minute on, for as long as there are any."""
    store = region.store(AlarmStore)
    if store.ticking or not store.alarms:
        return
    store.ticking = True
    period = region.ledger.value("cloudwatch.alarm-evaluation")
    region.clock.at((region.clock.now() // period + 1) * period, lambda: _tick(region, store))


def _tick(region: Region, store: AlarmStore) -> None:
    store.ticking = False
    for alarm in list(store.alarms.values()):
        _evaluate(region, store, alarm)
    watch(region)


def _evaluate(region: Region, store: AlarmStore, alarm: MetricAlarm) -> None:
    points = datapoints(region, alarm)
    breaches = COMPARISONS[alarm.comparison][0]
    verdicts = [None if point is None else breaches(point, alarm.threshold) for point in points]
    before = store.statuses[alarm.name]
    state = alarm.quorum.state(verdicts, before=before.state)
    recent = [point for point in points if point is not None][-alarm.quorum.periods :]
    changed = state is not before.state and not _too_few_samples(region, alarm)
    if changed:
        before.move(
            state,
            at=region.clock.now(),
            reason=_reason(region, alarm, state, recent),
            data=_data(region, alarm, recent),
        )
    act(region, alarm, before.state, recent, changed=changed)


@holds("cloudwatch.alarm-actions")
def act(
    region: Region, alarm: MetricAlarm, state: AlarmState, values: Sequence[float], *, changed: bool
) -> None:
    """Invoke the actions of the state that an alarm has come into, or is in still if they are policies."""
    breaches = COMPARISONS[alarm.comparison][0]
    breaching = tuple(value for value in values if breaches(value, alarm.threshold))
    for action in alarm.actions(state):
        if changed or ":autoscaling:" in action:
            announce(AlarmActed(region=region, alarm=alarm, action=action, values=breaching))


def datapoints(region: Region, alarm: MetricAlarm) -> list[float | None]:
    """Return what an alarm looks at now, oldest first; None is a period that has no readable datapoint."""
    grid = _grid(region, alarm)
    calculation = Calculation(
        region=region,
        queries=alarm.queries,
        grid=lambda period: Grid(grid.start, grid.end, period),
        at=region.clock.now(),
    )
    try:
        (line,) = calculation.lines(alarm.watched)
    except (MathError, ValueError):
        return [None for _ in grid.starts()]
    return [line.values.get(start) for start in grid.starts()]


def _grid(region: Region, alarm: MetricAlarm) -> Grid:
    step = region.ledger.value("cloudwatch.alarm-evaluation")
    end = int(region.clock.now() // step * step)
    periods = alarm.quorum.periods + region.ledger.value("cloudwatch.alarm-range")
    return Grid(end - periods * alarm.period, end, alarm.period)


def _too_few_samples(region: Region, alarm: MetricAlarm) -> bool:
    """Say whether the alarm is on a percentile of too few values, and was told to mind it."""
    found = _PERCENTILE.fullmatch(alarm.config.get("ExtendedStatistic", ""))
    if found is None or alarm.config.get("EvaluateLowSampleCountPercentile") != "ignore":
        return False
    share = float(found[1]) / 100
    least = region.ledger.value("cloudwatch.alarm-low-samples") / max(min(share, 1 - share), 1e-9)
    config = {key: value for key, value in alarm.config.items() if key != "ExtendedStatistic"}
    counts = datapoints(region, replace(alarm, config=config | {"Statistic": "SampleCount"}))
    present = [count for count in counts if count is not None][-alarm.quorum.periods :]
    return any(count < least for count in present)


def _reason(region: Region, alarm: MetricAlarm, state: AlarmState, recent: Sequence[float]) -> str:
    count = len(recent) or alarm.quorum.periods
    plural = {"plural": "" if count == 1 else "s", "was": "was" if count == 1 else "were", "count": count}
    if state is AlarmState.INSUFFICIENT_DATA:
        return region.ledger.text("cloudwatch.alarm-insufficient-reason", **plural)
    comparison = COMPARISONS[alarm.comparison][1]
    return region.ledger.text(
        "cloudwatch.alarm-threshold-reason",
        **plural,
        values=", ".join(str(value) for value in recent),
        comparison=comparison if state is AlarmState.ALARM else f"not {comparison}",
        threshold=alarm.threshold,
    )


def _data(region: Region, alarm: MetricAlarm, recent: Sequence[float]) -> str:
    asked = datetime.fromtimestamp(region.clock.now(), tz=UTC).isoformat(timespec="milliseconds")
    told = {
        "version": "1.0",
        "queryDate": asked.replace("+00:00", "+0000"),
        "period": alarm.period,
        "recentDatapoints": list(recent),
        "threshold": alarm.threshold,
    }
    return json.dumps(told, separators=(",", ":"))
