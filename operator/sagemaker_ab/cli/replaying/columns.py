"""The columns of recorded counts, and the rows parsed by them."""

from collections.abc import Sequence
from typing import Any, Final

from sagemaker_ab.cli.replaying import cells
from sagemaker_ab.cli.replaying.cells import InvalidCell, Parser, shown
from sagemaker_ab.traffic.counts import Counts
from sagemaker_ab.traffic.evidence.minute_buffer import CountsRow

_PARSERS: Final[dict[str, Parser]] = {
    "minute": cells.minute,
    "variant": cells.variant,
    "weight": cells.decimal,
    "invocations": cells.integer,
    "errors4xx": cells.integer,
    "errors5xx": cells.integer,
    "modelErrors": cells.integer,
    "latencyAverageMicros": cells.decimal,
    "latencyP99Micros": cells.decimal,
    "successes": cells.integer,
    "trials": cells.integer,
}
COLUMNS: Final = tuple(_PARSERS)
"""The names of all columns: minute, variant, and the fields of the counts in their order."""
_KEYS: Final = ("minute", "variant")
_FIELDS: Final = {
    "errors4xx": "errors_4xx",
    "errors5xx": "errors_5xx",
    "modelErrors": "model_errors",
    "latencyAverageMicros": "latency_average_micros",
    "latencyP99Micros": "latency_p99_micros",
}
_WHOLES: Final = {
    "errors4xx": "invocations",
    "errors5xx": "invocations",
    "modelErrors": "invocations",
    "successes": "trials",
}


class InvalidRow(ValueError):
    """A header or row is invalid; the message continues after the line's number.

    It names the column, the value and what is allowed.
    """

    def __init__(self, words: str, *, column: str | int | None = None) -> None:
        super().__init__(f" {words}" if column is None else f", column {column}: {words}")


class Columns:
    """The columns of a header, in its order. Raises InvalidRow."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = [name.strip() for name in names]
        self._check_known()
        self._check_enough()
        self._parsers = [_PARSERS[name] for name in self.names]
        self._at, self._variant = map(self.names.index, _KEYS)
        self._fields = [
            (_FIELDS.get(name, name), place) for place, name in enumerate(self.names) if name not in _KEYS
        ]
        self._parts = [
            (self.names.index(part), self.names.index(whole))
            for part, whole in _WHOLES.items()
            if part in self.names and whole in self.names
        ]

    def _check_known(self) -> None:
        for place, name in enumerate(self.names, start=1):
            if name not in _PARSERS:
                known = ", ".join(_PARSERS)
                raise InvalidRow(f"{shown(name)} is not known; allowed: {known}", column=place)
            if self.names.index(name) < place - 1:
                raise InvalidRow(f"{name} should appear once, but appears again", column=place)

    def _check_enough(self) -> None:
        given = ", ".join(self.names)
        for name in _KEYS:
            if name not in self.names:
                raise InvalidRow(f"has no column {name}, which is required; given: {given}")
        if len(self.names) == len(_KEYS):
            raise InvalidRow(f"has nothing but {given}; allowed: {', '.join(_PARSERS)}")

    def row(self, texts: Sequence[str]) -> CountsRow:
        """Return the row that these cells are. Raises InvalidRow."""
        if len(texts) != len(self.names):
            cells = "1 cell" if len(texts) == 1 else f"{len(texts)} cells"
            raise InvalidRow(f"has {cells}; the header has {len(self.names)} columns")
        values: list[Any] = []
        try:
            for parse, text in zip(self._parsers, texts, strict=True):
                values.append(parse(text.strip()))
        except InvalidCell as error:
            raise InvalidRow(str(error), column=self.names[len(values)]) from error
        self._check_parts(values)
        counts = Counts(**{name: values[place] for name, place in self._fields})
        if "weight" in self.names and counts.weight is None:
            counts = counts._replace(verified=False)
        return CountsRow(values[self._at], values[self._variant], counts)

    def _check_parts(self, values: Sequence[Any]) -> None:
        for part, whole in self._parts:
            few, many = values[part], values[whole]
            if few is not None and many is not None and few > many:
                raise InvalidRow(
                    f"{few} should be at most {self.names[whole]}, {many}", column=self.names[part]
                )
