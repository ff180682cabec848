"""S10: the weights of a strategy are written before they are sent, and sent one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.aws_state import TOLERANCE, shares
from sandbox.safety.history import ENDPOINT
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.violations import Violation


class ChosenWeightsAreSent(Rule):
    """Judges what an operator sends for a resource whose strategy is not Manual.

    - The weights of UpdateEndpointWeightsAndCapacities, whatever becomes of the call, are those that the
      status had when it was sent. They are all of them, unless a variant serves that the spec does not name:
      then they may be zeros only.
    - An UpdateEndpoint switches to the shares in the status, or to those that serve.
    - A change of weights that took effect is in flight until a read of the endpoint shows a moment at or
      after it. Until then no other one is sent, not the same one either, and not after a restart.
    - A resource that is being deleted is not judged. Neither is what may have been sent for strategy Manual,
      because the strategy has changed or another resource has taken the name since.
    """

    name = "S10"
    text = (
        "A strategy's weights are written to status before they are sent, and no change of weights is sent "
        "before a read can have shown the one before it."
    )

    def __init__(self) -> None:
        self._in_flight: dict[str, Call] = {}
        """The last change of weights of each endpoint that took effect."""

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        intents = [one for one in history.intents(call) if not one.deleting]
        if any(one.chosen is None for one in intents):
            intents = []
        weights = _weights(call)
        if weights and intents:
            yield from self._unwritten(call, weights, intents)
            yield from self._second(call, history)
        if call.operation == "UpdateEndpoint" and call.effective and intents:
            yield from self._switched(call, intents)
        if weights and call.effective:
            self._in_flight[call.endpoint.lower()] = call

    def _unwritten(
        self, call: Call, weights: Mapping[str, float], intents: list[Intent]
    ) -> Iterator[Violation]:
        if any(_written(call, weights, intent) for intent in intents):
            return
        chosen = intents[0].chosen
        found = chosen.weights if chosen else None
        yield self.broken(
            call,
            call.time,
            found=f"the status of {intents[0]} has {_told(found) if found else 'no weights'}",
            right="write the weights to status, and send all of them as they are there",
        )

    def _second(self, call: Call, history: History) -> Iterator[Violation]:
        first = self._in_flight.get(call.endpoint.lower())
        if first is None:
            return
        read = history.newest_read(ENDPOINT, call.endpoint)
        if read is None or read.number < first.number or read.shown_at < first.time:
            yield self.broken(
                call,
                call.time,
                found=f"no read has been able to show {first}, {call.time - first.time:.0f} s before",
                right="wait for a read that is not older than the last change of weights",
            )

    def _switched(self, call: Call, intents: list[Intent]) -> Iterator[Violation]:
        before, after = call.before.endpoint(call.endpoint), call.after.endpoint(call.endpoint)
        if before is None or after is None or not after.pending:
            return
        pending = shares({name: one.desired_weight for name, one in after.pending.items()})
        serving = shares({name: one.desired_weight for name, one in before.variants.items()})
        right = [serving, *(intent.shares for intent in intents if intent.shares is not None)]
        if not any(_same(pending, one) for one in right):
            yield self.broken(
                call,
                call.time,
                found=f"it switches to {_told(pending, percent=True)}, which {intents[0]} did not choose",
                right="let the update retain the weights that serve, or take those in the status",
            )


def _weights(call: Call) -> Mapping[str, float]:
    """Return the weights that a call asks for."""
    if call.operation != "UpdateEndpointWeightsAndCapacities":
        return {}
    changes = call.params.get("DesiredWeightsAndCapacities", ())
    return {one["VariantName"]: one["DesiredWeight"] for one in changes if "DesiredWeight" in one}


def _written(call: Call, weights: Mapping[str, float], intent: Intent) -> bool:
    chosen = intent.chosen.weights if intent.chosen else None
    if chosen is None or any(chosen.get(name) != weight for name, weight in weights.items()):
        return False
    endpoint = call.before.endpoint(call.endpoint)
    live = endpoint.variants.keys() if endpoint else set[str]()
    if live - chosen.keys():
        return not any(weights.values())
    return weights.keys() == chosen.keys() & live


def _same(found: Mapping[str, float], right: Mapping[str, float]) -> bool:
    return all(abs(share - right.get(name, 0.0)) <= TOLERANCE for name, share in found.items())


def _told(weights: Mapping[str, float], *, percent: bool = False) -> str:
    return ", ".join(f"{name}={w:.1%}" if percent else f"{name}={w:g}" for name, w in weights.items())
