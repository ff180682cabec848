"""What AWS does not show of a variant's autoscaling, kept in status: what the spec declared, and since when.

Policies and scheduled actions carry no tags, so only a record distinguishes those of an earlier spec from
those of somebody else. Without it, the operator leaves alone what may be foreign, and reports it. A step
policy needs no record: its alarm has a name that only the operator gives.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sagemaker_ab.api.scaling_status import MOST_RECORDED, MOST_VARIANTS, ScalingStatus, ScheduledActionStatus
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.desired_scaling import (
    STEP_SCALING,
    SUSPENDED_MEMBERS,
    Bounds,
    DesiredScaling,
    alarm_name,
)
from sagemaker_ab.planning.names import content_hash
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.observed_scaling import ObservedTarget


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """A scheduled action that the spec declares or has declared; `since` as in `ScalingRecord`."""

    fingerprint: str
    since: float


@dataclass(frozen=True, slots=True)
class ScalingRecord:
    """What the spec has declared for one variant.

    `declared` are the bounds in the spec, `since` is when they were first seen, on AWS's clock. `actions`,
    `policies` and `suspended`, the members of SuspendedState, are those that the spec declares, and those
    that it has declared and that AWS still holds.
    """

    declared: Bounds
    since: float
    actions: Mapping[str, ActionRecord] = field(default_factory=dict)
    policies: frozenset[str] = frozenset()
    suspended: frozenset[str] = frozenset()

    @property
    def lost(self) -> bool:
        """Whether an earlier record was lost, so that a declared action may have run at any time before."""
        return self.since == 0.0


@dataclass(frozen=True, slots=True)
class _Held:
    """Names of policies and scheduled actions, and the members of SuspendedState that are true."""

    policies: AbstractSet[str]
    actions: AbstractSet[str]
    suspended: AbstractSet[str]


def follow_scaling(
    records: Mapping[str, ScalingRecord] | None,
    desired: Desired,
    observed: Observed,
    released: Mapping[str, ObservedTarget],
    *,
    settled: bool,
) -> Mapping[str, ScalingRecord]:
    """Bring the records of the variants that autoscale up to date.

    That of another variant is kept as long as AWS holds a scalable target or an alarm of it. What was
    released comes back, so it counts as held. Nothing is dropped unless reads are `settled`: a stale read may
    not show yet what AWS holds. `records` is None if status was lost, and with it any record.
    """
    scaled = {variant.name: variant.scaling for variant in desired.variants if variant.scaling}
    status_lost, records = records is None, records or {}
    followed, others = {}, []
    for name, record in records.items():
        alarmed = _alarmed(record, name, desired, observed)
        targets = [each[name] for each in (observed.targets, released) if name in each]
        if name in scaled:
            known = _with_alarmed(record, name, desired, observed)
            held = _held(known, targets, alarmed, settled=settled)
            followed[name] = _follow(known, scaled[name], held, observed.now)
        elif targets or alarmed or not settled:
            others.append(name)
    # Status has no room for more. Alarms of a variant without a record are deleted as garbage.
    others.sort(key=lambda name: (name not in observed.targets, -records[name].since))
    followed |= {name: records[name] for name in others[: MOST_VARIANTS - len(scaled)]}
    for name, scaling in scaled.items():
        if name not in records:
            first = _first(scaling, observed.targets.get(name), observed.now, status_lost=status_lost)
            known = _with_alarmed(first, name, desired, observed)
            held = _Held(known.policies, frozenset(), frozenset())
            followed[name] = _follow(known, scaling, held, observed.now)
    return followed


def _with_alarmed(record: ScalingRecord, variant: str, desired: Desired, observed: Observed) -> ScalingRecord:
    """Add the step policies that an alarm of ours fires: an earlier spec declared them, recorded or not."""
    target, alarms = observed.targets.get(variant), observed.alarms or {}
    if target is None:
        return record
    ours = {
        name
        for name, policy in target.policies.items()
        if policy.type == STEP_SCALING
        and policy.arn
        in alarms.get(alarm_name(desired.alarm_prefix, variant, name), {}).get("AlarmActions", ())
    }
    return replace(record, policies=record.policies | ours)


def _alarmed(record: ScalingRecord, variant: str, desired: Desired, observed: Observed) -> AbstractSet[str]:
    """Return the recorded policies whose alarms exist; all of them if the alarms could not be read."""
    if observed.alarms is None:
        return record.policies
    return {
        name for name in record.policies if alarm_name(desired.alarm_prefix, variant, name) in observed.alarms
    }


def _held(
    record: ScalingRecord, targets: Iterable[ObservedTarget], alarmed: AbstractSet[str], *, settled: bool
) -> _Held:
    """Return what AWS holds, or may hold, of what was recorded; a policy counts while its alarm exists."""
    if not settled:
        return _Held(record.policies, record.actions.keys(), record.suspended)
    policies, actions, suspended = set(alarmed), set[str](), set[str]()
    for target in targets:
        policies |= target.policies.keys()
        actions |= target.scheduled_actions.keys()
        suspended |= {member for member, on in target.suspended.items() if on}
    return _Held(policies, actions, suspended)


def _follow(record: ScalingRecord, scaling: DesiredScaling, held: _Held, now: float) -> ScalingRecord:
    same_bounds = record.declared == scaling.declared
    actions = {
        name: _action(record, name, members, now) for name, members in scaling.scheduled_actions.items()
    }
    earlier_actions = _others(record.actions.keys() & held.actions, actions.keys())
    policies = frozenset(policy.name for policy in scaling.policies)
    resumed = {member for member, suspended in scaling.suspended.items() if not suspended}
    return ScalingRecord(
        declared=scaling.declared,
        since=record.since if same_bounds else now,
        actions=actions | {name: record.actions[name] for name in earlier_actions},
        policies=policies | _others(record.policies & held.policies, policies),
        suspended=frozenset(member for member, suspended in scaling.suspended.items() if suspended)
        | ((record.suspended - resumed) & held.suspended),
    )


def _action(record: ScalingRecord, name: str, members: Mapping[str, object], now: float) -> ActionRecord:
    fingerprint, known = content_hash(members), record.actions.get(name)
    return known if known and known.fingerprint == fingerprint else ActionRecord(fingerprint, now)


def _others(earlier: AbstractSet[str], declared: AbstractSet[str]) -> frozenset[str]:
    """Return the names of earlier specs for which a record has room besides the declared ones."""
    return frozenset(sorted(earlier - declared)[: MOST_RECORDED - len(declared)])


def _first(
    scaling: DesiredScaling, target: ObservedTarget | None, now: float, *, status_lost: bool
) -> ScalingRecord:
    """Begin a record, also for a target that exists already: its record may have been lost with status.

    If such a target does not have the bounds of the spec, a declared action may have set them. Otherwise
    somebody else did.
    """
    lost = status_lost and target is not None and target.bounds != scaling.declared
    return ScalingRecord(scaling.declared, since=0.0 if lost else now)


def scaling_records_of(statuses: Iterable[ScalingStatus]) -> Mapping[str, ScalingRecord]:
    """Read the records back from status."""
    return {each.name: _decoded(each) for each in statuses}


def _decoded(status: ScalingStatus) -> ScalingRecord:
    return ScalingRecord(
        declared=Bounds(status.min_capacity, status.max_capacity),
        since=status.since.timestamp(),
        actions={
            action.name: ActionRecord(action.fingerprint, action.since.timestamp())
            for action in status.scheduled_actions or ()
        },
        policies=frozenset(status.policies or ()),
        suspended=frozenset(SUSPENDED_MEMBERS[kind] for kind in status.suspended or ()),
    )


def record_scaling(name: str, record: ScalingRecord) -> ScalingStatus:
    """Return the status of a variant's autoscaling with its record; what is shown besides is left out."""
    kinds = [kind for kind, member in SUSPENDED_MEMBERS.items() if member in record.suspended]
    return ScalingStatus.model_validate(
        {
            "name": name,
            "min_capacity": record.declared.minimum,
            "max_capacity": record.declared.maximum,
            "since": moment(record.since),
            "scheduled_actions": [
                ScheduledActionStatus(name=each, fingerprint=known.fingerprint, since=moment(known.since))
                for each, known in sorted(record.actions.items())
            ]
            or None,
            "policies": sorted(record.policies) or None,
            "suspended": kinds or None,
        }
    )


def moment(seconds: float) -> datetime:
    """Return a time on AWS's clock for status, in whole seconds like the clock itself."""
    return datetime.fromtimestamp(int(seconds), UTC)
