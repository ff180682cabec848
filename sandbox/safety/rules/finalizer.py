"""S7: a resource holds on to what it has in AWS, and knows where that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.history import ENDPOINT
from sandbox.safety.intent import ACCOUNT, CLUSTER_TAG, FINALIZER, NAME_TAG, NAMESPACE_TAG, REGION
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.aws_state import AwsState
    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.resources import Version
    from sandbox.safety.violations import Violation


class PinnedWhileInAws(Rule):
    """Judges each version in which our finalizer comes or goes, and each write to AWS.

    - What somebody else has written is not judged, by the API server's account of who set each field.
    - A resource that its user created with the finalizer or the annotations keeps them.
    - A finalizer that leaves a resource that is not being deleted was taken by somebody else, and the
      operator has to put it back before its next write.
    - Writes are judged when they are sent, whatever AWS answers, and have to go to the pinned place. A write
      is the resource's whose endpoint or owner tags it names.
    - Ours is what carries the resource's owner tags, and an alarm whose name begins as the operator has named
      alarms of the resource. What an endpoint uses that names another owner in all
      its tags was handed over and is not ours any more.
    - One breach by writes is reported for each object.
    """

    name = "S7"
    text = (
        "Finalizer and pinned account and region are added by one patch, after the first successful read and "
        "before the first write. The finalizer is released only after AWS was read and holds nothing of "
        "ours, or on deletionPolicy: Retain."
    )

    def __init__(self) -> None:
        self._reported: set[str] = set()
        self._first_seen: dict[str, float] = {}

    def on_version(self, version: Version, former: Version | None, history: History) -> Iterator[Violation]:
        self._first_seen.setdefault(version.uid, version.earliest)
        if former is None:
            return
        if not version.gone:
            yield from self._pinned_alone(version, former, history)
            yield from self._added(version, former, history)
        if former.finalized and (version.gone or not version.finalized) and former.intent.deleting:
            yield from self._released(version, former, history)

    def _pinned_alone(self, version: Version, former: Version, history: History) -> Iterator[Violation]:
        new = {ACCOUNT, REGION} & version.set_by_operator - former.annotations.keys()
        if new and not version.finalized:
            yield self.broken(
                f"annotations {' and '.join(sorted(new))} added to {version}",
                history.now,
                found="the finalizer is not there",
                right="add the finalizer and both annotations by one patch",
            )

    def _added(self, version: Version, former: Version, history: History) -> Iterator[Violation]:
        if former.finalized or FINALIZER not in version.set_by_operator:
            return
        missing = [name for name in (ACCOUNT, REGION) if name not in version.annotations]
        if missing:
            yield self.broken(
                f"finalizer {FINALIZER} added to {version}",
                history.now,
                found=f"the annotations {' and '.join(missing)} are not there",
                right="add the finalizer and both annotations by one patch",
            )
        read = history.newest_read(ENDPOINT, version.intent.endpoint, version.latest)
        if read is None or read.local < self._first_seen[version.uid]:
            yield self.broken(
                f"finalizer {FINALIZER} added to {version}",
                history.now,
                found=f"endpoint {version.intent.endpoint} had not been read yet",
                right="read the endpoint first, so that account and region are known to be reachable",
            )

    def _released(self, version: Version, former: Version, history: History) -> Iterator[Violation]:
        if former.intent.retained or version.intent.retained:
            return
        intent = former.intent
        left = sorted(_ours(intent, history.truth_at(version.latest), history))
        if left:
            yield self.broken(
                f"finalizer {FINALIZER} released from {version}",
                history.now,
                found=f"AWS holds {', '.join(left)}",
                right="release the finalizer when AWS was read and holds nothing of ours",
            )
        read = history.newest_read(ENDPOINT, intent.endpoint, version.latest)
        if read is None or read.local < self._first_seen[version.uid]:
            yield self.broken(
                f"finalizer {FINALIZER} released from {version}",
                history.now,
                found=f"endpoint {intent.endpoint} was never read for this resource",
                right="read AWS before the finalizer is released",
            )

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        if not call.write:
            return
        # The resource as the reconcile may have read it: what went since, it cannot know.
        candidates = history.subjects(call, since=call.local - history.bounds.reconcile)
        if not candidates or any(_pinned(version, call) for version in candidates):
            return
        version = candidates[0]
        if version.uid in self._reported:
            return
        self._reported.add(version.uid)
        elsewhere = [
            one for one in candidates if one.finalized and {ACCOUNT, REGION} <= one.annotations.keys()
        ]
        if elsewhere:
            place = " and ".join(elsewhere[0].annotations[name] for name in (ACCOUNT, REGION))
            yield self.broken(
                call,
                call.time,
                found=f"it goes to {call.account} and {call.region}, and {version} is pinned to {place}",
                right="write only to the pinned account and region",
            )
            return
        present = {FINALIZER} if version.finalized else set()
        present |= {ACCOUNT, REGION} & version.annotations.keys()
        missing = {FINALIZER, ACCOUNT, REGION} - present
        yield self.broken(
            call,
            call.time,
            found=f"{version} has no {', '.join(sorted(missing))}",
            right="add the finalizer and both annotations before the first write",
        )


def _pinned(version: Version, call: Call) -> bool:
    """Tell whether a resource is pinned to the place that a call goes to."""
    place = {ACCOUNT: call.account, REGION: call.region}
    return version.finalized and place.items() <= version.annotations.items()


def _ours(intent: Intent, state: AwsState, history: History) -> Iterator[str]:
    """Name what carries the resource's owner tags and was not handed over."""
    others = [
        one
        for one in state.endpoints.values()
        if {CLUSTER_TAG, NAMESPACE_TAG, NAME_TAG} <= one.tags.keys() and not history.owns(intent, one.tags)
    ]
    handed_over = {name for one in others for name in one.configs | one.models}
    for endpoint in state.endpoints.values():
        if history.owns(intent, endpoint.tags):
            yield f"endpoint {endpoint.name}"
    for kind, objects in (("endpoint config", state.configs), ("model", state.models)):
        for name, found in objects.items():
            if history.owns(intent, found.tags) and name not in handed_over:
                yield f"{kind} {name}"
    prefixes = history.scaling.alarm_prefixes(intent.uid)
    names = {one.name for one in others}
    fired = {
        arn
        for (endpoint, _), target in state.targets.items()
        if endpoint in names
        for arn in target.arns.values()
    }
    for name, alarm in state.alarms.items():
        if name.startswith(tuple(prefixes)) and fired.isdisjoint(alarm.get("AlarmActions", ())):
            yield f"alarm {name}"
