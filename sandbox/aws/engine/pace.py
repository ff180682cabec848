"""Answers that take time to come, and how much of it clients have to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.engine.core import Engine


class SlowAnswer(dict[str, Any]):
    """An answer that takes so many virtual seconds to come."""

    def __init__(self, answer: Mapping[str, Any], *, seconds: float) -> None:
        super().__init__(answer)
        self.seconds = seconds


def real_seconds(answer: Mapping[str, Any], engine: Engine) -> float:
    """Return how long a client waits for an answer; not at all when the clock stands still or runs fast."""
    limit = engine.ledger.value("runtime.slept-up-to-speed")
    if isinstance(answer, SlowAnswer) and 0 < engine.clock.speed <= limit:
        return answer.seconds / engine.clock.speed
    return 0.0
