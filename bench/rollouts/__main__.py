"""`python -m bench.rollouts --runs 200`: rollouts of a day between equals, by the operator in this process.

Counts the rollbacks, each of which is false, and compares each run with a replay of its export. Exits
non-zero past a bound. Reads are half as frequent as in the operator, which takes a third less time. The
decisions depend on the minutes alone.
"""

import argparse
import logging
import statistics
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.rollouts.day import Played, play

MOST_FALSE_PERCENT = 1.0
"""The false alarm rate of the policy, which is its default."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure and the most that it may be; a bound of None is not judged."""

    what: str
    value: float
    bound: float | None = None

    @property
    def missed(self) -> bool:
        return self.bound is not None and self.value > self.bound


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rollouts", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--hours", type=int, default=24, help="of each run; a multiple of 4")
    parser.add_argument("--every", type=int, default=120, help="seconds between reads: 60 in the operator")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    one = partial(play, hours=given.hours, every_seconds=given.every)
    seeds = range(given.first_seed, given.first_seed + given.runs)
    played = sorted(_every(one, seeds, workers=given.workers), key=lambda each: each.seed)
    found = list(figures(played))
    _print(found, title=f"{given.runs} rollouts of {given.hours} hours between equals")
    for each in played:
        if each.outcome != "Promoted" or each.replay_differs:
            print(f"seed {each.seed}: {each.outcome or 'not ended'}\n  {each.decisions}\n  {each.replayed}")
    sys.exit(any(figure.missed for figure in found))


def _every(one: partial[Played], seeds: Sequence[int], *, workers: int) -> Iterator[Played]:
    with ProcessPoolExecutor(workers, max_tasks_per_child=10) as pool:
        running = [pool.submit(one, seed) for seed in seeds]
        for done in track(as_completed(running), total=len(running), description="rolling out"):
            yield done.result()


def figures(played: Sequence[Played]) -> Iterator[Figure]:
    """Yield what the rollouts show together."""

    def percent(count: int) -> float:
        return 100 * count / len(played)

    outcomes = [each.outcome for each in played]
    yield Figure("false rollbacks in %", percent(outcomes.count("RolledBack")), MOST_FALSE_PERCENT)
    yield Figure("runs that are neither promoted nor rolled back", outcomes.count(""), 0)
    yield Figure("runs whose replay decides otherwise", sum(each.replay_differs for each in played), 0)
    yield Figure(
        "runs held for a sample ratio mismatch in %", percent(sum(each.mismatched for each in played))
    )
    yield Figure("CPU-seconds for a run", statistics.mean(each.cpu_seconds for each in played))
    yield Figure("status writes for a run", statistics.mean(each.status_writes for each in played))


def _print(found: Sequence[Figure], *, title: str) -> None:
    table = Table(title=title)
    table.add_column("figure")
    table.add_column("measured", justify="right")
    table.add_column("at most", justify="right")
    for figure in found:
        bound = "" if figure.bound is None else f"{figure.bound:g}"
        table.add_row(figure.what, f"{figure.value:.4g}", bound, style="red" if figure.missed else None)
    Console().print(table)


if __name__ == "__main__":
    main()
