"""S5: whatever is stuck, what serves can be steered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.safety.adjustments import Adjustment, Shown, attempted, owed
from sandbox.safety.history import ALARMS, ENDPOINT, TAGS, TARGETS, TRACKING_ALARMS, kind_read
from sandbox.safety.rules.refusals import Refusal, refusal_of
from sandbox.safety.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sandbox.safety.calls import Call
    from sandbox.safety.history import History
    from sandbox.safety.intent import Intent
    from sandbox.safety.violations import Violation

_BLIND = frozenset({"InvalidSpec", "LocationChanged"})
"""Reasons for which the operator does not look at AWS at all."""


@dataclass(slots=True)
class Wait:
    """An adjustment that is due: how long on AWS's clock, and the attempts that did not bring it about.

    Time in which S1 or S2 holds it does not count.
    """

    seconds: float = 0.0
    held: bool = False
    attempts: list[Call] = field(default_factory=list)
    seen: Call | None = None
    """The first read since the last attempt that shows it due and the endpoint in service."""
    reported: bool = False


class AdjustmentsGoOut(Rule):
    """Judges, each time that the operator reads an endpoint, how long adjustments have been left unsent.

    - An adjustment is a change of weights, counts, autoscaling with its alarms, or tags of the fleet that
      serves. It is due while the newest reads show the endpoint InService with the resource's owner tags and
      another value than the spec's, and neither S1 nor S2 holds it. Bounds are compared as in S6.
    - The weights of a run are held until the tag of the endpoint names the run, but not those of a rollback
      or of a run that was aborted: S10.
    - It is late after 420 s of AWS's clock without an attempt. Only time between two reads counts that both
      show it due, and not while it is held; times without any call are a process that is dead or stopped.
    - After refused attempts, and after attempts that AWS accepted and took back, the backoff of S9 has to be
      over as well, by the clock of the operator's machine; it begins when a read shows the outcome.
    - While additions to the set of variants are pending, the spec's weights of those that exist are due;
      while removals are pending, only zeros of the spec. Counts and autoscaling of a variant that changes
      its instance type are left to the rollout, and so they are while the config in use is deleted and the
      status does not hold its content: then nothing shows the instance types.
    - Not judged are a resource that is being deleted, and one whose spec or location the operator refuses.
    - When the operator has come to rest, nothing may be due but what waits for its backoff, and each variant
      or tag that holds an adjustment is named in a condition.
    """

    name = "S5"
    text = (
        "Every reconcile that finds the endpoint ours and InService sends the next adjustment that S1, S2, "
        "the tag of a run or a backoff does not hold, whatever else is stuck; what holds it is named in the "
        "condition."
    )

    def __init__(self) -> None:
        self._waits: dict[tuple[str, str], Wait] = {}
        self._last: dict[str, Call] = {}

    def on_call(self, call: Call, history: History) -> Iterator[Violation]:
        for key in attempted(call) if call.write else ():
            wait = self._waits.setdefault((call.endpoint.lower(), key), Wait())
            if refusal_of(call) is not Refusal.BUSY:
                wait.attempts.append(call)
                wait.seconds, wait.seen = 0.0, None
        if kind_read(call) == ENDPOINT:
            yield from self._look(call, history)

    def _look(self, call: Call, history: History) -> Iterator[Violation]:
        endpoint = call.endpoint.lower()
        intents = [intent for intent in history.intents(call) if _steers(intent, call, history)]
        former = self._last.pop(endpoint, None)
        if not intents:
            return
        due = _due(intents, call, history)
        if _shown_in_service(call, endpoint):
            self._last[endpoint] = call
            self._forget_done(endpoint, due.keys())
        for key, adjustment in due.items():
            wait = self._waits.setdefault((endpoint, key), Wait())
            if adjustment.holders or wait.held:
                wait.seconds = 0.0
            else:
                wait.seconds += _between(former, call, history)
            wait.held = bool(adjustment.holders)
            if wait.seen is None and _shown_in_service(call, endpoint):
                wait.seen = call
            late = wait.seconds > history.bounds.aws_idle and not _in_backoff(wait, call, history)
            if late and not wait.reported:
                wait.reported = True
                yield self._late(call, adjustment, wait)

    def _forget_done(self, endpoint: str, due: Collection[str]) -> None:
        """Forget what an endpoint in service has; one at work may yet go back on it."""
        done = [(name, key) for name, key in self._waits if name == endpoint and key not in due]
        for place in done:
            del self._waits[place]

    def _late(self, call: Call, adjustment: Adjustment, wait: Wait) -> Violation:
        last = f"; the last attempt was {wait.attempts[-1]}" if wait.attempts else ""
        return self.broken(
            call,
            call.time,
            found=(
                f"the endpoint is InService, nothing holds it, and it is not sent for {wait.seconds:.0f} s: "
                f"{adjustment.says}{last}"
            ),
            right="send the adjustment, whatever else is stuck",
        )

    def at_rest(self, history: History) -> Iterator[Violation]:
        for call in list(self._last.values()):
            intents = [intent for intent in history.intents(call) if _steers(intent, call, history)]
            if not intents:
                continue
            for key, adjustment in _due(intents, call, history).items():
                wait = self._waits.get((call.endpoint.lower(), key))
                if adjustment.holders:
                    yield from self._unnamed(call, adjustment, intents, history)
                elif wait is None or not (wait.reported or _in_backoff(wait, call, history)):
                    yield self._late(call, adjustment, wait or Wait())

    def _unnamed(
        self, call: Call, adjustment: Adjustment, intents: list[Intent], history: History
    ) -> Iterator[Violation]:
        version = history.timeline.newest((intents[0].namespace, intents[0].name))
        conditions = version.conditions.values() if version else ()
        messages = " ".join(str(condition.get("message", "")) for condition in conditions)
        for holder in sorted(adjustment.holders):
            if holder not in messages:
                yield self.broken(
                    f"the conditions of {version}",
                    call.time,
                    found=f"it waits for {holder}, which no condition names: {adjustment.says}",
                    right=f"name {holder} and what it waits for in a condition",
                )


def _steers(intent: Intent, call: Call, history: History) -> bool:
    """Tell whether a resource is to steer the endpoint that a read shows."""
    shown = call.shown.endpoint(call.endpoint)
    version = history.timeline.newest((intent.namespace, intent.name))
    stalled = version.conditions.get("Stalled", {}).get("reason") if version else None
    ours = shown is not None and history.owns(intent, shown.tags)
    return ours and not intent.deleting and stalled not in _BLIND


def _due(intents: list[Intent], call: Call, history: History) -> dict[str, Adjustment]:
    """Return what every version of the resource asks for that the reconcile may have read."""
    found = [{one.key: one for one in owed(intent, _shown(intent, call, history))} for intent in intents]
    return {key: one for key, one in found[0].items() if all(key in other for other in found)}


def _shown(intent: Intent, call: Call, history: History) -> Shown:
    newest = {
        kind: history.newest_read(kind, call.endpoint) for kind in (TARGETS, TAGS, ALARMS, TRACKING_ALARMS)
    }
    states = {kind: read.answer if read else None for kind, read in newest.items()}
    scaling = states[TARGETS] or call.shown
    scaled = [one.name for one in intent.variants.values() if one.autoscaling is not None]
    return Shown(
        fleet=call.shown,
        scaling=scaling,
        tags=states[TAGS] or call.shown,
        alarms=states[ALARMS],
        tracking_alarms=states[TRACKING_ALARMS],
        sized=_shows_types(call, history),
        governed={name: history.governed(intent, name, scaling, call.time) for name in scaled},
    )


def _shows_types(call: Call, history: History) -> bool:
    """Tell whether the operator can know on which instance types the variants run.

    Only the config in use shows them; the operator keeps its content in status.
    """
    endpoint = call.shown.endpoint(call.endpoint)
    if endpoint is None or endpoint.config in call.shown.configs:
        return True
    recorded = [one.status.get("endpoint") for one in history.subjects(call, since=call.local)]
    return any(
        isinstance(one, Mapping) and one.get("configName") == endpoint.config and "configContent" in one
        for one in recorded
    )


def _shown_in_service(call: Call, endpoint: str) -> bool:
    shown = call.shown.endpoint(endpoint)
    return shown is not None and shown.in_service


def _between(former: Call | None, call: Call, history: History) -> float:
    """Return the seconds between two reads that show the endpoint in service, if the operator was at work."""
    if former is None or not _shown_in_service(call, call.endpoint):
        return 0.0
    return 0.0 if history.restarted(former.local, call.local) else history.worked(former, call)


def _in_backoff(wait: Wait, call: Call, history: History) -> bool:
    """Tell whether the last attempt came to nothing so lately that it need not be made again yet."""
    if not wait.attempts or wait.seen is None:
        return False
    longest = history.bounds.longest_backoff(len(wait.attempts))
    return call.local < wait.seen.local + longest + history.bounds.refused_first
