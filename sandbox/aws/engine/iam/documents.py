"""Policy documents, and what they decide.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sandbox.aws.engine.iam.conditions import BadPolicyError, Condition, Context, wildcard
from sandbox.aws.ledger import holds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_VERSION = "2012-10-17"
_STATEMENT = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})


class Decision(StrEnum):
    ALLOWED = "allowed"
    IMPLICIT = "implicit"
    """No policy allows it."""
    EXPLICIT = "explicit"
    """A policy denies it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What a request needs: an action on a resource, and what conditions may ask about it."""

    action: str
    resource: str
    context: Context


@dataclass(frozen=True, slots=True)
class Names:
    """The actions or the resources of a statement; ``inverted`` means all others."""

    patterns: tuple[re.Pattern[str], ...]
    inverted: bool

    def __contains__(self, name: str) -> bool:
        return any(pattern.fullmatch(name) for pattern in self.patterns) is not self.inverted


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    allows: bool
    actions: Names
    resources: Names
    conditions: tuple[Condition, ...]

    def is_about(self, wanted: Permission) -> bool:
        return (
            wanted.action in self.actions
            and wanted.resource in self.resources
            and all(condition.holds(wanted.context) for condition in self.conditions)
        )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    found = [str(one).lower() if isinstance(one, bool) else one for one in _listed(value)]
    if not found or not all(isinstance(one, str) for one in found):
        raise BadPolicyError(f"{value!r} is neither a text nor a list of texts")
    if any("${" in one for one in found):
        raise BadPolicyError("policy variables are not simulated")
    return found


def _names(raw: Mapping[str, Any], name: str, flags: re.RegexFlag) -> Names:
    given = [key for key in (name, f"Not{name}") if key in raw]
    if len(given) != 1:
        raise BadPolicyError(f"a statement has either {name} or Not{name}")
    patterns = tuple(wildcard(one, flags=flags) for one in _texts(raw[given[0]]))
    return Names(patterns, inverted=given[0] != name)


def _conditions(raw: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    for operator, tests in raw.items():
        for key, values in tests.items():
            yield Condition.parse(operator, key, _texts(values))


def statements(document: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Return the statements of a policy document; raises BadPolicyError."""
    if document.get("Version") != _VERSION or document.keys() - {"Version", "Id", "Statement"}:
        raise BadPolicyError(f"a policy has the Version {_VERSION} and a Statement")
    return tuple(_statement(raw) for raw in _listed(document.get("Statement", [])))


def _statement(raw: Mapping[str, Any]) -> Statement:
    unknown = raw.keys() - _STATEMENT
    if unknown or raw.get("Effect") not in {"Allow", "Deny"}:
        raise BadPolicyError(f"a statement has an Effect, Allow or Deny, and no {sorted(unknown)}")
    return Statement(
        allows=raw["Effect"] == "Allow",
        actions=_names(raw, "Action", re.IGNORECASE),
        resources=_names(raw, "Resource", re.NOFLAG),
        conditions=tuple(_conditions(raw.get("Condition", {}))),
    )


@holds("iam.evaluation")
def decide(policies: Iterable[Statement], wanted: Permission) -> Decision:
    """Say whether identity policies allow something: a Deny outweighs every Allow."""
    effects = {statement.allows for statement in policies if statement.is_about(wanted)}
    if False in effects:
        return Decision.EXPLICIT
    return Decision.ALLOWED if effects else Decision.IMPLICIT
