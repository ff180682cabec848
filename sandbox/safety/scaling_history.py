"""What the rules remember of autoscaling: what AWS held when, and what the operator has put for a spec."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox.safety.aws_state import TOLERANCE
from sandbox.safety.declarations import Clocks, Former, action_span, bounds_span, former, since_loss
from sandbox.safety.intended import Held, IntendedBounds, intended_bounds
from sandbox.safety.intent import SUSPENSIONS
from sandbox.safety.rules.saving import mentions
from sandbox.safety.schedules import Schedules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.safety.aws_state import AwsState, Target
    from sandbox.safety.calls import Call
    from sandbox.safety.intent import IntendedVariant, Intent
    from sandbox.safety.resources import Version

Place = tuple[str, str]
"""An endpoint and its variant."""
POLICY, ACTION, SUSPENSION = "policy", "scheduled action", "suspension"


@dataclass(frozen=True, slots=True)
class Governed:
    """What a variant's autoscaling is to be beside what its spec says.

    ``dropped`` has what the operator put for an earlier spec, and remembers in the status, and which has to
    go. ``now`` is AWS's time. ``alarm_prefixes`` are how the names of the resource's alarms begin.
    """

    bounds: IntendedBounds
    now: float
    dropped: Former = field(default_factory=Former)
    alarm_prefixes: frozenset[str] = frozenset()


@dataclass(slots=True)
class ScalingHistory:
    """Fed with each call of the operator's."""

    _held: dict[Place, list[Held]] = field(default_factory=dict)
    _put: dict[tuple[str, str, str, str], float] = field(default_factory=dict)
    """When, by the operator's machine, it put a part: endpoint, variant, kind of part and name."""
    _released: dict[Place, Target] = field(default_factory=dict)
    """What the operator has deregistered and not registered again."""
    _prefixes: dict[str, set[str]] = field(default_factory=dict)
    """How the names of alarms begin, by the UID of the resource that they were put for."""
    _schedules: Schedules = field(default_factory=Schedules)
    _last: AwsState | None = None

    def add(self, call: Call, subjects: Sequence[Version]) -> None:
        for state in (call.before, call.after):
            if state is not self._last:
                self._last = state
                self._note_held(call.time, state)
                self._forget_gone(state)
                self._forget_registered(state)
        if call.effective:
            place = call.endpoint, call.variant
            if call.operation == "DeregisterScalableTarget" and place in call.before.targets:
                self._released[place] = call.before.targets[place]
            for kind, name in _puts(call):
                self._put[call.endpoint, call.variant, kind, name] = call.local
            if call.operation == "PutMetricAlarm" and call.alarm_prefix:
                for version in subjects:
                    self._prefixes.setdefault(version.uid, set()).add(call.alarm_prefix)

    def alarm_prefixes(self, uid: str) -> frozenset[str]:
        """Return how the names begin that the operator has given to the alarms of a resource."""
        return frozenset(self._prefixes.get(uid, ()))

    def governed(  # noqa: PLR0913  whose it is, and when
        self,
        intent: Intent,
        variant: str,
        state: AwsState,
        *,
        versions: Sequence[Version],
        now: float,
        clocks: Clocks,
    ) -> Governed:
        """Return what the autoscaling of a variant is to be now, by one version of its resource.

        Until a target that the operator has deregistered is there again, the scheduled actions that set its
        bounds count as before.
        """
        place = intent.endpoint, variant
        wanted, live = intent.variants[variant], state.targets.get(place, self._released.get(place))
        bounds = intended_bounds(
            wanted,
            live,
            bounds_since=bounds_span(versions, intent, variant, clocks),
            actions_since={
                name: action_span(versions, intent, variant, name, clocks) for name in wanted.scheduled
            },
            held=self._held.get((intent.endpoint, variant), ()),
            schedules=self._schedules,
            now=now,
        )
        dropped = self._dropped(intent, wanted, versions)
        if _moves_traffic(intent, state):
            dropped = replace(dropped, suspensions=dropped.suspensions - {"scale_in"})
        return Governed(bounds, now, dropped, self.alarm_prefixes(intent.uid))

    def _dropped(self, intent: Intent, wanted: IntendedVariant, versions: Sequence[Version]) -> Former:
        put = [
            (kind, name, local)
            for (endpoint, variant, kind, name), local in self._put.items()
            if (endpoint, variant) == (intent.endpoint, wanted.name)
        ]
        now = {POLICY: wanted.policies, ACTION: wanted.scheduled, SUSPENSION: wanted.suspended}
        gone = [(kind, name, local) for kind, name, local in put if name not in now[kind]]
        if not gone:
            return Former()
        declared = former(versions, wanted.name)
        kinds = {POLICY: declared.policies, ACTION: declared.actions, SUSPENSION: declared.suspensions}
        known: dict[str, set[str]] = {POLICY: set(), ACTION: set(), SUSPENSION: set()}
        for kind, name, local in gone:
            word = SUSPENSIONS[name] if kind == SUSPENSION else name
            told = (one for one in since_loss(versions) if one.latest >= local)
            if name in kinds[kind] and any(mentions(one.status, wanted.name, word) for one in told):
                known[kind].add(name)
        return Former(*(frozenset(known[kind]) for kind in (POLICY, ACTION, SUSPENSION)))

    def _note_held(self, time: float, state: AwsState) -> None:
        for place in {*self._held, *state.targets}:
            held = Held.of(time, state.targets.get(place))
            past = self._held.setdefault(place, [])
            if not past or not past[-1].same(held):
                past.append(held)

    def _forget_registered(self, state: AwsState) -> None:
        for place in self._released.keys() & state.targets.keys():
            del self._released[place]

    def _forget_gone(self, state: AwsState) -> None:
        """Forget what is not there any more: what comes under its name later is somebody else's."""
        gone = [
            part
            for part in self._put
            if part[3] not in _parts(state.targets.get((part[0], part[1])), part[2])
        ]
        for part in gone:
            del self._put[part]


def _moves_traffic(intent: Intent, state: AwsState) -> bool:
    """Tell whether the weights that a strategy has chosen are not in effect yet.

    A run that has ended may keep scale-in suspended until then.
    """
    endpoint, chosen = state.endpoint(intent.endpoint), intent.shares
    if intent.chosen is None or chosen is None or endpoint is None:
        return False
    return any(abs(endpoint.shares.get(name, 0.0) - share) > TOLERANCE for name, share in chosen.items())


def _parts(target: Target | None, kind: str) -> set[str]:
    if target is None:
        return set()
    if kind == SUSPENSION:
        return {name for name, value in target.suspended.items() if value}
    return {*(target.policies if kind == POLICY else target.scheduled)}


def _puts(call: Call) -> Iterator[tuple[str, str]]:
    """Yield the parts that a call puts."""
    if call.operation == "PutScalingPolicy":
        yield POLICY, str(call.params["PolicyName"])
    if call.operation == "PutScheduledAction":
        yield ACTION, str(call.params["ScheduledActionName"])
    if call.operation == "RegisterScalableTarget":
        target = call.after.targets.get((call.endpoint, call.variant))
        asked = call.params.get("SuspendedState", {})
        if target is not None and any(asked.values()):
            yield from ((SUSPENSION, kind) for kind, value in target.suspended.items() if value)
