"""Simulations that play chosen variants of the ledger's assumed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.inprocess import InProcessAws
from sandbox.aws.ledger import row

if TYPE_CHECKING:
    from collections.abc import Mapping


def calm(values: Mapping[str, Any]) -> InProcessAws:
    """A simulation without chaos that plays the variants that have these values, by row."""
    chosen = {name: [one.value for one in row(name).variants].index(value) for name, value in values.items()}
    return InProcessAws(stale_reads=False, lost_answers=False, variants=chosen)
