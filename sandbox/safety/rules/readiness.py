"""S6: ready is what was read to be so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.history import (
    ALARMS,
    CONFIG,
    ENDPOINT,
    POLICIES,
    SCHEDULE,
    TAGS,
    TARGETS,
    TRACKING_ALARMS,
)
from sandbox.safety.matching import (
    config_differences,
    endpoint_differences,
    request_differences,
    tag_differences,
)
from sandbox.safety.rules.rule import Rule
from sandbox.safety.scaling_content import STEPS
from sandbox.safety.scaling_matching import (
    alarm_differences,
    policy_differences,
    schedule_differences,
    target_differences,
    tracking_differences,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.aws_state import AwsState
    from sandbox.safety.history import History
    from sandbox.safety.intent import IntendedVariant, Intent
    from sandbox.safety.resources import Version
    from sandbox.safety.scaling_history import Governed
    from sandbox.safety.violations import Violation


class ReadyWasRead(Rule):
    """Judges each write of a status with Ready=True.

    - It speaks of the generation that the resource has when it is written.
    - What the newest read of each kind showed has to match the spec: endpoint, config in use, scalable
      targets with bounds and suspension, their policies and scheduled actions, alarms, tags. A read may be
      some seconds old, and is what the operator can know.
    - The intended bounds are the spec's, or those of the declared scheduled action that was due last. Both
      those before and after it are right for five minutes after it is due, and where AWS leaves open
      whether it is: on local times that clocks skip or repeat, and when AWS did not hold the action,
      suspended it or had not been told of the spec's bounds yet. Bounds that an action has set which the
      spec neither declares nor removes are right too.
    - What an earlier spec declared, and the operator put and still remembers in the status, is to be gone.
      Other policies, scheduled actions and suspensions that the spec does not declare matter only under
      foreignScaling Remove.
    - Alarms have to be read if the spec declares step policies, scheduled actions if it declares any. Alarms
      of target tracking that somebody deleted matter if they were read.
    - What the operator itself has changed since the moment that a read shows, no read shows yet: then what
      AWS was asked for by that change has to match as well.
    - An endpoint without a config on its way in may be in any status in which it serves: the autoscaler and
      AWS itself change it at any time.
    - AWS knows no revisions: a model that has been ready under one revision cannot be ready under another.
    - Not compared are models that were deleted under an endpoint, though somebody else has taken their names,
      and images that follow from a framework: no read of the endpoint shows them. Weights are compared as
      shares: with those of the spec, or with those that a strategy has written to the same status.
    """

    name = "S6"
    text = (
        "Ready=True is written only if the newest read of everything that the spec governs matches it. "
        "Paused with changes pending: Ready=False, reason Paused."
    )

    def __init__(self) -> None:
        self._revisions: dict[tuple[str, str], str] = {}
        """What AWS's models stood for, by the resource's UID and their names."""

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
        differences = _least(version, history) or self._other_revisions(version, history)
        if differences:
            yield self.broken(
                subject,
                history.now,
                found="; ".join(differences),
                right="write Ready=True when a read of all that the spec governs matches it",
            )

    def _other_revisions(self, version: Version, history: History) -> list[str]:
        """Return the models that stood for another revision before, and note what they stand for now."""
        intent = version.intent
        read = history.newest_read(ENDPOINT, intent.endpoint, version.latest)
        endpoint = read.shown.endpoint(intent.endpoint) if read else None
        found = []
        for name, wanted in intent.variants.items():
            live = endpoint.variants.get(name) if endpoint else None
            raw = intent.models.get(wanted.model, {})
            if live is None or "existingModelName" in raw:
                continue
            revision = str(raw.get("revision", ""))
            known = self._revisions.setdefault((version.uid, live.model), revision)
            if known != revision:
                found.append(f"{name} serves {live.model}, which was revision {known!r}, not {revision!r}")
        return found


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
    for kind in _KINDS:
        read = history.newest_read(kind, intent.endpoint, moment)
        if read is None:
            if _needs(kind, intent):
                yield f"the {kind} of {intent.endpoint} was never read"
            continue
        source = f"shown by call {read.number}, {read.operation}"
        found = _of_kind(kind, intent, read.answer, history, read.time)
        yield from (f"{text} ({source})" for text in found)
        if history.changed_since(read, intent.endpoint, moment):
            asked = list(_asked(kind, intent, history.truth_at(moment), history, read.time))
            yield from (f"{text} (as the operator asked since the newest read)" for text in asked)


_KINDS = (ENDPOINT, CONFIG, TARGETS, POLICIES, SCHEDULE, ALARMS, TRACKING_ALARMS, TAGS)


def _needs(kind: str, intent: Intent) -> bool:
    """Tell whether a spec governs what reads of a kind show."""
    scaled = [one for one in intent.variants.values() if one.autoscaling is not None]
    policies = [policy for one in scaled for policy in one.policies.values()]
    remove = any(one.removes_foreign for one in scaled)
    needed = {
        POLICIES: bool(policies) or remove,
        SCHEDULE: any(one.scheduled for one in scaled) or remove,
        ALARMS: any(policy["type"] == STEPS for policy in policies),
        TRACKING_ALARMS: False,
    }
    return needed.get(kind, True)


def _asked(kind: str, intent: Intent, truth: AwsState, history: History, now: float) -> Iterator[str]:
    """Yield how the operator's last change differs; all but the endpoint's is in effect at once."""
    if kind == ENDPOINT:
        return request_differences(intent, truth)
    return _of_kind(kind, intent, truth, history, now)


def _of_kind(kind: str, intent: Intent, state: AwsState, history: History, now: float) -> Iterator[str]:
    if kind == ENDPOINT:
        yield from endpoint_differences(intent, state)
    elif kind == CONFIG:
        yield from config_differences(intent, state)
    elif kind == TAGS:
        yield from tag_differences(intent, state)
    else:
        for name, variant in intent.variants.items():
            if variant.autoscaling is not None:
                governed = history.governed(intent, name, state, now)
                yield from _of_scaling(kind, intent.endpoint, variant, state, governed)
            elif kind == TARGETS and (intent.endpoint, name) in state.targets:
                yield f"{name} has a scalable target"


def _of_scaling(
    kind: str, endpoint: str, variant: IntendedVariant, state: AwsState, governed: Governed
) -> Iterator[str]:
    target = state.targets.get((endpoint, variant.name))
    if kind == ALARMS:
        yield from alarm_differences(endpoint, variant, target, state.alarms, governed.alarm_prefixes)
    elif kind == TRACKING_ALARMS:
        yield from tracking_differences(variant, target)
    else:
        compare = {
            TARGETS: target_differences,
            POLICIES: policy_differences,
            SCHEDULE: schedule_differences,
        }
        yield from compare[kind](variant, target, governed)
