"""S3: a variant that serves keeps its autoscaling."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.safety.history import ENDPOINT, POLICIES, SCHEDULE, TARGETS, kind_read
from sandbox.safety.rules.parts import (
    alarms_changed,
    bounds_set,
    parts_put,
    parts_taken,
    suspension_changed,
)
from sandbox.safety.rules.releases import (
    Release,
    in_backoff,
    is_over,
    is_release,
    lacking,
    needs_release,
    unready,
    was_busy,
)
from sandbox.safety.rules.rule import Rule
from sandbox.safety.rules.saving import is_saved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.safety.aws_state import Target
    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.violations import Violation


class ScalingIsKept(Rule):
    """Judges the calls that take or change a scalable target or what belongs to it.

    - A variant serves when it is one of an endpoint's current variants, at whatever weight, and the endpoint
      answers requests.
    - Intended, and no release, is a deregistration for a spec that gives the variant a fixed count, and all
      that belongs to the deletion of the resource.
    - A policy or a scheduled action that the spec does not name may go if an earlier version of the spec
      named it, or if the spec says that foreign scaling is removed. One that it names may go if AWS has a
      policy of another type or on another metric under that name, or another action.
    - A policy or a scheduled action that no spec names is put only as it was released.
    - What is suspended changes only as the spec declares it, as it was released, or, to be resumed, when an
      earlier version of the spec suspended it or foreign scaling is removed.
    - A registration sets bounds that are intended now, by the spec and its schedule (see S6), or leaves or
      restores those that there were.
    - Only alarms of our names are put and deleted, and none that fires a step policy of the spec is deleted.
    - A release is needed when AWS refuses the update otherwise: the variant is removed or changes its
      instance type. The config that the update deploys, and its models, exist at the release.
    - The next write for the endpoint is the UpdateEndpoint, or another release for it. After a restart of
      the operator or a change of the resource it may as well be the restoration.
    - The time to the UpdateEndpoint is AWS's; times do not count in which the operator was dead or stopped,
      or somebody else kept the endpoint busy.
    - Saved is what is in the status as last written before the release: one object in it names the variant
      and holds its bounds, its policies and scheduled actions with all values, and a suspension. What
      somebody changed after the operator's last read, or too shortly before it to show, need not be saved.
    - Restored, as it was read, it is when the endpoint is seen InService again and still has the variant;
      what the spec itself governs is as the spec says, and the alarm of its step policy names the new
      policy. An action that is not due any more need not come back. A refused restoration is tried again
      under S9, and nothing is restored while the endpoint's owner tags are gone.
    """

    name = "S3"
    text = (
        "A variant that serves keeps its scalable target, policies, scheduled actions and suspension, except "
        "from a release until the update that needed it was refused or has ended and is verified. A release "
        "is sent only when all else of the rollout is ready, and its UpdateEndpoint follows at once. What "
        "was released, foreign parts too, is saved in status before, and restored as read at the next "
        "InService."
    )

    def __init__(self) -> None:
        self._releases: dict[tuple[str, str], Release] = {}
        self._taken: dict[tuple[str, str], Target] = {}

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        intents = history.intents(call)
        self._take(call)
        if is_release(call, history):
            yield from self._release(call, intents, history)
        elif call.write:
            yield from self._parts(call, intents, history)
            yield from self._next_write(call, intents, history)
            self._note(call)
        elif kind_read(call) == ENDPOINT:
            yield from self._look(call, intents, history)

    def _take(self, call: Call) -> None:
        """Remember what deregistrations take off a variant.

        The operator may put it back as it was, also where the deregistration need not have been a release
        because one of the versions that the reconcile may have read wants none, and where a read from before
        it looked like the end of the restoration.
        """
        place = call.endpoint, call.variant
        if call.operation == "DeregisterScalableTarget" and call.effective and place in call.before.targets:
            earlier, target = self._taken.get(place), call.before.targets[place]
            self._taken[place] = _with_unrestored(target, earlier) if earlier else target

    def _release(self, call: Call, intents: list[Intent], history: History) -> Iterator[Violation]:
        target = call.before.targets[call.endpoint, call.variant]
        earlier = self._releases.get((call.endpoint, call.variant))
        whole = _with_unrestored(target, earlier.target) if earlier else target
        self._releases[call.endpoint, call.variant] = Release(call, whole, intents)
        if intents and not any(
            needs_release(call.variant, one, call.before, call.endpoint) for one in intents
        ):
            yield self.broken(
                call,
                call.time,
                found=f"{call.variant} serves, and {intents[0]} leaves it autoscaled on its instance type",
                right="keep the scalable target: AWS takes an update that keeps the instance type",
            )
        target = _as_known(target, call, history)
        versions = history.subjects(call, since=call.local)
        if not any(is_saved(target, version.status) for version in versions):
            yield self.broken(
                call,
                call.time,
                found=(
                    f"the status does not hold what is taken off {call.variant}: {target.minimum} to "
                    f"{target.maximum} instances, policies {sorted(target.policies)}, scheduled actions "
                    f"{sorted(target.scheduled)}"
                ),
                right="save bounds, policies, scheduled actions and suspension in the status first",
            )

    def _parts(self, call: Call, intents: list[Intent], history: History) -> Iterator[Violation]:
        place = call.endpoint, call.variant
        release = self._releases.get(place)
        released = release.target if release else None
        findings = (
            *parts_taken(call, intents, history),
            *parts_put(call, intents, released or self._taken.get(place)),
            *suspension_changed(call, intents, released, history),
            *bounds_set(call, intents, released, history),
            *alarms_changed(call, intents),
        )
        for found, right in findings:
            yield self.broken(call, call.time, found=found, right=right)

    def _next_write(self, call: Call, intents: list[Intent], history: History) -> Iterator[Violation]:
        if call.operation == "DeregisterScalableTarget":
            return
        for release in self._of(history.endpoint_of(call)):
            if release.update is not None:
                continue
            release.update, release.waited, release.last_read = call, 0.0, None
            changed = history.restarted(release.call.local, call.local) or intents != release.intents
            excused = changed or was_busy(release, call, history)
            if call.operation == "UpdateEndpoint":
                yield from self._followed(call, release, history, excused=excused)
            elif not excused:
                yield self.broken(
                    call,
                    call.time,
                    found=f"{release.call.variant} was released just before, by {release.call}",
                    right="send the UpdateEndpoint that the release was for as the next write",
                )

    def _followed(
        self, call: Call, release: Release, history: History, *, excused: bool
    ) -> Iterator[Violation]:
        absent = sorted(unready(str(call.params["EndpointConfigName"]), release.call.before))
        if absent:
            yield self.broken(
                release.call,
                release.call.time,
                found=f"{', '.join(absent)} did not exist yet",
                right="release scaling when the endpoint config and its models exist",
            )
        waited = history.active(release.call, call)
        if waited > history.bounds.aws_release and not excused:
            yield self.broken(
                call,
                call.time,
                found=f"{release.call.variant} had been released {waited:.0f} s before, by {release.call}",
                right=f"send it within {history.bounds.aws_release:.0f} s of the release",
            )

    def _note(self, call: Call) -> None:
        """Remember the attempts to restore."""
        release = self._releases.get((call.endpoint, call.variant))
        if release is not None and release.update is not None:
            release.attempts.append(call)
            release.waited = 0.0

    def _look(self, call: Call, intents: list[Intent], history: History) -> Iterator[Violation]:
        """Judge, as the operator reads an endpoint, what it has not followed up or restored yet."""
        shown = call.shown.endpoint(call.endpoint)
        for release in self._of(call.endpoint):
            key = release.call.endpoint, release.call.variant
            since = release.update or release.call
            if call.shown_at < since.time:
                continue
            if is_over(release, shown, intents, call, history):
                del self._releases[key]
            elif (
                shown is None
                or not shown.in_service
                or not any(history.owns(intent, shown.tags) for intent in intents)
            ):
                release.last_read = None
            else:
                release.waited += history.worked(release.last_read, call)
                release.last_read = call
                late = self._late(release, intents, call, history)
                if late is not None:
                    del self._releases[key]
                    yield late

    def _late(
        self, release: Release, intents: list[Intent], call: Call, history: History
    ) -> Violation | None:
        """Judge how long the endpoint has been InService since a release, or since what followed it."""
        if release.update is None:
            restarted = history.restarted(release.call.local, call.local)
            if restarted or release.waited <= history.bounds.aws_release:
                return None
            return self.broken(
                release.call,
                release.call.time,
                found=f"no write for the endpoint has followed in {release.waited:.0f} s",
                right="send the UpdateEndpoint that the release is for at once, or restore what was released",
            )
        if release.waited <= history.bounds.aws_restore or in_backoff(release, call, history):
            return None
        parts = ", ".join(lacking(release, intents, call, history))
        return self.broken(
            call,
            call.time,
            found=(
                f"{release.call.variant} serves without {parts}, which {release.call} took off; the "
                f"endpoint has been InService for {release.waited:.0f} s"
            ),
            right="restore what was released when the endpoint is InService again",
        )

    def _of(self, endpoint: str) -> list[Release]:
        return [one for one in self._releases.values() if one.call.endpoint.lower() == endpoint.lower()]


def _as_known(target: Target, call: Call, history: History) -> Target:
    """Return a target with each of its parts as the operator could know it at a release."""

    def shown(kind: str) -> Target:
        state = history.known(kind, call.endpoint, call)
        found = state.targets.get((call.endpoint, call.variant)) if state else None
        return found or target

    bounds = shown(TARGETS)
    return replace(
        target,
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        suspended=bounds.suspended,
        policies=shown(POLICIES).policies,
        scheduled=shown(SCHEDULE).scheduled,
    )


def _with_unrestored(target: Target, earlier: Target) -> Target:
    """Return a target that is released, with what an earlier release took from it and nobody has restored."""
    return replace(
        target,
        policies={**earlier.policies, **target.policies},
        scheduled={**earlier.scheduled, **target.scheduled},
    )
