"""S1: traffic waits for instances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import TOLERANCE, AwsState, Endpoint, shares
from sandbox.safety.history import ENDPOINT
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.violations import Violation


@dataclass(frozen=True, slots=True)
class Move:
    """Shares before and after a call, and the instances on which each variant serves then."""

    before: Mapping[str, float]
    after: Mapping[str, float]
    instances: Mapping[str, int]

    def raised(self) -> Iterator[str]:
        for name, share in self.after.items():
            if share > self.before.get(name, 0.0) + TOLERANCE:
                yield name


class TrafficWaitsForInstances(Rule):
    """Judges the calls that move traffic and took effect.

    - UpdateEndpointWeightsAndCapacities is judged by the instances in service when it is sent, though it may
      ask for more of them itself.
    - UpdateEndpoint is judged by the fleet that it switches to: the counts and weights that AWS has computed
      from the config and the retain rules.
    - CreateEndpoint is exempt: nothing serves before it, so that no traffic is moved to fewer instances.
    - The intended minimum is the spec's or that of a scheduled action, the smallest that may be right now.
    - Exempt are a generation that is named by the annotation force-weights, and the weights of a run that
      ended in a rollback or was aborted.
    - What others changed since the operator's newest read, if that is at most 60 s old and shows the
      operator's own changes, is not the operator's fault: the call must be wrong by that read as well.
    """

    name = "S1"
    text = (
        "No call raises a variant's share while its in-service instances are fewer than intended (its "
        "instanceCount, or its intended minimum). An UpdateEndpoint is judged by the counts and shares that "
        "hold at its switch."
    )

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        move = _move(call, call.before) if call.effective else None
        intents = history.intents(call) if move is not None else []
        if move is None or not intents:
            return
        known = history.known(ENDPOINT, call.endpoint, call)
        excusable = _move(call, known) if known is not None else move
        for name in move.raised():
            needed = [_needed(name, intent, call, history) for intent in intents]
            lacking = all(_lacks(name, move, number) for number in needed)
            if lacking and excusable and all(_lacks(name, excusable, number) for number in needed):
                yield self._broken(call, name, move, intents[0], needed[0])

    def _broken(self, call: Call, name: str, move: Move, intent: Intent, wanted: int) -> Violation:
        before, after = move.before.get(name, 0.0), move.after[name]
        return self.broken(
            call,
            call.time,
            found=(
                f"{name} goes from {before:.1%} to {after:.1%} of the traffic on {move.instances[name]} "
                f"instance(s), and {intent} intends {wanted}"
            ),
            right=(
                f"leave the weights until {wanted} instances of {name} are in service, or set force-weights "
                f'to "{intent.generation}"'
            ),
        )


def _needed(name: str, intent: Intent, call: Call, history: History) -> int:
    """Return the instances that a variant has to have for more traffic; 0 where it does not matter."""
    variant = intent.variants.get(name)
    if variant is None or intent.overrides_instances:
        return 0
    if variant.autoscaling is None:
        return variant.count
    return history.governed(intent, name, call.before, call.time).bounds.least


def _lacks(name: str, move: Move, needed: int) -> bool:
    """Tell whether a variant takes more traffic on fewer instances than needed."""
    return name in move.raised() and move.instances[name] < needed


def _move(call: Call, state: AwsState) -> Move | None:
    """Return how a call moves traffic from a state on; None when it moves none, or none can be told."""
    endpoint = state.endpoint(call.endpoint) if call.write else None
    if endpoint is None or not endpoint.serving:
        return None
    if call.operation == "UpdateEndpointWeightsAndCapacities":
        return _shifted(call, endpoint)
    if call.operation == "UpdateEndpoint":
        return _switched(call, endpoint)
    return None


def _shifted(call: Call, endpoint: Endpoint) -> Move:
    weights = {name: variant.desired_weight for name, variant in endpoint.variants.items()}
    for change in call.params.get("DesiredWeightsAndCapacities", ()):
        if "DesiredWeight" in change and change["VariantName"] in weights:
            weights[change["VariantName"]] = change["DesiredWeight"]
    instances = {name: variant.current_count for name, variant in endpoint.variants.items()}
    return Move(endpoint.shares, shares(weights), instances)


def _switched(call: Call, endpoint: Endpoint) -> Move | None:
    """Return the move to the fleet that AWS has computed, if it did so from this very endpoint's variants."""
    truth, updating = call.before.endpoint(call.endpoint), call.after.endpoint(call.endpoint)
    if updating is None or truth is None or truth.variants != endpoint.variants:
        return None
    weights = {name: variant.desired_weight for name, variant in updating.pending.items()}
    instances = {name: variant.desired_count for name, variant in updating.pending.items()}
    return Move(endpoint.shares, shares(weights), instances)
