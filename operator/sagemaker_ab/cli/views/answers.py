"""Renders the answers of `predict` as a table or as JSON Lines."""

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from rich.table import Table
from rich.text import Text

from sagemaker_ab.cli.views.formatting import ABSENT
from sagemaker_ab.cli.views.palette import variant_color


def answers_table(
    inputs: Sequence[Any], answers: Sequence[Any], *, variant: str, variants: Sequence[str]
) -> Table:
    """Return a table with one row per answer, and one column for each field of answers that are objects."""
    fields = list(dict.fromkeys(key for answer in answers if isinstance(answer, dict) for key in answer))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("INPUT", *(field.upper() for field in fields or ["ANSWER"]), "VARIANT"):
        table.add_column(heading, overflow="fold")
    color = variant_color(variants.index(variant)) if variant in variants else ""
    for sent, answer in zip_longest(inputs, answers, fillvalue=ABSENT):
        cells = (Text(cell) for cell in _cells(answer, fields=fields))
        table.add_row(Text(_input_text(sent)), *cells, Text(variant, color))
    return table


def _cells(answer: Any, *, fields: Sequence[str]) -> Iterator[str]:
    if not fields:
        yield _text(answer)
    elif isinstance(answer, dict):
        yield from (_text(answer.get(field, ABSENT)) for field in fields)
    else:
        yield _text(answer)
        yield from ABSENT * (len(fields) - 1)


def _input_text(value: Any) -> str:
    """Shorten an input of the notebook's form, {"features": ["..."]}, to its one feature."""
    match value:
        case {"features": [feature]} if len(value) == 1:
            return _text(feature)
    return _text(value)


def _text(value: Any) -> str:
    """Shorten numbers to four digits; the JSON output has all of them."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def answers_json(inputs: Sequence[Any], answers: Sequence[Any], *, variant: str) -> str:
    """Return one JSON object per line, with the members input, answer and variant."""
    return "\n".join(
        json.dumps({"input": sent, "answer": answer, "variant": variant}, ensure_ascii=False)
        for sent, answer in zip_longest(inputs, answers)
    )
