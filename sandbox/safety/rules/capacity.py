"""S2: instances stay until the traffic has left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import TOLERANCE, AwsState
from sandbox.safety.history import ENDPOINT, TARGETS
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.violations import Violation


COUNT = "instance count"


@dataclass(frozen=True, slots=True)
class Cut:
    """A number that a call lowers."""

    variant: str
    what: str
    before: int
    after: int


class CapacityFollowsTraffic(Rule):
    """Judges the calls that lower a count or a minimum and took effect.

    - A maximum that is lowered below the count lowers the count, and is judged like one.
    - The current share is that of the weights in service. A variant that the spec does not name is intended
      to get nothing.
    - UpdateEndpoint is exempt: it switches counts and weights at once.
    - DeregisterScalableTarget lowers nothing: the count stays as it is (S3 judges it).
    - A variant whose instances a run keeps loses none, whatever its share; a minimum may be lowered, since
      scale-in is suspended.
    - A resource that is being deleted intends nothing any more, and is not judged.
    - What others changed since the operator's newest read excuses as in S1.
    """

    name = "S2"
    text = (
        "No count or minimum is lowered while the variant's current share exceeds its intended share. An "
        "UpdateEndpoint switches both at once and is exempt."
    )

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        cuts = list(_cuts(call, call.before, call.before)) if call.effective else []
        if not cuts:
            return
        intents = history.intents(call)
        known_traffic = history.known(ENDPOINT, call.endpoint, call) or call.before
        known_bounds = history.known(TARGETS, call.endpoint, call) or call.before
        for cut in cuts:
            lowered_as_known = any(
                one.variant == cut.variant for one in _cuts(call, known_traffic, known_bounds)
            )
            early = bool(intents) and all(
                _exceeds(cut.variant, state, call, intent)
                for intent in intents
                for state in (call.before, known_traffic)
            )
            if early and lowered_as_known:
                yield self._broken(call, cut, intents[0])
            elif lowered_as_known and intents and all(_keeps(cut, intent) for intent in intents):
                yield self._kept(call, cut, intents[0])

    def _broken(self, call: Call, cut: Cut, intent: Intent) -> Violation:
        endpoint = call.before.endpoint(call.endpoint)
        share = endpoint.shares[cut.variant] if endpoint else 0.0
        intended = (intent.shares or {}).get(cut.variant, 0.0)
        return self.broken(
            call,
            call.time,
            found=(
                f"the {cut.what} of {cut.variant} goes from {cut.before} to {cut.after} while it serves "
                f"{share:.1%} of the traffic, and {intent} intends {intended:.1%}"
            ),
            right=f"shift the weights first, and lower the {cut.what} of {cut.variant} once they are current",
        )

    def _kept(self, call: Call, cut: Cut, intent: Intent) -> Violation:
        return self.broken(
            call,
            call.time,
            found=(
                f"the {cut.what} of {cut.variant} goes from {cut.before} to {cut.after} while a run of "
                f"{intent} keeps its instances"
            ),
            right=f"lower the {cut.what} of {cut.variant} when the run has ended",
        )


def _keeps(cut: Cut, intent: Intent) -> bool:
    wanted = intent.variants.get(cut.variant)
    return wanted is not None and wanted.kept and cut.what == COUNT and not intent.deleting


def _exceeds(variant: str, state: AwsState, call: Call, intent: Intent) -> bool:
    endpoint, intended = state.endpoint(call.endpoint), intent.shares
    if endpoint is None or not endpoint.serving or intended is None or intent.deleting:
        return False
    return endpoint.shares.get(variant, 0.0) > intended.get(variant, 0.0) + TOLERANCE


def _cuts(call: Call, traffic: AwsState, bounds: AwsState) -> Iterator[Cut]:
    """Yield what a call lowers: counts as one state has them, minimums as the other has them."""
    endpoint = traffic.endpoint(call.endpoint)
    if endpoint is None:
        return
    if call.operation == "UpdateEndpointWeightsAndCapacities":
        for change in call.params.get("DesiredWeightsAndCapacities", ()):
            variant, count = endpoint.variants.get(change["VariantName"]), change.get("DesiredInstanceCount")
            if variant and count is not None and count < variant.desired_count:
                yield Cut(variant.name, COUNT, variant.desired_count, count)
    if call.operation == "RegisterScalableTarget":
        target = bounds.targets.get((endpoint.name, call.variant))
        minimum, maximum = call.params.get("MinCapacity"), call.params.get("MaxCapacity")
        if target and minimum is not None and minimum < target.minimum:
            yield Cut(call.variant, "minimum", target.minimum, minimum)
        variant = endpoint.variants.get(call.variant)
        if variant and maximum is not None and maximum < variant.desired_count:
            yield Cut(call.variant, COUNT, variant.desired_count, maximum)
