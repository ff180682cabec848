"""What a rule found, in words for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """``subject`` is the call or the write that broke the rule, ``found`` the state that made it wrong."""

    rule: str
    text: str
    time: float
    subject: str
    found: str
    right: str

    def __str__(self) -> str:
        moment = datetime.fromtimestamp(self.time, UTC)
        return (
            f"{self.rule} broken at {moment:%Y-%m-%d %H:%M:%S} on AWS's clock\n"
            f"  by     {self.subject}\n"
            f"  found  {self.found}\n"
            f"  right  {self.right}\n"
            f"  rule   {self.text}"
        )


_SHOWN = 10


class SafetyViolated(AssertionError):
    """The operator broke safety rules; the message holds the first ten violations."""

    def __init__(self, violations: list[Violation]) -> None:
        times = "once" if len(violations) == 1 else f"{len(violations)} times"
        lines = [f"the operator broke safety rules {times}", *map(str, violations[:_SHOWN])]
        super().__init__("\n".join(lines))
        self.violations = violations
