"""Rows aligned by hand, for lines that stand apart (in a tree) or must not wrap (in a list)."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.text import Text

_GAP = "  "


def aligned(rows: Sequence[Sequence[Text]]) -> list[Text]:
    """One line per row, each cell padded to the widest of its column; no blanks at the end."""
    widths = [max(cell.cell_len for cell in column) for column in zip_longest(*rows, fillvalue=Text())]
    return [_line(row, widths=widths) for row in rows]


def _line(row: Sequence[Text], *, widths: Sequence[int]) -> Text:
    line = Text(_GAP).join(
        Text.assemble(cell, " " * (width - cell.cell_len)) for cell, width in zip(row, widths, strict=False)
    )
    line.rstrip()
    return line
