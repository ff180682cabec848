"""What a scalable target has that neither the spec nor an earlier one has declared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.desired_scaling import DesiredScaling
from sagemaker_ab.planning.intended_bounds import intended
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.observed_scaling import ObservedTarget
from sagemaker_ab.planning.scaling_records import ScalingRecord

_SUSPENSIONS = {
    "DynamicScalingInSuspended": "scaling in is suspended",
    "DynamicScalingOutSuspended": "scaling out is suspended",
    "ScheduledScalingSuspended": "scheduled scaling is suspended",
}


@dataclass(frozen=True, slots=True)
class Undeclared:
    """Names of policies and scheduled actions, and the members of SuspendedState that are true."""

    policies: frozenset[str]
    actions: frozenset[str]
    suspended: frozenset[str]


def undeclared(scaling: DesiredScaling, target: ObservedTarget) -> Undeclared:
    """Return what a target has and the spec does not declare, no matter who made it."""
    return Undeclared(
        policies=frozenset(target.policies.keys() - {policy.name for policy in scaling.policies}),
        actions=frozenset(target.scheduled_actions.keys() - scaling.scheduled_actions.keys()),
        suspended=frozenset(
            member for member, on in target.suspended.items() if on and member not in scaling.suspended
        ),
    )


def to_remove(scaling: DesiredScaling, target: ObservedTarget, record: ScalingRecord | None) -> Undeclared:
    """Return the undeclared parts to remove: those of an earlier spec, or all if the spec asks for it."""
    found = undeclared(scaling, target)
    if scaling.removes_foreign:
        return found
    if record is None:
        return Undeclared(frozenset(), frozenset(), frozenset())
    return Undeclared(
        policies=found.policies & record.policies,
        actions=found.actions & record.actions.keys(),
        suspended=found.suspended & record.suspended,
    )


def describe_foreign(
    desired: Desired, observed: Observed, records: Mapping[str, ScalingRecord]
) -> Iterator[str]:
    """Yield, variant by variant, what is left alone because the spec does not declare it."""
    for variant in desired.variants:
        target, scaling = observed.targets.get(variant.name), variant.scaling
        if target is not None and scaling is not None:
            record = records.get(variant.name)
            parts = list(_parts(scaling, target, record, observed.now))
            if parts:
                yield f"{variant.name}: {', '.join(parts)}"


def _parts(
    scaling: DesiredScaling, target: ObservedTarget, record: ScalingRecord | None, now: float
) -> Iterator[str]:
    found, removed = undeclared(scaling, target), to_remove(scaling, target, record)
    in_effect = intended(scaling, record, target, now).foreign if record else ()
    for name in sorted(found.policies - removed.policies):
        yield f"scaling policy {name}"
    for name in sorted(found.actions - removed.actions):
        bounds = f", whose bounds are in effect ({target.min_capacity} to {target.max_capacity})"
        yield f"scheduled action {name}{bounds if name in in_effect else ''}"
    for member in sorted(found.suspended - removed.suspended):
        yield _SUSPENSIONS.get(member, f"{member} is set")
