"""Which requests an order means, and when it fires: for faults and for holds.

A rule matches requests by operation, resource, service, region and kind, skips the first ``nth - 1`` of them,
and then fires ``count`` times, each with ``probability``.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from sandbox.aws.calls import CallRecord


class BadRuleError(ValueError):
    """A rule, match or effect that says something unknown."""


Check = Callable[[Any], bool]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


_MATCH: dict[str, Check] = {
    "service": lambda value: isinstance(value, str),
    "operation": lambda value: isinstance(value, str),
    "resource": lambda value: isinstance(value, str),
    "region": lambda value: isinstance(value, str),
    "write": lambda value: isinstance(value, bool) or is_count(value),
    "nth": is_count,
}


def check(raw: Mapping[str, Any], checks: Mapping[str, Check], what: str) -> None:
    """Raise BadRuleError for a key that is unknown or a value that cannot be."""
    for key, value in raw.items():
        if key not in checks:
            raise BadRuleError(f"{what} has no {key}, but {', '.join(checks)}")
        if not checks[key](value):
            raise BadRuleError(f"{what} cannot have {key}={value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which requests are meant. Names take ``*``; ``write`` is true, false, or the number of one write."""

    service: str = "*"
    operation: str = "*"
    resource: str = "*"
    region: str = "*"
    write: bool | int | None = None
    nth: int = 1

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Match:
        check(raw, _MATCH, "a match")
        return cls(**raw)

    def fits(self, record: CallRecord) -> bool:
        return (
            fnmatch.fnmatchcase(record.service, self.service)
            and fnmatch.fnmatchcase(record.operation, self.operation)
            and fnmatch.fnmatchcase(record.resource, self.resource)
            and fnmatch.fnmatchcase(record.region, self.region)
            and self._fits_kind(record)
        )

    def _fits_kind(self, record: CallRecord) -> bool:
        if self.write is None:
            return True
        return (
            record.write == self.write if isinstance(self.write, bool) else record.write_number == self.write
        )


@dataclass(slots=True, kw_only=True)
class Rule:
    """A fault with one effect. Null ``count`` is for ever."""

    id: str
    match: Match
    effect: Mapping[str, Any]
    count: int | None = 1
    probability: float = 1.0
    seen: int = 0
    fired: int = 0

    def fires(self, record: CallRecord, draw: random.Random) -> bool:
        if not self.match.fits(record):
            return False
        self.seen += 1
        spent = self.count is not None and self.fired >= self.count
        if spent or self.seen < self.match.nth or draw.random() >= self.probability:
            return False
        self.fired += 1
        return True
