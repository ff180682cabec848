"""Mutants that no test can kill, because they behave as the code does: ``hack/mutants/equivalents.toml``.

An entry names a file, a function and the changed lines without their indentation, so that it survives edits
elsewhere, also in the same function.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hack.mutants.mutant import Diff, Mutant, Verdict, change_of

FILE: Final = Path(__file__).with_name("equivalents.toml")


@dataclass(frozen=True, slots=True)
class Equivalent:
    file: str
    function: str
    change: tuple[str, ...]
    why: str

    def is_of(self, mutant: Mutant, diff: Diff) -> bool:
        return (self.file, self.function, self.change) == (mutant.file, mutant.function, diff.change)

    def __str__(self) -> str:
        return "\n  ".join((f"{self.file}, {self.function}", *self.change))


def parse(text: str) -> tuple[Equivalent, ...]:
    """Read the list. Raises ValueError for an entry that is incomplete or listed twice."""
    entries: list[Equivalent] = []
    for table in tomllib.loads(text).get("equivalent", []):
        if set(table) != {"file", "function", "change", "why"} or not all(table.values()):
            raise ValueError(f"an entry has a file, a function, a change and a why: {table}")
        entry = Equivalent(table["file"], table["function"], change_of(table["change"]), table["why"])
        if any(str(entry) == str(other) for other in entries):
            raise ValueError(f"listed twice: {entry}")
        entries.append(entry)
    return tuple(entries)


def outdated(
    entries: Iterable[Equivalent],
    diffs: Mapping[Mutant, Diff],
    verdicts: Mapping[Mutant, Verdict],
) -> Iterator[str]:
    """Yield a line for each entry whose mutant is killed or no longer exists.

    `diffs` has all mutants of the functions that the entries name.
    """
    for entry in entries:
        mutants = [mutant for mutant, diff in diffs.items() if entry.is_of(mutant, diff)]
        if not mutants:
            yield f"no longer exists: {entry}"
        elif any(verdicts[mutant].is_kill for mutant in mutants):
            yield f"is killed, so it is not equivalent: {entry}"
