"""Reads recorded counts: CSV, one line for each minute and variant."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.ledger import Row

_COLUMNS: Final = {
    "weight": "weight",
    "invocations": "invocations",
    "errors4xx": "errors_4xx",
    "errors5xx": "errors_5xx",
    "modelErrors": "model_errors",
    "latencyAverageMicros": "latency_average_micros",
    "latencyP99Micros": "latency_p99_micros",
    "successes": "successes",
    "trials": "trials",
}
_DECIMAL_COLUMNS: Final = {"weight", "latencyAverageMicros", "latencyP99Micros"}
_KEYS: Final = ("minute", "variant")
_PARTS: Final = {
    "errors4xx": "invocations",
    "errors5xx": "invocations",
    "modelErrors": "invocations",
    "successes": "trials",
}
_MINUTE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:00)?(Z|\+00:00)")
_VARIANT: Final = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_MOST_DIGITS: Final = 15
_NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,20})?")
_LONGEST: Final = 60
_MOST_VARIANTS: Final = 10


class InvalidCounts(ValueError):
    """Counts that cannot be read; the message names line, column, what was given and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Rows by minute, of a minute and variant the last one that stood; variants as they came."""

    rows: tuple[Row, ...]
    variants: tuple[str, ...]


def read_counts(lines: Iterable[str], *, source: str) -> Recorded:
    """Read CSV with a header. Raises InvalidCounts."""
    reader = csv.reader(lines, strict=True)
    try:
        header = _header(next(reader, None), source=source)
        rows = {(row.at, row.variant): row for row in _rows(reader, header, source=source)}
    except csv.Error as error:
        raise InvalidCounts(f"{source}, line {reader.line_num}: is not CSV: {error}") from error
    if not rows:
        raise InvalidCounts(f"{source}: has no rows; it should have one for each minute and variant")
    variants = tuple(dict.fromkeys(variant for _, variant in rows))
    if not 2 <= len(variants) <= _MOST_VARIANTS:  # noqa: PLR2004  # a comparison needs two
        raise InvalidCounts(
            f"{source}, column variant: has {len(variants)} ({', '.join(variants)[:_LONGEST]}); "
            f"it should have from 2 to {_MOST_VARIANTS}"
        )
    return Recorded(rows=tuple(sorted(rows.values(), key=lambda row: row.at)), variants=variants)


def _header(names: Sequence[str] | None, *, source: str) -> list[str]:
    if not names:
        raise InvalidCounts(f"{source}, line 1: is empty; it should be the header: minute,variant,…")
    names = [name.strip().removeprefix("\ufeff") for name in names]
    known = (*_KEYS, *_COLUMNS)
    for place, name in enumerate(names, start=1):
        if name not in known:
            raise InvalidCounts(
                f"{source}, line 1, column {place}: {_shown(name)} is not known; allowed: {', '.join(known)}"
            )
        if names.index(name) < place - 1:
            raise InvalidCounts(
                f"{source}, line 1, column {place}: {name} should stand once, but stands again"
            )
    for name in _KEYS:
        if name not in names:
            raise InvalidCounts(
                f"{source}, line 1: has no column {name}, which is required; "
                f"given: {', '.join(names)[:_LONGEST]}"
            )
    if len(names) == len(_KEYS):
        raise InvalidCounts(
            f"{source}, line 1: has nothing but minute and variant; allowed: {', '.join(known)}"
        )
    return names


def _rows(reader: Any, header: Sequence[str], *, source: str) -> Iterator[Row]:
    at, variant = header.index("minute"), header.index("variant")
    columns = [(place, name) for place, name in enumerate(header) if name not in _KEYS]
    parts = [(part, whole) for part, whole in _PARTS.items() if part in header and whole in header]
    for cells in reader:
        if not cells or cells == [""]:
            continue
        where = f"{source}, line {reader.line_num}"
        if len(cells) != len(header):
            raise InvalidCounts(f"{where}: has {len(cells)} cells; the header has {len(header)} columns")
        values = {name: _number(cells[place].strip(), name, where) for place, name in columns}
        _demand_parts(values, parts, where=where)
        counts = Counts(**{_COLUMNS[name]: value for name, value in values.items()})  # type: ignore[arg-type]
        yield Row(_minute(cells[at].strip(), where), _variant(cells[variant].strip(), where), counts)


def _minute(text: str, where: str) -> int:
    found = _parsed_minute(text)
    if found is None:
        raise InvalidCounts(
            f"{where}, column minute: {_shown(text)} should be a minute in UTC, such as 2026-03-02T10:39Z"
        )
    return found


@lru_cache(maxsize=64)
def _parsed_minute(text: str) -> int | None:
    if not _MINUTE.fullmatch(text):
        return None
    try:
        return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) // 60
    except (ValueError, OverflowError):
        return None


def _variant(text: str, where: str) -> str:
    if not _VARIANT.fullmatch(text):
        raise InvalidCounts(
            f"{where}, column variant: {_shown(text)} should be a variant's name: "
            "letters, digits and inner -, at most 63"
        )
    return text


def _number(text: str, name: str, where: str) -> float | int | None:
    """An empty cell is absent, which is not zero."""
    if not text:
        return None
    if name in _DECIMAL_COLUMNS:
        if _NUMBER.fullmatch(text) and isfinite(value := float(text)):
            return value
        raise InvalidCounts(
            f"{where}, column {name}: {_shown(text)} should be a decimal of 0 or more, or empty"
        )
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    raise InvalidCounts(f"{where}, column {name}: {_shown(text)} should be an integer of 0 or more, or empty")


def _demand_parts(
    values: Mapping[str, float | int | None], parts: Sequence[tuple[str, str]], *, where: str
) -> None:
    for part, whole in parts:
        few, many = values[part], values[whole]
        if few is not None and many is not None and few > many:
            raise InvalidCounts(f"{where}, column {part}: {few} should be at most {whole}, {many}")


def _shown(text: str) -> str:
    return f"'{text[:_LONGEST]}…'" if len(text) > _LONGEST else f"'{text}'"
