"""The fidelity ledger: what the simulation does, one row per behaviour, and how that is known.

A row is documented, observed or assumed, and names its source; or it is the simulation's own and says nothing
of AWS. Every refusal, duration and default of the engine is built from the id of a row, so that code without
a row cannot be written. An assumed row holds several variants, of which the seed picks one: whoever is tested
against the simulation must be right under all. The rows are in the YAML files beside this module.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from sandbox.aws.errors import AwsError

F = TypeVar("F", bound=Callable[..., Any])

ROWS = Path(__file__).parent
"""The folder of the rows."""


class Kind(StrEnum):
    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"
    OWN = "own"


class UnknownRowError(KeyError):
    """Code asked for a row, or for a part of a row, that the ledger does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Error code, HTTP status and text; the text's fields are filled in where it is raised."""

    code: str
    text: str
    http: int = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a row makes the engine do: at most one of the three."""

    refusal: Refusal | None = None
    seconds: tuple[float, float] | None = None
    value: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One behaviour. ``variants`` has one outcome, or several if it is assumed and the seed picks."""

    id: str
    says: str
    kind: Kind
    source: str
    variants: tuple[Outcome, ...]


_OUTCOME_KEYS = frozenset({"refusal", "seconds", "value"})
_ROW_KEYS = frozenset({"id", "says", "kind", "source", "variants"}) | _OUTCOME_KEYS


def _outcome(raw: Mapping[str, Any]) -> Outcome:
    refusal = Refusal(**raw["refusal"]) if "refusal" in raw else None
    seconds = raw.get("seconds")
    if seconds is not None:
        low, high = seconds if isinstance(seconds, list) else (seconds, seconds)
        seconds = (float(low), float(high))
    return Outcome(refusal=refusal, seconds=seconds, value=raw.get("value"))


def _row(raw: Mapping[str, Any]) -> Row:
    name = f"ledger row {raw.get('id')}"
    if unknown := raw.keys() - _ROW_KEYS:
        raise ValueError(f"{name}: cannot have {', '.join(sorted(unknown))}")
    if missing := [key for key in ("id", "says", "kind", "source") if not raw.get(key)]:
        raise ValueError(f"{name}: lacks {', '.join(missing)}")
    kind = Kind(raw["kind"])
    variants = tuple(_outcome(variant) for variant in raw.get("variants", [raw]))
    if (len(variants) > 1) is not (kind is Kind.ASSUMED):
        raise ValueError(f"{name}: what is assumed has variants, and nothing else does")
    return Row(id=raw["id"], says=raw["says"], kind=kind, source=raw["source"], variants=variants)


def read(folder: Path) -> Mapping[str, Row]:
    """Return the rows of the YAML files in a folder by id; raises ValueError for one that cannot be."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Row] = {}
    for file in sorted(folder.glob("*.yaml")):
        for raw in yaml.load(file.read_text(), Loader=loader):  # noqa: S506  the safe loader, in C where it is
            row = _row(raw)
            if row.id in found:
                raise ValueError(f"ledger row {row.id}: stands twice")
            found[row.id] = row
    return found


@functools.cache
def rows() -> Mapping[str, Row]:
    """All rows by id."""
    return read(ROWS)


def row(row_id: str) -> Row:
    """Return one row; raises UnknownRowError."""
    try:
        return rows()[row_id]
    except KeyError:
        raise UnknownRowError(row_id) from None


WITNESSED: set[str] = set()
"""The rows whose code has run in this process, for tests that claim to hold them."""


def holds(*row_ids: str) -> Callable[[F], F]:
    """Say which rows a function is the code of, where it builds no refusal, duration or default from them."""
    for row_id in row_ids:
        row(row_id)

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def witnessed(*args: Any, **kwargs: Any) -> Any:
            WITNESSED.update(row_ids)
            return function(*args, **kwargs)

        return cast("F", witnessed)

    return decorate


class Ledger:
    """The rows as one simulation plays them: variants and durations drawn from its seed.

    ``variants`` numbers, by row, those that are played whatever the seed says.
    """

    def __init__(self, seed: int = 0, *, variants: Mapping[str, int] | None = None) -> None:
        self.seed = seed
        self._chosen = {row_id: row(row_id).variants[number] for row_id, number in (variants or {}).items()}
        self._draws: dict[str, random.Random] = {}

    def refuse(self, row_id: str, /, **fields: object) -> AwsError:
        """Return the refusal of a row, to be raised; ``fields`` fill its text."""
        refusal = self.chosen(row_id).refusal
        if refusal is None:
            raise UnknownRowError(f"{row_id} has no refusal")
        return AwsError(refusal.code, refusal.text.format(**fields), http=refusal.http)

    def text(self, row_id: str, /, **fields: object) -> str:
        """Return a text that is a value of a row, such as a failure reason; ``fields`` fill it."""
        return str(self.value(row_id)).format(**fields)

    def seconds(self, row_id: str) -> float:
        """Draw a duration in virtual seconds from the range of a row."""
        span = self.chosen(row_id).seconds
        if span is None:
            raise UnknownRowError(f"{row_id} has no seconds")
        return self.draw(row_id).uniform(*span)

    def value(self, row_id: str) -> Any:
        """Return the default, limit or choice that a row holds."""
        value = self.chosen(row_id).value
        if value is None:
            raise UnknownRowError(f"{row_id} has no value")
        return value

    def draw(self, purpose: str) -> random.Random:
        """Return the random stream of one purpose: the same seed gives the same stream."""
        if purpose not in self._draws:
            self._draws[purpose] = random.Random(f"{self.seed}/{purpose}")
        return self._draws[purpose]

    def chosen(self, row_id: str) -> Outcome:
        """Return what a row does under this seed."""
        variants = row(row_id).variants
        WITNESSED.add(row_id)
        if len(variants) == 1:
            return variants[0]
        if row_id not in self._chosen:
            self._chosen[row_id] = random.Random(f"{self.seed}/variant/{row_id}").choice(variants)
        return self._chosen[row_id]

    def choices(self) -> Iterator[tuple[str, Outcome]]:
        """Yield what this seed chose for each row that has a choice."""
        for row_id, found in rows().items():
            if len(found.variants) > 1:
                yield row_id, self.chosen(row_id)
