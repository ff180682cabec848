"""Resources that roll out at the same time: what they cost in calls, writes, memory and CPU time."""

import statistics
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any

from rich.progress import track

from bench.operator.figures import Figure, memory_budget, pass_by
from bench.operator.specs import stepped
from bench.operator.world import World, cpu_seconds, eventually, memory_mib
from sandbox.cluster.processes import Program

_METRICS = 4
"""The invocations and the errors of two variants."""
_QUERIES_A_CALL = 500
_TICK_SECONDS = 60.0
_SETTLING_TICKS = 3
_REFRESH_TICKS = 5
"""The evidence of a run is shown anew every five minutes."""
_REQUESTS_A_MINUTE = 20
_MOST_WRITES = 20
"""Status writes of a run in an hour."""
_SPEED_AHEAD = 5.0


def measure_rollouts(stage: World, count: int) -> Iterator[Figure]:
    """Measure rollouts in the middle of a step, first without requests and then with them.

    The clock of AWS runs as fast as the local one meanwhile, as in reality.
    """
    for number in track(range(count), description="creating resources"):
        stage.create(f"e{number}", stepped(number))
    operator = stage.start_operator(resync_seconds=60.0, poll_seconds=1, run_minutes_seconds=_TICK_SECONDS)
    eventually(lambda: _all_started(stage, count), within=120 + 2 * count, what="every run has started")
    yield Figure("resident MiB when all runs have started", memory_mib(operator), memory_budget(count))
    pass_by("an hour or more without requests", 2 * _TICK_SECONDS)
    yield from _steady(stage, operator, count, what="without requests", ticks=3, most_writes=0)
    stage.aws.set_speed(_SPEED_AHEAD)
    for number in range(count):
        stage.aws.set_traffic(f"bench-{number}", per_minute=_REQUESTS_A_MINUTE)
    pass_by("the first requests", 2 * _TICK_SECONDS)
    requests = "with requests"
    yield from _steady(stage, operator, count, what=requests, ticks=_REFRESH_TICKS, most_writes=_MOST_WRITES)
    operator.kill()


def _steady(  # noqa: PLR0913
    stage: World, operator: Program, count: int, *, what: str, ticks: int, most_writes: float
) -> Iterator[Figure]:
    """Measure some ticks, after others in which gaps are read that a faster clock of AWS has left."""
    stage.aws.set_speed(1)
    pass_by("settling", _SETTLING_TICKS * _TICK_SECONDS)
    stage.aws.clear_calls()
    cpu = cpu_seconds(operator)
    written = stage.count_changes(seconds=int(ticks * _TICK_SECONDS))
    minutes = ticks * _TICK_SECONDS / 60
    calls = stage.aws.calls()
    a_tick = statistics.median(_calls_by_tick(calls))
    yield Figure(f"GetMetricData calls a tick, {what}", a_tick, ceil(_METRICS * count / _QUERIES_A_CALL))
    yield Figure(f"AWS writes, {what}", sum(call["write"] for call in calls), 0)
    yield Figure(f"status writes for each run and hour, {what}", written / count / minutes * 60, most_writes)
    yield Figure(f"CPU-seconds a minute, {what}", (cpu_seconds(operator) - cpu) / minutes, None)
    yield Figure(f"resident MiB, {what}", memory_mib(operator), memory_budget(count))


def _calls_by_tick(calls: Sequence[dict[str, Any]]) -> list[int]:
    """Return the number of GetMetricData in each tick: those of a tick follow one another."""
    ticks: list[int] = []
    last = float("-inf")
    for call in calls:
        if call["operation"] == "GetMetricData":
            if call["time"] - last > _TICK_SECONDS / 2:
                ticks.append(0)
            ticks[-1] += 1
            last = call["time"]
    return ticks


def _all_started(stage: World, count: int) -> bool:
    runs = [item.get("status", {}).get("traffic", {}).get("run") for item in stage.listed()]
    return len(runs) == count and all(runs) and stage.all_ready(count)
