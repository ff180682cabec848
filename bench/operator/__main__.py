"""`python -m bench.operator --resources 1000`: what the operator costs, beside its budgets.

Counts of calls are exact; seconds and memory are of this machine. Exits non-zero past twice a budget.
"""

import argparse
import sys
import time
from collections.abc import Iterator

from rich.progress import track

from bench.operator.figures import Figure, memory_budget, pass_by, print_figures
from bench.operator.specs import manual
from bench.operator.stepped import measure_rollouts
from bench.operator.world import World, cpu_seconds, eventually, memory_mib, world

_IDLE_SECONDS = 60.0
_RESYNC_SECONDS = 60.0
_READS_A_RECONCILE = 4
"""The endpoint, its tags, its config and its scalable targets.

Two more for each variant that scales, for its policies and its scheduled actions, and one for their alarms:
here none.
"""
_SPEED = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.operator", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--resources", type=int, default=200)
    what.add_argument("--stepped", type=int, metavar="N", help="measure N resources that roll out instead")
    given = parser.parse_args()
    with world(speed=_SPEED) as stage:
        if given.stepped:
            figures = list(measure_rollouts(stage, given.stepped))
        else:
            figures = list(measure(stage, given.resources))
    print_figures(figures, title=f"{given.stepped or given.resources} resources, 2 variants each")
    sys.exit(any(figure.missed for figure in figures))


def measure(stage: World, count: int) -> Iterator[Figure]:
    for number in track(range(count), description="creating resources"):
        stage.create(f"e{number}", manual(number, weight=50))
    operator = stage.start_operator(resync_seconds=_RESYNC_SECONDS, poll_seconds=1)
    began = time.monotonic()
    eventually(lambda: stage.all_ready(count), within=60 + count, what="every resource is ready")
    yield Figure("seconds until all are ready (endpoints take 3 s here)", time.monotonic() - began, None)
    yield Figure("CPU-seconds until then", cpu_seconds(operator), None)
    yield Figure("resident MiB", memory_mib(operator), memory_budget(count))
    yield from _idle(stage, count)
    yield from _shift(stage)
    operator.kill()
    yield from _restart(stage, count)


def _idle(stage: World, count: int) -> Iterator[Figure]:
    """Nothing changes for some resyncs, after a first one that lists garbage.

    Resyncs follow the local clock, and windows of metrics follow AWS's. Both run at the same speed meanwhile:
    with a faster clock of AWS, metrics would cause as many reconciles as resyncs do.
    """
    pass_by("settling", _RESYNC_SECONDS)
    stage.aws.set_speed(1)
    versions = stage.versions()
    stage.aws.clear_calls()
    pass_by("idling", _IDLE_SECONDS)
    calls = stage.aws.calls()
    reads = sum(not call["write"] and call["operation"] != "GetMetricData" for call in calls)
    changed = sum(versions[name] != version for name, version in stage.versions().items())
    yield Figure("AWS writes while idle", sum(call["write"] for call in calls), 0)
    hourly = reads / count * 3600 / _IDLE_SECONDS
    budget = _READS_A_RECONCILE * 3600 / _RESYNC_SECONDS
    yield Figure("AWS reads for each endpoint and hour, idle", hourly, budget)
    metrics = sum(call["operation"] == "GetMetricData" for call in calls)
    yield Figure("GetMetricData calls while idle", metrics, None)
    yield Figure("resources written while idle, metrics included", changed, None)
    stage.aws.set_speed(_SPEED)


def _shift(stage: World) -> Iterator[Figure]:
    stage.aws.clear_calls()
    began = time.monotonic()
    stage.change("e0", {"variants": manual(0, weight=10)["variants"]})
    eventually(lambda: bool(stage.aws_writes()), within=30, what="the weights are sent")
    yield Figure("seconds from apply to the AWS write (polled every 0.2)", time.monotonic() - began, None)
    eventually(lambda: stage.all_ready(len(stage.listed())), within=60, what="the weights have arrived")
    yield Figure("AWS writes to shift weights", len(stage.aws_writes()), 1)


def _restart(stage: World, count: int) -> Iterator[Figure]:
    stage.aws.clear_calls()
    operator = stage.start_operator(resync_seconds=_RESYNC_SECONDS, poll_seconds=1)
    try:
        pass_by("resuming", _RESYNC_SECONDS)
        yield Figure("AWS writes after a restart", len(stage.aws_writes()), 0)
        yield Figure("CPU-seconds of the first minute after a restart", cpu_seconds(operator), 60)
        yield Figure("resident MiB after a restart", memory_mib(operator), memory_budget(count))
    finally:
        operator.kill()


if __name__ == "__main__":
    main()
