"""Conditions of policy statements.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Context = Mapping[str, Sequence[str]]
"""What is known of a request, by condition key in lower case."""


class BadPolicyError(ValueError):
    """A policy document that IAM would not take, or that says something that is not simulated."""


_KNOWN = frozenset(
    {
        "aws:requestedregion",
        "aws:tagkeys",
        "sagemaker:taggingaction",
        "application-autoscaling:service-namespace",
        "application-autoscaling:scalable-dimension",
        "iam:passedtoservice",
        "iam:awsservicename",
    }
)
_KNOWN_BEFORE_A_TAG = ("aws:requesttag/", "aws:resourcetag/")


@functools.cache
def wildcard(text: str, *, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """Return the pattern of a text in which ``*`` stands for any characters and ``?`` for one."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), flags | re.DOTALL)


def _like(wanted: str, given: str) -> bool:
    return wildcard(wanted).fullmatch(given) is not None


def _same(wanted: str, given: str) -> bool:
    return wanted == given


def _same_but_for_case(wanted: str, given: str) -> bool:
    return wanted.lower() == given.lower()


_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (_same, True),
    "StringNotEquals": (_same, False),
    "StringEqualsIgnoreCase": (_same_but_for_case, True),
    "StringNotEqualsIgnoreCase": (_same_but_for_case, False),
    "StringLike": (_like, True),
    "StringNotLike": (_like, False),
    "ArnEquals": (_like, True),
    "ArnNotEquals": (_like, False),
    "ArnLike": (_like, True),
    "ArnNotLike": (_like, False),
}
"""How a value is compared, and whether it must be alike or must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator on one key: any of ``values`` will do."""

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False

    @classmethod
    def parse(cls, operator: str, key: str, values: Sequence[str]) -> Condition:
        """Raise BadPolicyError for what is unknown or not simulated."""
        quantifier, _, bare = operator.rpartition(":")
        name = bare.removesuffix("IfExists")
        if name not in {*_OPERATORS, "Null"} or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
            raise BadPolicyError(f"the condition operator {operator} is not simulated")
        if key.lower() not in _KNOWN and not key.lower().startswith(_KNOWN_BEFORE_A_TAG):
            raise BadPolicyError(f"the condition key {key} is not simulated")
        return cls(
            operator=name,
            key=key.lower(),
            values=tuple(values),
            quantifier=quantifier,
            if_exists=name != bare,
        )

    def holds(self, context: Context) -> bool:
        given = context.get(self.key)
        if self.operator == "Null":
            return ("true" if given is None else "false") in {value.lower() for value in self.values}
        alike, positive = _OPERATORS[self.operator]
        if given is None:
            return self.if_exists or self.quantifier == "ForAllValues" or not positive
        passes = [any(alike(value, one) for value in self.values) is positive for one in given]
        return any(passes) if self.quantifier == "ForAnyValue" else all(passes)
