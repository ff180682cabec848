"""`python -m calibration [--profile full|quick] [--only WORD] [--resume]`: measure, write and judge."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain
from json import dumps, loads
from os import cpu_count
from pathlib import Path
from typing import Final

from calibration.guards import guardrails, latencies, sample_ratios
from calibration.learning import bandits
from calibration.pages import Result, page, picture
from calibration.rows import CalibrationRow, Outcome
from calibration.winners import equals, intervals, speed, wrong

ROOT: Final = Path(__file__).parents[1]
KEPT: Final = ROOT / ".calibration"
DOCS: Final = ROOT / "docs"
TABLES: Final[tuple[Callable[[str], list[CalibrationRow]], ...]] = (
    guardrails,
    sample_ratios,
    latencies,
    speed,
    equals,
    wrong,
    intervals,
    bandits,
)


def every_row(profile: str) -> list[CalibrationRow]:
    """Return all rows, in the order of the page."""
    return list(chain.from_iterable(table(profile) for table in TABLES))


def measure(row: CalibrationRow, *, runs: int, pool: ProcessPoolExecutor) -> list[Outcome]:
    """Try a row as often as asked, on all cores."""
    trial = partial(_tried, row.trial, row.settings)
    return list(pool.map(trial, range(runs), chunksize=max(1, min(20, runs // 8))))


def _tried(trial: Callable[[int, object], Outcome], settings: object, seed: int) -> Outcome:
    return trial(seed, settings)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    kept = KEPT / options.profile
    kept.mkdir(parents=True, exist_ok=True)
    rows = every_row(options.profile)
    chosen = [row for row in rows if all(word in row.key for word in options.only)]
    with ProcessPoolExecutor(options.workers) as pool:
        for row in chosen:
            _measured(row, pool=pool, kept=kept, options=options)
    results = list(_results(rows, kept))
    (DOCS / "calibration.md").write_text(page(results, profile=options.profile))
    picture(results, DOCS / "images")
    missed = [line for result in results for line in result.missed]
    sys.stdout.write("".join(f"MISSED: {line}\n" for line in missed))
    return 1 if missed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m calibration", description=__doc__)
    parser.add_argument("--profile", choices=["full", "quick"], default="full")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="rows whose key holds it")
    parser.add_argument("--runs", type=int, help="so many runs a row, instead of the profile's")
    parser.add_argument("--resume", action="store_true", help="keep the rows that are measured already")
    parser.add_argument("--workers", type=int, default=cpu_count())
    return parser.parse_args(arguments)


def _measured(
    row: CalibrationRow, *, pool: ProcessPoolExecutor, kept: Path, options: argparse.Namespace
) -> None:
    file = kept / f"{row.key}.json"
    if options.resume and file.exists():
        return
    started = time.monotonic()
    outcomes = measure(row, runs=options.runs or row.runs[options.profile], pool=pool)
    file.write_text(dumps(outcomes))
    sys.stdout.write(f"{time.monotonic() - started:6.0f} s  {Result(row, outcomes).line}\n")
    sys.stdout.flush()


def _results(rows: Iterable[CalibrationRow], kept: Path) -> Iterable[Result]:
    for row in rows:
        file = kept / f"{row.key}.json"
        if file.exists():
            yield Result(row, loads(file.read_text()))


if __name__ == "__main__":
    sys.exit(main())
