"""What AWS does not show of a variant's autoscaling, kept in status: what the spec declared, and since when.

Policies and scheduled actions carry no tags, so only a record distinguishes those of an earlier spec from
those of somebody else. Without it, the operator leaves alone what may be foreign, and reports it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sagemaker_ab.api.scaling_status import MOST_RECORDED, MOST_VARIANTS, ScalingStatus, ScheduledActionStatus
from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.desired_scaling import SUSPENDED_MEMBERS, Bounds, DesiredScaling, alarm_name
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


def follow_scaling(
    records: Mapping[str, ScalingRecord],
    desired: Desired,
    observed: Observed,
    *,
    released: Collection[str] = (),
    consistent: bool = True,
) -> Mapping[str, ScalingRecord]:
    """Bring the records of the variants that autoscale up to date.

    That of another variant is kept as long as AWS holds a scalable target or an alarm of it, and status has
    room for it. What reads do not show of a variant may still exist if its target is `released`, because it
    is restored part by part, or if reads are not `consistent`.
    """
    scaled = {variant.name for variant in desired.variants if variant.scaling}
    others = [
        name
        for name, record in records.items()
        if name not in scaled and (name in observed.targets or _has_alarm(desired, observed, name, record))
    ]
    # Alarms of a variant without a record are deleted as garbage.
    others.sort(key=lambda name: (name not in observed.targets, -records[name].since))
    kept = {name: records[name] for name in others[: MOST_VARIANTS - len(scaled)]}
    return kept | {
        variant.name: _follow(
            records.get(variant.name),
            variant.scaling,
            observed.targets.get(variant.name),
            observed.now,
            complete=consistent and variant.name not in released,
        )
        for variant in desired.variants
        if variant.scaling is not None
    }


def _has_alarm(desired: Desired, observed: Observed, variant: str, record: ScalingRecord) -> bool:
    names = {alarm_name(desired.alarm_prefix, variant, policy) for policy in record.policies}
    return observed.alarms is None or bool(names & observed.alarms.keys())


def _follow(
    record: ScalingRecord | None,
    scaling: DesiredScaling,
    target: ObservedTarget | None,
    now: float,
    *,
    complete: bool,
) -> ScalingRecord:
    if record is None:
        record = _first(scaling, target, now)
    earlier = record
    if target is not None and complete:
        earlier = _held(record, target)
    actions = {
        name: _action(record, name, members, now) for name, members in scaling.scheduled_actions.items()
    }
    policies = frozenset(policy.name for policy in scaling.policies)
    return ScalingRecord(
        declared=scaling.declared,
        since=record.since if record.declared == scaling.declared else now,
        actions=actions | {name: earlier.actions[name] for name in _added(actions, earlier.actions)},
        policies=policies | _added(policies, earlier.policies),
        suspended=frozenset(member for member, suspended in scaling.suspended.items() if suspended)
        | (earlier.suspended - scaling.suspended.keys()),
    )


def _held(record: ScalingRecord, target: ObservedTarget) -> ScalingRecord:
    """Return what AWS still holds of a record."""
    return replace(
        record,
        actions={name: each for name, each in record.actions.items() if name in target.scheduled_actions},
        policies=record.policies & target.policies.keys(),
        suspended=frozenset(member for member in record.suspended if target.suspended.get(member)),
    )


def _action(record: ScalingRecord, name: str, members: Mapping[str, object], now: float) -> ActionRecord:
    fingerprint, known = content_hash(members), record.actions.get(name)
    return known if known and known.fingerprint == fingerprint else ActionRecord(fingerprint, now)


def _added(declared: Collection[str], earlier: Collection[str]) -> frozenset[str]:
    """Return the names of earlier specs that a record has room for besides the declared ones."""
    others = sorted(set(earlier) - set(declared))
    return frozenset(others[: MOST_RECORDED - len(declared)])


def _first(scaling: DesiredScaling, target: ObservedTarget | None, now: float) -> ScalingRecord:
    """Begin a record, also for a target that exists already: then the record may have been lost.

    If such a target does not have the bounds of the spec, a declared action may have set them.
    """
    lost = target is not None and target.bounds != scaling.declared
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
