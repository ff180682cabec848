"""`python -m bench.operator --resources 1000`: what the operator costs, beside its budgets.

Counts of calls are exact; seconds and memory are of this machine. Exits non-zero past twice a budget.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.operator.world import World, cpu_seconds, eventually, memory_mib, world

_IDLE_SECONDS = 60.0
_RESYNC_SECONDS = 60.0
_READS_A_RECONCILE = 4
"""The endpoint, its tags, its config and its scalable targets.

Two more for each variant that scales, for its policies and its scheduled actions, and one for their alarms:
here none.
"""
_SPEED = 60.0
_TOLERANCE = 2.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; a budget of None is printed and not judged."""

    what: str
    value: float
    budget: float | None

    @property
    def missed(self) -> bool:
        return self.budget is not None and self.value > _TOLERANCE * self.budget


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.operator", description=__doc__)
    parser.add_argument("--resources", type=int, default=200)
    count = parser.parse_args().resources
    with world(speed=_SPEED) as stage:
        figures = list(measure(stage, count))
    _print(figures, count)
    sys.exit(any(figure.missed for figure in figures))


def measure(stage: World, count: int) -> Iterator[Figure]:
    for number in track(range(count), description="creating resources"):
        stage.create(f"e{number}", _spec(number, weight=50))
    operator = stage.start_operator(resync_seconds=_RESYNC_SECONDS, poll_seconds=1)
    began = time.monotonic()
    eventually(lambda: stage.all_ready(count), within=60 + count, what="every resource is ready")
    yield Figure("seconds until all are ready (endpoints take 3 s here)", time.monotonic() - began, None)
    yield Figure("CPU-seconds until then", cpu_seconds(operator), None)
    yield Figure("resident MiB", memory_mib(operator), _memory_budget(count))
    yield from _idle(stage, count)
    yield from _shift(stage)
    operator.kill()
    yield from _restart(stage, count)


def _idle(stage: World, count: int) -> Iterator[Figure]:
    """Nothing changes for some resyncs, after a first one that lists garbage.

    Resyncs follow the local clock, and windows of metrics follow AWS's. Both run at the same speed meanwhile:
    with a faster clock of AWS, metrics would cause as many reconciles as resyncs do.
    """
    _pass_by("settling", _RESYNC_SECONDS)
    stage.aws.set_speed(1)
    versions = stage.versions()
    stage.aws.clear_calls()
    _pass_by("idling", _IDLE_SECONDS)
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
    stage.change("e0", {"variants": _spec(0, weight=10)["variants"]})
    eventually(lambda: bool(_writes(stage)), within=30, what="the weights are sent")
    yield Figure("seconds from apply to the AWS write (polled every 0.2)", time.monotonic() - began, None)
    eventually(lambda: stage.all_ready(len(stage.listed())), within=60, what="the weights have arrived")
    yield Figure("AWS writes to shift weights", len(_writes(stage)), 1)


def _restart(stage: World, count: int) -> Iterator[Figure]:
    stage.aws.clear_calls()
    operator = stage.start_operator(resync_seconds=_RESYNC_SECONDS, poll_seconds=1)
    try:
        _pass_by("resuming", _RESYNC_SECONDS)
        yield Figure("AWS writes after a restart", len(_writes(stage)), 0)
        yield Figure("CPU-seconds of the first minute after a restart", cpu_seconds(operator), 60)
        yield Figure("resident MiB after a restart", memory_mib(operator), _memory_budget(count))
    finally:
        operator.kill()


def _writes(stage: World) -> list[dict[str, Any]]:
    return [call for call in stage.aws.calls() if call["write"]]


def _memory_budget(count: int) -> float:
    return 150 if count <= 1000 else 300  # noqa: PLR2004 - the two sizes that have a budget


def _pass_by(what: str, seconds: float) -> None:
    for _ in track(range(int(seconds)), description=what):
        time.sleep(1)


def _spec(number: int, *, weight: int) -> dict[str, Any]:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/reviews:1"
    models = [
        {
            "name": name,
            "primaryContainer": {"image": image, "modelDataUrl": f"s3://bench/{name}/model.tar.gz"},
        }
        for name in ("bert-a", "bert-b")
    ]
    variants = [
        {
            "name": name,
            "model": model,
            "instanceType": "ml.m5.large",
            "instanceCount": 1,
            "weight": weight,
        }
        for name, model in (("VariantA", "bert-a"), ("VariantB", "bert-b"))
    ]
    return {
        "endpointName": f"bench-{number}",
        "executionRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
        "models": models,
        "variants": variants,
        "monitoring": {"intervalSeconds": 3600},
    }


def _print(figures: list[Figure], count: int) -> None:
    table = Table(title=f"{count} resources, 2 variants each")
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("budget", justify="right")
    for figure in figures:
        budget = "" if figure.budget is None else f"{figure.budget:g}"
        table.add_row(figure.what, f"{figure.value:.4g}", budget, style="red" if figure.missed else None)
    Console().print(table)


if __name__ == "__main__":
    main()
