"""What the rules remember of an operator's calls: the newest reads, its own writes, and its restarts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import AwsState
from sandbox.safety.declarations import Clocks, former, life, since_loss
from sandbox.safety.intent import CLUSTER_TAG, NAME_TAG, NAMESPACE_TAG
from sandbox.safety.resources import Timeline
from sandbox.safety.scaling_history import ScalingHistory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.safety.bounds import Bounds
    from sandbox.safety.calls import Call
    from sandbox.safety.declarations import Former
    from sandbox.safety.intent import Intent
    from sandbox.safety.resources import Key, Version
    from sandbox.safety.scaling_history import Governed

ENDPOINT, CONFIG, TARGETS, POLICIES, TAGS = "endpoint", "config", "scalable targets", "policies", "tags"
SCHEDULE, ALARMS, TRACKING_ALARMS = "scheduled actions", "alarms", "alarms of target tracking"

_READS = {
    "DescribeEndpoint": ENDPOINT,
    "DescribeEndpointConfig": CONFIG,
    "DescribeScalableTargets": TARGETS,
    "DescribeScalingPolicies": POLICIES,
    "DescribeScheduledActions": SCHEDULE,
    "DescribeAlarms": ALARMS,
    "ListTags": TAGS,
    "GetResources": TAGS,
}
_CHANGES = {
    "CreateEndpoint": ENDPOINT,
    "UpdateEndpoint": ENDPOINT,
    "UpdateEndpointWeightsAndCapacities": ENDPOINT,
    "DeleteEndpoint": ENDPOINT,
    "RegisterScalableTarget": TARGETS,
    "DeregisterScalableTarget": TARGETS,
    "PutScalingPolicy": POLICIES,
    "DeleteScalingPolicy": POLICIES,
    "PutScheduledAction": SCHEDULE,
    "DeleteScheduledAction": SCHEDULE,
    "PutMetricAlarm": ALARMS,
    "DeleteAlarms": ALARMS,
    "AddTags": TAGS,
    "DeleteTags": TAGS,
}
_EMPTY = AwsState({})


def kind_read(call: Call) -> str:
    """Return what a call reads; empty when it reads nothing that rules look at."""
    return _READS.get(call.operation, "") if _successful(call) else ""


def kind_changed(call: Call) -> str:
    """Return what a call that took effect changes."""
    return _CHANGES.get(call.operation, "") if call.effective else ""


def _successful(call: Call) -> bool:
    """Tell whether a read was answered; a definite "Could not find" is an answer."""
    missing = call.refused and "Could not find" in call.message
    return not call.write and (call.answered or missing)


def covers(call: Call, endpoint: str) -> bool:
    """Tell whether a read is of this endpoint, or of all that there are."""
    if call.endpoint:
        return call.endpoint.lower() == endpoint.lower()
    if "ResourceArn" in call.params:
        return False
    if call.operation == "DescribeAlarms":
        return _shows(call, f"/{endpoint}/")
    named = call.params.get("EndpointConfigName")
    if named is not None:
        found = call.shown.endpoint(endpoint)
        return found is not None and named == found.config
    resources = call.params.get("ResourceIds")
    return not resources or any(f"endpoint/{endpoint}/".lower() in one.lower() for one in resources)


def _shows(call: Call, words: str) -> bool:
    """Tell whether a read of alarms is of those whose names have these words, or of all."""
    names, prefix = call.params.get("AlarmNames"), call.params.get("AlarmNamePrefix", "")
    if names:
        return any(words in name for name in names)
    return not prefix or words in prefix or prefix.count("/") < 2  # noqa: PLR2004  before the endpoint's name


@dataclass(slots=True)
class History:
    """Calls in their order; ``now`` is AWS's time of the last one, None before the first."""

    bounds: Bounds
    timeline: Timeline = field(default_factory=Timeline)
    calls: list[Call] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    """When the operator was started again, by the clock of its machine."""
    pauses: list[tuple[float, float]] = field(default_factory=list)
    """Times on AWS's clock in which a test did not let the operator run."""
    _reads: dict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))
    _changes: dict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))

    scaling: ScalingHistory = field(default_factory=ScalingHistory)
    _clusters: set[str] = field(default_factory=set)
    """The cluster ids that operators have put on what they created."""

    def add(self, call: Call) -> None:
        self.calls.append(call)
        if call.operation.startswith("Create"):
            tags = {tag["Key"]: tag["Value"] for tag in call.params.get("Tags", ())}
            self._clusters |= {tags[CLUSTER_TAG]} if CLUSTER_TAG in tags else set()
        if kind := kind_read(call):
            self._reads[kind].append(call)
        if kind == ALARMS and _shows(call, "TargetTracking-endpoint/"):
            self._reads[TRACKING_ALARMS].append(call)
        if kind := kind_changed(call):
            self._changes[kind].append(call)
        self.scaling.add(call, self.subjects(call, since=call.local - self.bounds.reconcile))

    def owns(self, intent: Intent, tags: Mapping[str, str]) -> bool:
        """Tell whether owner tags name a resource of the cluster whose id the operator has put on objects."""
        return intent.owns(tags) and (not self._clusters or tags.get(CLUSTER_TAG) in self._clusters)

    @property
    def now(self) -> float | None:
        return self.calls[-1].time if self.calls else None

    @property
    def truth(self) -> AwsState:
        """What AWS held after the last call."""
        return self.calls[-1].after if self.calls else _EMPTY

    def truth_at(self, local: float) -> AwsState:
        """Return what AWS held after the last call until a time on the operator's machine."""
        return next((call.after for call in reversed(self.calls) if call.local <= local), _EMPTY)

    def newest_read(self, kind: str, endpoint: str, until: float | None = None) -> Call | None:
        """Return the newest read of a kind that covers an endpoint, until a time of the operator's clock."""
        return next(
            (
                call
                for call in reversed(self._reads[kind])
                if (until is None or call.local <= until) and covers(call, endpoint)
            ),
            None,
        )

    def changed_since(self, read: Call, endpoint: str, until: float | None = None) -> bool:
        """Tell whether the operator has changed what a read told after the moment that the read showed."""
        for call in reversed(self._changes[kind_read(read)]):
            if call.time < read.shown_at:
                return False
            unseen = call.time > read.shown_at or call.number > read.number
            if (
                unseen
                and (until is None or call.local <= until)
                and call.endpoint.lower() == endpoint.lower()
            ):
                return True
        return False

    def known(self, kind: str, endpoint: str, call: Call) -> AwsState | None:
        """Return what the operator could know at a call of its own; None when only the truth counts.

        What others do between a read and the call that follows from it cannot be known. A read that is old,
        or does not show yet what the operator itself has changed, excuses nothing.
        """
        read = self.newest_read(kind, endpoint)
        if read is None or call.time - read.time > self.bounds.aws_read_age:
            return None
        return None if self.changed_since(read, endpoint) else read.shown

    def intents(self, call: Call) -> list[Intent]:
        """Return what the resource asked for when the reconcile that sent a call may have read it.

        An operator that has written a status about a generation has read that generation.
        """
        return _distinct(self._candidates(call))

    def intents_before(self, call: Call) -> list[Intent]:
        """Return those of them of which the monitor had heard by then, so that any other came later."""
        return _distinct([one for one in self._candidates(call) if one.latest <= call.local])

    def _candidates(self, call: Call) -> list[Version]:
        versions = self.subjects(call, since=call.local - self.bounds.reconcile)
        return [one for one in versions if one.intent.generation >= _reported(one, versions, call)]

    def subjects(self, call: Call, *, since: float) -> list[Version]:
        """Return the versions of the resource that a call is for which may have been current since a time.

        A call names an endpoint, or a model or config whose owner tags name the resource.
        """
        until = call.local + self.bounds.lag
        if call.endpoint:
            found = self.timeline.current(call.endpoint, since, until)
            live = call.before.endpoint(call.endpoint)
            owned = [one for one in found if live is not None and self.owns(one.intent, live.tags)]
            return owned or found
        return self.timeline.between(_owner(call), since, until)

    def endpoint_of(self, call: Call) -> str:
        """Return the endpoint of the resource that a call is for; empty when it is for none."""
        if call.endpoint:
            return call.endpoint
        owner = _owner(call)
        return next(iter(self.timeline.endpoints_of(owner)), "") if any(owner) else ""

    def active(self, since: Call, until: Call) -> float:
        """Return how long, on AWS's clock, the operator was at work between two calls."""
        calls = [*self._from(since), until]
        return sum(self.worked(former, call) for former, call in pairwise(calls))

    def worked(self, former: Call | None, call: Call) -> float:
        """Return how much of the time between two calls in a row was the operator's own.

        None of it was if it is longer than the operator ever waits: then it was dead, or AWS's clock was
        moved. Times in which a test did not let it run are left out.
        """
        if former is None:
            return 0.0
        seconds = call.time - former.time
        for since, until in self.pauses:
            seconds -= max(0.0, min(until, call.time) - max(since, former.time))
        return seconds if seconds <= self.bounds.aws_silence else 0.0

    def _from(self, first: Call) -> list[Call]:
        place = next(at for at in range(len(self.calls) - 1, -1, -1) if self.calls[at] is first)
        return self.calls[place:]

    def restarted(self, since: float, until: float) -> bool:
        return any(since <= moment <= until for moment in self.restarts)

    def governed(self, intent: Intent, variant: str, state: AwsState, now: float) -> Governed:
        """Return what a resource's autoscaling of a variant is to be now; ``state`` is what AWS holds."""
        versions = life(self.timeline.of((intent.namespace, intent.name)), intent)
        clocks = Clocks(self._before, self._after)
        return self.scaling.governed(intent, variant, state, versions=versions, now=now, clocks=clocks)

    def former(self, intent: Intent, variant: str) -> Former:
        """Return the names of the parts of a variant's autoscaling that the resource has ever declared."""
        return former(life(self.timeline.of((intent.namespace, intent.name)), intent), variant)

    def lost_status_since(self, intent: Intent, local: float) -> bool:
        """Return whether a resource's status was lost after a moment on the operator's machine."""
        versions = life(self.timeline.of((intent.namespace, intent.name)), intent)
        kept = since_loss(versions)
        return len(kept) < len(versions) and kept[0].latest >= local

    def _before(self, local: float) -> float:
        """Return AWS's time at a moment on the operator's machine, or somewhat earlier.

        Before the operator's first call, AWS holds nothing of it, so that earlier times do not matter.
        """
        place = bisect_right(self.calls, local, key=lambda call: call.local)
        return self.calls[max(place - 1, 0)].time if self.calls else float("inf")

    def _after(self, local: float) -> float:
        """Return the same, or somewhat later; far ahead when there was no call since."""
        place = bisect_left(self.calls, local, key=lambda call: call.local)
        return self.calls[place].time if place < len(self.calls) else float("inf")

    def reads(self, kind: str, endpoint: str) -> Iterator[Call]:
        """Yield the reads of a kind that cover an endpoint, newest first."""
        return (call for call in reversed(self._reads[kind]) if covers(call, endpoint))


def _owner(call: Call) -> Key:
    """Return the resource that owns the model or config which a call creates or deletes, by its tags."""
    named_config = "EndpointConfigName" in call.params
    kind = call.before.configs if named_config else call.before.models
    name = str(call.params.get("EndpointConfigName" if named_config else "ModelName", ""))
    given = {tag["Key"]: tag["Value"] for tag in call.params.get("Tags", ())}
    tags: Mapping[str, str] = given or (kind[name].tags if name in kind else {})
    return tags.get(NAMESPACE_TAG, ""), tags.get(NAME_TAG, "")


def _reported(version: Version, versions: list[Version], call: Call) -> int:
    """Return the newest generation of a resource that a status was about before a call."""
    statuses = (one.status for one in versions if one.uid == version.uid and one.latest <= call.local)
    return max((status.get("observedGeneration", -1) for status in statuses), default=-1)


def _distinct(versions: list[Version]) -> list[Intent]:
    found: list[Intent] = []
    for version in versions:
        if version.intent not in found:
            found.append(version.intent)
    return found
