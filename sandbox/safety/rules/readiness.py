"""S6: ready is what was read to be so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.history import CONFIG, ENDPOINT, POLICIES, TAGS, TARGETS
from sandbox.safety.matching import (
    config_differences,
    endpoint_differences,
    request_differences,
    scaling_differences,
    tag_differences,
)
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.aws_state import AwsState
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.resources import Version
    from sandbox.safety.violations import Violation


class ReadyWasRead(Rule):
    """Judges each write of a status with Ready=True.

    - It speaks of the generation that the resource has when it is written.
    - What the newest read of each kind showed has to match the spec: endpoint, config in use, scalable
      targets, their policies, tags. A read may be some seconds old, and is what the operator can know.
    - What the operator itself has changed since the moment that a read shows, no read shows yet: then what
      AWS was asked for by that change has to match as well.
    - An endpoint without a config on its way in may be in any status in which it serves: the autoscaler and
      AWS itself change it at any time.
    - Not compared are models that were deleted under an endpoint, and images that follow from a framework:
      no read of the endpoint shows them. Weights are compared as shares, and not under a strategy that
      chooses them.
    """

    name = "S6"
    text = (
        "Ready=True is written only if the newest read of everything that the spec governs matches it. "
        "Paused with changes pending: Ready=False, reason Paused."
    )

    def on_version(self, version: Version, former: Version | None, history: History) -> Iterator[Violation]:
        written = former is None or version.status != former.status
        ready = version.conditions.get("Ready", {})
        if not written or version.gone or ready.get("status") != "True" or version.intent.deleting:
            return
        subject = f"Ready=True written to {version}"
        spoken_of = version.status.get("observedGeneration")
        if spoken_of != version.intent.generation:
            yield self.broken(
                subject,
                history.now,
                found=f"the status is about generation {spoken_of}",
                right="write Ready=True about the generation that was read in the same reconcile",
            )
            return
        differences = _least(version, history)
        if differences:
            yield self.broken(
                subject,
                history.now,
                found="; ".join(differences),
                right="write Ready=True when a read of all that the spec governs matches it",
            )


def _least(version: Version, history: History) -> list[str]:
    """Return the differences at the moment of the write; when that is not known, at the best moment."""
    calls = (call.local for call in reversed(history.calls) if call.local <= version.latest)
    moments = [version.earliest]
    for moment in calls:
        if moment <= version.earliest:
            break
        moments.append(moment)
    return min((list(_differences(version.intent, history, moment)) for moment in moments), key=len)


def _differences(intent: Intent, history: History, moment: float) -> Iterator[str]:
    for kind in (ENDPOINT, CONFIG, TARGETS, POLICIES, TAGS):
        if kind == POLICIES and not any(variant.policies for variant in intent.variants.values()):
            continue
        read = history.newest_read(kind, intent.endpoint, moment)
        if read is None:
            yield f"the {kind} of {intent.endpoint} was never read"
            continue
        source = f"shown by call {read.number}, {read.operation}"
        yield from (f"{text} ({source})" for text in _of_kind(kind, intent, read.shown))
        if history.changed_since(read, intent.endpoint, moment):
            asked = list(_asked(kind, intent, history.truth_at(moment)))
            yield from (f"{text} (as the operator asked since the newest read)" for text in asked)


def _asked(kind: str, intent: Intent, truth: AwsState) -> Iterator[str]:
    """Yield how the operator's last change differs; all but the endpoint's is in effect at once."""
    return request_differences(intent, truth) if kind == ENDPOINT else _of_kind(kind, intent, truth)


def _of_kind(kind: str, intent: Intent, state: AwsState) -> Iterator[str]:
    if kind == ENDPOINT:
        yield from endpoint_differences(intent, state)
    elif kind == CONFIG:
        yield from config_differences(intent, state)
    elif kind == TAGS:
        yield from tag_differences(intent, state)
    else:
        for variant in intent.variants.values():
            target = state.targets.get((intent.endpoint, variant.name))
            differences = scaling_differences(variant, target)
            yield from (text for text in differences if (" policy " in text) is (kind == POLICIES))
