"""S9: a refused request is not sent again too soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.safety.rules.refusals import Refusal, refusal_of
from sandbox.safety.rules.releases import is_release
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.resources import Key
    from sandbox.safety.violations import Violation

Cause = frozenset[tuple["Key", int, str]]
"""Resources with the generation and the reconcile request that a call may have been sent for."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The last refusal of a request: ``count`` of its kind in a row, and how long it must wait."""

    call: Call
    kind: Refusal
    count: int
    least: float
    cause: Cause

    @property
    def until(self) -> float:
        return self.call.local + self.least


class RefusedRequestsWait(Rule):
    """Judges each write by what became of the same request before: same operation, same parameters.

    - The shortest wait is judged: 5 s doubling to 60 s after a transient refusal, 60 s doubling to 1 h after
      any other, both less the operator's jitter of 20 %, by the clock of the operator's machine. Refusals
      are counted in a row and by kind. That a request is sent again at all is S5's concern.
    - Transient are throttling, internal failures, expired credentials, and "Could not find" or "already
      existing", which another read resolves.
    - Weights that take the traffic from a candidate that was given up (S1) wait no longer than a minute,
      however often they were refused.
    - Busy is no refusal: it neither counts nor ends a row.
    - A row ends when the request takes effect, with a new generation of a resource, a new request to
      reconcile, and a restart of the operator.
    - A lost answer is no refusal.
    - A release (S3) is judged too: while an UpdateEndpoint of that endpoint waits for its backoff, nothing
      is released.
    """

    name = "S9"
    text = (
        "The same refused request: gaps of 5 s doubling to 60 s if transient, 60 s doubling to 1 h "
        "otherwise; cleared by a new generation or a request; a restart may forget. Busy is no refusal. "
        "Nothing is torn down for an attempt that was refused before, unless the backoff is over."
    )

    def __init__(self) -> None:
        self._refused: dict[str, Refused] = {}

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        if not call.write:
            return
        standing = self._standing(call.identity, call, history)
        if standing is not None and call.local < standing.until:
            yield self._early(call, standing)
        yield from self._released_early(call, history)
        self._note(call, standing, history)

    def _standing(self, identity: str, call: Call, history: History) -> Refused | None:
        """Return the refusal that a request still has to wait for, unless something has cleared it."""
        found = self._refused.get(identity)
        if found is None or history.restarted(found.call.local, call.local):
            return None
        return found if _cause(history.intents(call)) <= found.cause else None

    def _note(self, call: Call, standing: Refused | None, history: History) -> None:
        kind = refusal_of(call)
        if call.effective:
            self._refused.pop(call.identity, None)
        if kind is None or kind is Refusal.BUSY:
            return
        count = standing.count + 1 if standing is not None and standing.kind is kind else 1
        transient = kind is Refusal.TRANSIENT
        counted = 1 if _gives_up(call, history) and not transient else count
        least = history.bounds.backoff(counted, transient=transient)
        cause = _cause(history.intents_before(call))
        self._refused[call.identity] = Refused(call, kind, count, least, cause)

    def _early(self, call: Call, standing: Refused) -> Violation:
        transient = standing.kind is Refusal.TRANSIENT
        times = "once" if standing.count == 1 else f"{standing.count} times in a row"
        return self.broken(
            call,
            call.time,
            found=(
                f"the same request was refused {times}, last {call.local - standing.call.local:.1f} s "
                f"before: {standing.call.message or standing.call.code}"
            ),
            right=(
                f"wait at least {standing.least:g} s after {'a transient' if transient else 'this'} refusal, "
                "unless the resource has a new generation or a reconcile was requested"
            ),
        )

    def _released_early(self, call: Call, history: History) -> Iterator[Violation]:
        if not is_release(call, history):
            return
        for refused in list(self._refused.values()):
            waits = self._standing(refused.call.identity, call, history)
            update = refused.call.operation == "UpdateEndpoint" and refused.call.endpoint == call.endpoint
            if update and waits is not None and call.local < waits.until:
                yield self.broken(
                    call,
                    call.time,
                    found=f"the update that it is released for waits after {refused.call}",
                    right=f"release {call.variant} when the backoff of its UpdateEndpoint is over",
                )


def _gives_up(call: Call, history: History) -> bool:
    """Return whether a call takes the traffic from a candidate that was given up."""
    intents = history.intents(call)
    weights = call.operation == "UpdateEndpointWeightsAndCapacities"
    return weights and any(one.chosen is not None and one.chosen.given_up for one in intents)


def _cause(intents: list[Intent]) -> Cause:
    """Return what a call may have been sent for; a change of it clears refusals."""
    return frozenset(((one.namespace, one.name), one.generation, one.requested_at) for one in intents)
