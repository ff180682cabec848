"""What every rule has: its number, its text, and what it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sandbox.safety.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.resources import Version


class Rule:
    """One rule. What it remembers is of one run; ``history`` holds all that came before."""

    name: ClassVar[str]
    text: ClassVar[str]

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        """Judge a call of the operator's."""
        del call, history
        return iter(())

    def on_version(self, version: Version, former: Version | None, history: History) -> Iterator[Violation]:
        """Judge a version of a resource and the change that has led to it."""
        del version, former, history
        return iter(())

    def at_rest(self, history: History) -> Iterator[Violation]:
        """Judge what is left when the operator has come to rest."""
        del history
        return iter(())

    def broken(self, subject: object, time: float | None, *, found: str, right: str) -> Violation:
        """Describe a breach of this rule."""
        return Violation(
            rule=self.name, text=self.text, time=time, subject=str(subject), found=found, right=right
        )
