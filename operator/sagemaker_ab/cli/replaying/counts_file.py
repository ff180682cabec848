"""Reads recorded counts: CSV, one line for each minute and variant."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sagemaker_ab.cli.replaying.cells import moment
from sagemaker_ab.cli.replaying.columns import Columns, InvalidRow
from sagemaker_ab.traffic.evidence.ledger import Row

_MOST_VARIANTS: Final = 10
_MOST_DAYS: Final = 366
_MINUTES_A_DAY: Final = 1440


class InvalidCounts(ValueError):
    """Counts that cannot be read; the message names line, column, what was given and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Rows by minute, of a minute and variant the last one that stood; variants as they came."""

    rows: tuple[Row, ...]
    variants: tuple[str, ...]


def read_counts(lines: Iterable[str], *, source: str) -> Recorded:
    """Read CSV with a header, decoded with `surrogateescape`. Raises InvalidCounts."""
    try:
        rows = {(row.at, row.variant): row for row in _rows(_utf8(lines))}
        recorded = Recorded(
            rows=tuple(sorted(rows.values(), key=lambda row: row.at)),
            variants=tuple(dict.fromkeys(variant for _, variant in rows)),
        )
        _demand_bounds(recorded)
    except InvalidCounts as error:
        raise InvalidCounts(f"{source}, {error}") from error
    return recorded


def _utf8(lines: Iterable[str]) -> Iterator[str]:
    """Refuse a byte that is not UTF-8 by its place: spreadsheets and shells like to write UTF-16."""
    for number, line in enumerate(lines, start=1):
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError as error:
                byte = f"byte 0x{ord(line[error.start]) & 0xFF:02x}"
                where = f"line {number}, character {error.start + 1}"
                raise InvalidCounts(f"{where}: {byte} is not UTF-8, which the file should be") from error
        yield line


def _rows(lines: Iterator[str]) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    try:
        names = next(reader, None)
        if not names:
            raise InvalidRow("is empty; it should be the header: minute,variant,…")  # noqa: TRY301  # the line is told below
        columns = Columns(names)
        for cells in reader:
            if cells:
                yield columns.row(cells)
    except csv.Error as error:
        raise InvalidCounts(f"line {reader.line_num}: is not CSV: {error}") from error
    except InvalidRow as error:
        raise InvalidCounts(f"line {max(reader.line_num, 1)}, {error}") from error


def _demand_bounds(recorded: Recorded) -> None:
    variants, rows = recorded.variants, recorded.rows
    if not rows:
        raise InvalidCounts("line 2: is missing; there should be one for each minute and variant")
    if not 2 <= len(variants) <= _MOST_VARIANTS:  # noqa: PLR2004  # a comparison needs two
        raise InvalidCounts(
            f"column variant: has {len(variants)} ({', '.join(variants)}); "
            f"it should have from 2 to {_MOST_VARIANTS}"
        )
    days = (rows[-1].at - rows[0].at) // _MINUTES_A_DAY
    if days > _MOST_DAYS:
        first, last = moment(rows[0].at), moment(rows[-1].at)
        raise InvalidCounts(
            f"column minute: goes from {first} to {last}, {days} days; it should be {_MOST_DAYS} at most"
        )
