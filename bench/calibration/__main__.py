"""`python -m bench.calibration [--profile full|quick] [--only WORD] [--resume]`: measure, write and judge."""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from itertools import chain
from json import dumps, loads
from os import cpu_count
from pathlib import Path
from typing import Final

from bench.calibration.contests import false_winners, wrong_winners
from bench.calibration.guardrails import guardrails
from bench.calibration.intervals import intervals
from bench.calibration.latencies import latencies
from bench.calibration.learning import bandits
from bench.calibration.pages import Result, page, pictures, published_lines
from bench.calibration.rows import CalibrationRow, Outcome
from bench.calibration.sample_ratios import sample_ratios
from bench.calibration.speeds import speeds

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / ".calibration"
DOCS: Final = ROOT / "docs"
SOURCES: Final = ("bench/calibration", "operator/sagemaker_ab/traffic", "operator/sagemaker_ab/api/policies")
TABLES: Final[tuple[Callable[[str], list[CalibrationRow]], ...]] = (
    false_winners,
    wrong_winners,
    speeds,
    intervals,
    guardrails,
    latencies,
    sample_ratios,
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
    kept = KEPT / options.profile / _version()
    kept.mkdir(parents=True, exist_ok=True)
    rows = every_row(options.profile)
    chosen = [row for row in rows if all(word in row.key for word in options.only)]
    # Trials leave no cycles behind: to look for them is a tenth of the time.
    with ProcessPoolExecutor(options.workers, initializer=gc.disable) as pool:
        for row in chosen:
            _measured(row, pool=pool, kept=kept, options=options)
    return _published(rows, kept, profile=options.profile)


def _version() -> str:
    """Return what tells this code from any other: results of other code are never taken for its own."""
    digest = sha256()
    for file in sorted(chain.from_iterable((ROOT / source).rglob("*.py") for source in SOURCES)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _published(rows: Sequence[CalibrationRow], kept: Path, *, profile: str) -> int:
    """Write page and pictures of all that is measured; return 1 where a bound is missed.

    A row that this code has not measured keeps its line in a page of the same profile, with a mark.
    """
    measured = {row.key: loads(file.read_text()) for row in rows if (file := _file(row, kept)).exists()}
    results = [Result(row, measured[row.key], few=profile != "full") for row in rows if row.key in measured]
    published = DOCS / "calibration.md"
    before = published.read_text()
    lines = published_lines(before) if f"profile {profile}," in before else {}
    published.write_text(page(rows, results, profile=profile, version=kept.name, kept=lines))
    pictures(rows, results, DOCS / "images")
    missed = [line for result in results for line in result.missed]
    sys.stdout.write("".join(f"MISSED: {line}\n" for line in missed))
    return 1 if missed else 0


def _file(row: CalibrationRow, kept: Path) -> Path:
    return kept / f"{row.key}.json"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.calibration", description=__doc__)
    parser.add_argument("--profile", choices=["full", "quick"], default="full")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="rows whose key holds it")
    parser.add_argument("--runs", type=int, help="so many runs a row instead of the profile's")
    parser.add_argument(
        "--resume", action="store_true", help="keep the rows that this code has measured already"
    )
    parser.add_argument("--workers", type=int, default=cpu_count())
    return parser.parse_args(arguments)


def _measured(
    row: CalibrationRow, *, pool: ProcessPoolExecutor, kept: Path, options: argparse.Namespace
) -> None:
    file = _file(row, kept)
    if options.resume and file.exists():
        return
    started = time.monotonic()
    outcomes = measure(row, runs=options.runs or row.runs[options.profile], pool=pool)
    file.write_text(dumps(outcomes))
    result = Result(row, outcomes, few=options.profile != "full")
    sys.stdout.write(f"{time.monotonic() - started:6.0f} s  {result.line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
