"""Faults on command, and chaos in the background."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.aws.effects import EFFECTS, Plan
from sandbox.aws.rules import Check, Match, Rule, check, is_count, is_number
from sandbox.aws.throttling import Buckets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.aws.calls import CallRecord
    from sandbox.aws.ledger import Ledger

_RULE: dict[str, Check] = {
    "match": lambda value: isinstance(value, dict),
    "effect": lambda value: isinstance(value, dict) and len(value) == 1,
    "count": lambda value: value is None or is_count(value),
    "probability": lambda value: is_number(value) and value <= 1,
}
_ALLOWED = {name: effect.allows for name, effect in EFFECTS.items()}


@dataclass(slots=True, kw_only=True)
class Chaos:
    """What goes wrong without an order: stale reads, lost answers, and buckets that run empty."""

    stale: bool = True
    lost_answers: bool = True
    throttling: bool = False


@dataclass(slots=True)
class Faults:
    """The rules in force, and the background chaos."""

    ledger: Ledger
    chaos: Chaos = field(default_factory=Chaos)
    _rules: dict[str, Rule] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _buckets: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self._buckets = Buckets(self.ledger)

    def add(self, raw: Mapping[str, Any]) -> Rule:
        """Put a rule in force; raises BadRuleError."""
        effect = raw.get("effect", {})
        check({"effect": effect, **raw}, _RULE, "a rule")
        check(effect, _ALLOWED, "an effect")
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
        plan = self._disturbed(record, may_be_stale=may_be_stale)
        for rule in self._rules.values():
            if rule.fires(record, self.ledger.draw(f"rule/{rule.id}")):
                for name, argument in rule.effect.items():
                    EFFECTS[name].apply(plan, argument, self.ledger, record)
        return plan

    def _disturbed(self, record: CallRecord, *, may_be_stale: bool) -> Plan:
        plan = Plan()
        if self.chaos.stale and may_be_stale:
            chance = self.ledger.value("aws.stale-read")
            draw = self.ledger.draw("stale-read")
            if draw.random() < chance["probability"]:
                plan.stale = draw.uniform(0, chance["seconds"])
        if self.chaos.lost_answers and record.write:
            chance = self.ledger.value("aws.lost-answer")
            plan.drop_after = self.ledger.draw("lost-answer").random() < chance["probability"]
        if self.chaos.throttling:
            plan.refusal = self._buckets.refusal(record)
        return plan
