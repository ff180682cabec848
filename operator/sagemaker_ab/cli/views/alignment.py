"""Aligns rows in columns where a rich table does not fit: branches of a tree, lines that must not wrap."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.text import Text

_GAP = "  "


def aligned(rows: Sequence[Sequence[Text]]) -> list[Text]:
    """Return one line per row, with each cell padded to the width of its column and no trailing blanks."""
    widths = [max(cell.cell_len for cell in column) for column in zip_longest(*rows, fillvalue=Text())]
    return [_line(row, widths=widths) for row in rows]


def _line(row: Sequence[Text], *, widths: Sequence[int]) -> Text:
    line = Text(_GAP).join(
        Text.assemble(cell, " " * (width - cell.cell_len)) for cell, width in zip(row, widths, strict=False)
    )
    line.rstrip()
    return line
