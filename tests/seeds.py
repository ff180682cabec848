"""Which seeds of the simulated AWS tests run under, and which of a seed's guesses a failure rests upon."""

import os
from collections.abc import Callable, Iterator

from sandbox.aws.inprocess import InProcessAws
from sandbox.aws.ledger import Ledger, row

SEEDS = range(1, 1 + int(os.environ.get("SANDBOX_SEEDS", "2")))
"""Two in everyday runs; ``make seeds`` asks for more."""


def blamed(seed: int, passes: Callable[[InProcessAws], object]) -> str:
    """Name the rows that a failure rests upon: with another variant of one of them, it does not happen."""
    return (
        f"seed {seed}; it passes with another variant of {', '.join(_rows(seed, passes)) or 'no single row'}"
    )


def _rows(seed: int, passes: Callable[[InProcessAws], object]) -> Iterator[str]:
    for name, chosen in Ledger(seed).choices():
        for number, variant in enumerate(row(name).variants):
            if variant != chosen and _holds(passes, InProcessAws(seed=seed, variants={name: number})):
                yield f"{name} (has {chosen.value or chosen.seconds or chosen.refusal})"
                break


def _holds(passes: Callable[[InProcessAws], object], sim: InProcessAws) -> bool:
    try:
        passes(sim)
    except Exception:  # noqa: BLE001  whatever goes wrong, this variant is no remedy
        return False
    return True
