"""Writes counts as the CSV that `replay` reads."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from sagemaker_ab.cli.replaying.cells import MOST_DECIMALS, moment
from sagemaker_ab.cli.replaying.columns import COLUMNS
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow


def counts_csv(rows: Iterable[CountsRow]) -> Iterator[str]:
    """Yield a header and one line for each row, in the order of the rows.

    A row whose weight is not verified has none, which is how the reader knows it.
    Write the row of a revised minute again: the reader uses the last line of a minute and variant.
    """
    yield ",".join(COLUMNS) + "\n"
    for at, variant, counts in rows:
        yield ",".join([moment(at), variant, *map(_cell, counts[:-1])]) + "\n"


def _cell(number: float | None) -> str:
    """Return a number without an exponent. A missing number is an empty cell, which is not zero."""
    if number is None:
        return ""
    text = f"{Decimal(repr(number)):f}"
    whole, point, decimals = text.partition(".")
    return whole + point + decimals[:MOST_DECIMALS]
