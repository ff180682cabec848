"""Reads recorded counts from CSV with one line for each minute and variant."""

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sagemaker_ab.cli.replaying.cells import moment
from sagemaker_ab.cli.replaying.columns import Columns, InvalidRow
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow

_MOST_VARIANTS: Final = 10
_MOST_DAYS: Final = 366
_MINUTES_A_DAY: Final = 1440
_BYTE_ORDER_MARK: Final = "\ufeff"


class InvalidCounts(ValueError):
    """The counts are invalid; the message names line, column, value and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Rows in order of minutes, variants in order of names. Of duplicates, the last line counts."""

    rows: tuple[CountsRow, ...]
    variants: tuple[str, ...]


def read_counts(lines: Iterable[str], *, source: str) -> Recorded:
    """Read CSV that has a header and was decoded with `surrogateescape`. Raises InvalidCounts."""
    try:
        found = {(row.at, row.variant): (line, row) for line, row in _rows(_utf8(lines))}
        _check_bounds(found.values())
    except InvalidCounts as error:
        raise InvalidCounts(f"{source}, {error}") from error
    return Recorded(
        rows=tuple(sorted((row for _, row in found.values()), key=lambda row: row.at)),
        variants=tuple(sorted({variant for _, variant in found})),
    )


def _utf8(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines without a byte order mark. Raises InvalidCounts with the position of invalid UTF-8.

    Some spreadsheets and shells write UTF-16.
    """
    for number, line in enumerate(lines, start=1):
        if not line.isascii():
            try:
                line.encode()
            except UnicodeEncodeError as error:
                byte = f"byte 0x{ord(line[error.start]) & 0xFF:02x}"
                where = f"line {number}, character {error.start + 1}"
                raise InvalidCounts(f"{where}: {byte} is not UTF-8, which the file should be") from error
        yield line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line


def _rows(lines: Iterator[str]) -> Iterator[tuple[int, CountsRow]]:
    reader = csv.reader(lines, strict=True)
    try:
        names = next(reader, None)
        if not names:
            raise InvalidRow("is empty; it should be the header, such as minute,variant,trials,successes")  # noqa: TRY301  # handled below
        columns = Columns(names)
        for cells in reader:
            if cells:
                yield reader.line_num, columns.row(cells)
    except csv.Error as error:
        raise InvalidCounts(f"line {reader.line_num}: is not CSV: {error}") from error
    except InvalidRow as error:
        raise InvalidCounts(f"line {max(reader.line_num, 1)}{error}") from error


def _check_bounds(found: Collection[tuple[int, CountsRow]]) -> None:
    if not found:
        raise InvalidCounts("line 2 is missing; there should be one for each minute and variant")
    _check_variants(found)
    _check_days(found)


def _check_variants(found: Collection[tuple[int, CountsRow]]) -> None:
    lines: dict[str, int] = {}
    for line, row in found:
        lines.setdefault(row.variant, line)
    should = f"there should be from 2 to {_MOST_VARIANTS} variants"
    if len(lines) == 1:
        last = max(line for line, _ in found)
        raise InvalidCounts(f"line {last}, column variant: {next(iter(lines))} is the only one; {should}")
    if len(lines) > _MOST_VARIANTS:
        name, line = list(lines.items())[_MOST_VARIANTS]
        raise InvalidCounts(
            f"line {line}, column variant: {name} is number {_MOST_VARIANTS + 1} of {len(lines)}; {should}"
        )


def _check_days(found: Collection[tuple[int, CountsRow]]) -> None:
    (first_line, first), (last_line, last) = (pick(found, key=lambda each: each[1].at) for pick in (min, max))
    days = (last.at - first.at) // _MINUTES_A_DAY
    if days > _MOST_DAYS:
        raise InvalidCounts(
            f"line {last_line}, column minute: {moment(last.at)} is {days} days after {moment(first.at)} "
            f"in line {first_line}; it should be {_MOST_DAYS} at most"
        )
