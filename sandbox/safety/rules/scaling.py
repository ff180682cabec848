"""S3: a variant that serves keeps its autoscaling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.safety.history import ENDPOINT, kind_read
from sandbox.safety.rules.releases import (
    Release,
    in_backoff,
    intends_no_scaling,
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

_PARTS = {
    "DeleteScalingPolicy": ("PolicyName", "policies", "policy"),
    "DeleteScheduledAction": ("ScheduledActionName", "scheduled", "scheduled action"),
}


class ScalingIsKept(Rule):
    """Judges the calls that take a scalable target, a policy, a scheduled action or a suspension away.

    - A variant serves when it is one of an endpoint's current variants, at whatever weight, and the endpoint
      answers requests.
    - Intended, and no release, is a deregistration for a spec that gives the variant a fixed count, and all
      that belongs to the deletion of the resource.
    - A policy that the spec does not name may go, unless the spec says that foreign scaling is only
      reported; a scheduled action, only if the spec says that foreign scaling is removed. A policy may also
      go when the spec gives it another type, which AWS changes only so.
    - A release is needed when AWS refuses the update otherwise: the variant is removed or changes its
      instance type. The config that the update deploys, and its models, exist at the release.
    - The next write for the endpoint is the UpdateEndpoint, or another release for it. After a restart of
      the operator or a change of the resource it may as well be the restoration.
    - The time to the UpdateEndpoint is AWS's; times do not count in which the operator was dead or stopped,
      or somebody else kept the endpoint busy.
    - Saved is what is in the status as last written before the release: one object in it names the variant
      and holds its bounds, its policies and scheduled actions with all values, and a suspension.
    - Restored, as it was read, it is when the endpoint is seen InService again and still has the variant;
      what the spec itself governs is as the spec says. A refused restoration is tried again under S9.
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
        self._put_for_spec: set[tuple[str, str, str]] = set()

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        intents = history.intents(call)
        if is_release(call, history):
            yield from self._release(call, intents, history)
        elif call.write:
            yield from self._part_taken(call, intents)
            yield from self._suspended(call, intents)
            yield from self._next_write(call, intents, history)
            self._note(call, intents)
        elif kind_read(call) == ENDPOINT:
            yield from self._look(call, intents, history)

    def _release(self, call: Call, intents: list[Intent], history: History) -> Iterator[Violation]:
        target = call.before.targets[call.endpoint, call.variant]
        foreign = {
            name for name in target.policies if (call.endpoint, call.variant, name) not in self._put_for_spec
        }
        self._releases[call.endpoint, call.variant] = Release(call, target, intents, foreign)
        if intents and not any(
            needs_release(call.variant, one, call.before, call.endpoint) for one in intents
        ):
            yield self.broken(
                call,
                call.time,
                found=f"{call.variant} serves, and {intents[0]} leaves it autoscaled on its instance type",
                right="keep the scalable target: AWS takes an update that keeps the instance type",
            )
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

    def _part_taken(self, call: Call, intents: list[Intent]) -> Iterator[Violation]:
        if call.operation not in _PARTS or not call.effective or not _serves(call):
            return
        member, attribute, what = _PARTS[call.operation]
        name = str(call.params.get(member, ""))
        if not intents or any(_may_go(call, name, attribute, intent) for intent in intents):
            return
        yield self.broken(
            call,
            call.time,
            found=f"{call.variant} serves, and {intents[0]} does not ask for its {what} {name} to go",
            right=f"keep the {what} {name}",
        )

    def _suspended(self, call: Call, intents: list[Intent]) -> Iterator[Violation]:
        before = call.before.targets.get((call.endpoint, call.variant))
        after = call.after.targets.get((call.endpoint, call.variant))
        if before is None or after is None or before.suspended == after.suspended or not _serves(call):
            return
        released = self._releases.get((call.endpoint, call.variant))
        if released is not None and released.target.suspended == after.suspended:
            return
        if intents and not any(_asks_for_suspension(call.variant, after, one) for one in intents):
            yield self.broken(
                call,
                call.time,
                found=f"{call.variant} had {dict(before.suspended)}, and no spec asks for another",
                right="leave SuspendedState out of the request",
            )

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

    def _note(self, call: Call, intents: list[Intent]) -> None:
        """Remember what was put for a spec, and the attempts to restore."""
        if not call.variant:
            return
        name = str(call.params.get("PolicyName", ""))
        if call.operation == "PutScalingPolicy" and call.effective:
            wanted = [intent.variants.get(call.variant) for intent in intents]
            if any(variant is not None and name in variant.policies for variant in wanted):
                self._put_for_spec.add((call.endpoint, call.variant, name))
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
            if is_over(release, shown, intents, call):
                del self._releases[key]
            elif shown is None or not shown.in_service:
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
        parts = ", ".join(lacking(release, intents, call.before))
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


def _serves(call: Call) -> bool:
    endpoint = call.before.endpoint(call.endpoint)
    return endpoint is not None and endpoint.serving and call.variant in endpoint.variants


def _may_go(call: Call, name: str, attribute: str, intent: Intent) -> bool:
    if intends_no_scaling(call.variant, intent):
        return True
    wanted = intent.variants.get(call.variant)
    if wanted is None:
        return False
    named = wanted.policies if attribute == "policies" else wanted.scheduled
    if name not in named:
        stays = wanted.foreign_policies_stay if attribute == "policies" else wanted.foreign_actions_stay
        return not stays
    target = call.before.targets.get((call.endpoint, call.variant))
    live = getattr(target, attribute).get(name, {}) if target else {}
    return attribute == "policies" and named[name].get("type") != live.get("type")


def _asks_for_suspension(variant: str, target: Target, intent: Intent) -> bool:
    wanted = intent.variants.get(variant)
    suspended = (wanted.autoscaling or {}).get("suspended") if wanted else None
    if suspended is None:
        return False
    spec = {"scale_in": "scaleIn", "scale_out": "scaleOut", "scheduled": "scheduled"}
    return all(bool(suspended.get(spec[key])) == value for key, value in target.suspended.items())
