"""What a rule found, in words for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """``subject`` is the call or the write that broke the rule, ``found`` the state that made it wrong.

    ``time`` is AWS's; None before the first call.
    """

    rule: str
    text: str
    time: float | None
    subject: str
    found: str
    right: str

    def __str__(self) -> str:
        return (
            f"{self.rule} broken {self._moment()}\n"
            f"  by     {self.subject}\n"
            f"  found  {self.found}\n"
            f"  right  {self.right}\n"
            f"  rule   {self.text}"
        )

    def _moment(self) -> str:
        if self.time is None:
            return "before AWS was called"
        return f"at {datetime.fromtimestamp(self.time, UTC):%Y-%m-%d %H:%M:%S} on AWS's clock"


_SHOWN = 10


class SafetyViolated(AssertionError):
    """The operator broke safety rules; the message holds the first ten violations."""

    def __init__(self, violations: list[Violation]) -> None:
        times = "once" if len(violations) == 1 else f"{len(violations)} times"
        lines = [f"the operator broke safety rules {times}", *map(str, violations[:_SHOWN])]
        super().__init__("\n".join(lines))
        self.violations = violations
