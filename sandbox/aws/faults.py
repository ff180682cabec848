"""Faults on command, chaos in the background, and requests held to be killed.

A rule matches requests by operation, resource, service and kind, skips the first ``nth - 1`` of them, and
then fires ``count`` times, each with ``probability``.
"""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping

    from sandbox.aws.calls import CallRecord
    from sandbox.aws.ledger import Ledger


class BadRuleError(ValueError):
    """A rule, match or effect that says something unknown."""


Check = Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_error(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() - {"code", "text", "http"}:
        return False
    texts = (value.get("code"), value.get("text", ""))
    return all(isinstance(text, str) for text in texts) and _is_count(value.get("http", 400))


_MATCH: dict[str, Check] = {
    "service": lambda value: isinstance(value, str),
    "operation": lambda value: isinstance(value, str),
    "resource": lambda value: isinstance(value, str),
    "write": lambda value: isinstance(value, bool) or _is_count(value),
    "nth": _is_count,
}
_EFFECT: dict[str, Check] = {
    "error": _is_error,
    "throttle": lambda value: value is True,
    "latency": _is_number,
    "drop": lambda value: value in {"before", "after"},
    "stale": _is_number,
    "fail": lambda value: isinstance(value, dict) and not value.keys() - {"reason", "silent"},
}
_RULE: dict[str, Check] = {
    "match": lambda value: isinstance(value, dict),
    "effect": lambda value: isinstance(value, dict) and len(value) == 1,
    "count": lambda value: value is None or _is_count(value),
    "probability": lambda value: _is_number(value) and value <= 1,
}


def _check(raw: Mapping[str, Any], checks: Mapping[str, Check], what: str) -> None:
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
    write: bool | int | None = None
    nth: int = 1

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Match:
        _check(raw, _MATCH, "a match")
        return cls(**raw)

    def fits(self, record: CallRecord) -> bool:
        return (
            fnmatch.fnmatchcase(record.service, self.service)
            and fnmatch.fnmatchcase(record.operation, self.operation)
            and fnmatch.fnmatchcase(record.resource, self.resource)
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
    """A fault; its effect is one of error, throttle, latency, drop, stale, fail. Null count is for ever."""

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


@dataclass(slots=True)
class Plan:
    """What is to happen to one request beside its plain course."""

    error: Mapping[str, Any] | None = None
    latency: float = 0.0
    drop_before: bool = False
    drop_after: bool = False
    stale: float = 0.0
    fail: Mapping[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class Faults:
    """The rules in force, and whether the background chaos is on."""

    ledger: Ledger
    stale_reads: bool = True
    lost_answers: bool = True
    _rules: dict[str, Rule] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, raw: Mapping[str, Any]) -> Rule:
        """Put a rule in force; raises BadRuleError."""
        effect = raw.get("effect", {})
        _check({"effect": effect, **raw}, _RULE, "a rule")
        _check(effect, _EFFECT, "an effect")
        options = {key: raw[key] for key in ("count", "probability") if key in raw}
        rule = Rule(
            id=f"f{next(self._ids)}", match=Match.parse(raw.get("match", {})), effect=effect, **options
        )
        self._rules[rule.id] = rule
        return rule

    def remove(self, rule_id: str) -> bool:
        return self._rules.pop(rule_id, None) is not None

    def rules(self) -> list[Rule]:
        return list(self._rules.values())

    def plan(self, record: CallRecord, *, may_be_stale: bool) -> Plan:
        """Return what is to happen to a request: the chaos first, then every rule that fires."""
        plan = Plan()
        if self.stale_reads and may_be_stale:
            chance = self.ledger.value("aws.stale-read")
            draw = self.ledger.draw("stale-read")
            if draw.random() < chance["probability"]:
                plan.stale = draw.uniform(0, chance["seconds"])
        if self.lost_answers and record.write:
            chance = self.ledger.value("aws.lost-answer")
            plan.drop_after = self.ledger.draw("lost-answer").random() < chance["probability"]
        for rule in self._rules.values():
            if rule.fires(record, self.ledger.draw(f"rule/{rule.id}")):
                _apply(plan, rule.effect)
        return plan


def _apply(plan: Plan, effect: Mapping[str, Any]) -> None:
    if "error" in effect:
        plan.error = effect["error"]
    elif "throttle" in effect:
        plan.error = {}
    elif "latency" in effect:
        plan.latency += float(effect["latency"])
    elif "drop" in effect:
        plan.drop_before = effect["drop"] == "before"
        plan.drop_after = effect["drop"] == "after"
    elif "stale" in effect:
        plan.stale = float(effect["stale"])
    else:
        plan.fail = effect["fail"]
