"""Which seeds of the simulated AWS tests run under, and which of a seed's guesses a failure rests upon."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox.aws.inprocess import InProcessAws
from sandbox.aws.ledger import WITNESSED, Ledger, Outcome, row

SEEDS = range(1, 1 + int(os.environ.get("SANDBOX_SEEDS", "2")))
"""Two in everyday runs; ``make seeds`` asks for more."""


def blamed(seed: int, passes: Callable[[InProcessAws], object]) -> str:
    """Name the rows that a failure rests upon: with another variant of one of them, it does not happen."""
    rows = ", ".join(_remedies(seed, passes))
    return f"seed {seed}; it passes with another variant of {rows or 'no single row'}"


@contextmanager
def telling(seed: int) -> Iterator[None]:
    """Let a failure of what is done within, in this process, tell the guesses that it was played under."""
    WITNESSED.clear()
    try:
        yield
    except BaseException as error:
        rows = "\n".join(f"  {name} has {_said(chosen)}" for name, chosen in _guesses(seed))
        error.add_note(f"seed {seed}, which guessed in this test\n{rows}")
        raise


def _guesses(seed: int) -> Iterator[tuple[str, Outcome]]:
    """What a seed has chosen, where there was a choice, for the rows whose code has run."""
    ledger = Ledger(seed)
    for name in sorted(WITNESSED):
        if len(row(name).variants) > 1:
            yield name, ledger.chosen(name)


def _said(chosen: Outcome) -> object:
    return chosen.value or chosen.seconds or chosen.refusal


def _remedies(seed: int, passes: Callable[[InProcessAws], object]) -> Iterator[str]:
    WITNESSED.clear()
    _holds(passes, InProcessAws(seed=seed))
    for name, chosen in list(_guesses(seed)):
        for number, variant in enumerate(row(name).variants):
            if variant != chosen and _holds(passes, InProcessAws(seed=seed, variants={name: number})):
                yield f"{name} (has {_said(chosen)})"
                break


def _holds(passes: Callable[[InProcessAws], object], sim: InProcessAws) -> bool:
    try:
        passes(sim)
    except Exception:  # noqa: BLE001  whatever goes wrong, this variant is no remedy
        return False
    return True
