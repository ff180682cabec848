"""``python -m sandbox.aws.ledger``: how many behaviours are known, and how; fails if a row is not held."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws.ledger import ROWS, Kind, read
from sandbox.aws.ledger.audit import Audit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from sandbox.aws.ledger import Row


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of the rows, of the code that is built from them, and of the tests that hold them."""

    rows: Path = ROWS
    code: Path = ROWS.parent
    tests: Path = ROWS.parents[2] / "tests" / "simulation"


def main(arguments: Sequence[str] | None = None, places: Places | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.aws.ledger", description=__doc__)
    parser.add_argument("--rows", action="store_true", help="print each row with its source, code and tests")
    asked, places = parser.parse_args(arguments), places or Places()
    try:
        rows = read(places.rows)
    except ValueError as error:
        sys.exit(str(error))
    audit = Audit.of(rows, code=places.code, tests=places.tests)
    if asked.rows:
        _print_rows(audit)
    _print_counts(rows)
    if findings := audit.findings():
        sys.exit("\n".join(findings))


def _print_rows(audit: Audit) -> None:
    for row in audit.rows.values():
        code, tests = audit.places(row.id)
        print(f"{row.id} ({row.kind}): {row.says}")
        print(f"    source: {' '.join(row.source.split())}")
        print(f"    code:   {', '.join(code)}")
        print(f"    tests:  {', '.join(tests)}")
    print()


def _print_counts(rows: Mapping[str, Row]) -> None:
    families = sorted({row_id.partition(".")[0] for row_id in rows})
    counted = Counter((row_id.partition(".")[0], row.kind) for row_id, row in rows.items())
    by_kind = Counter(row.kind for row in rows.values())
    _print_line("rows", (*Kind, "all"))
    for family in families:
        numbers = [counted[family, kind] for kind in Kind]
        _print_line(family, (*numbers, sum(numbers)))
    _print_line("all", (*(by_kind[kind] for kind in Kind), len(rows)))
    _print_line("share", (f"{by_kind[kind] / len(rows):.0%}" for kind in Kind))
    variants = sum(len(row.variants) for row in rows.values() if row.kind is Kind.ASSUMED)
    print(f"{variants} variants of what is assumed")


def _print_line(name: str, cells: Iterable[object]) -> None:
    print(f"{name:<14}" + "".join(f"{cell!s:>12}" for cell in cells))


if __name__ == "__main__":
    main()
