"""Scaling policies: which differ from the spec, and in which order they can be changed.

AWS allows one target tracking policy for a metric, and no other type under a policy's name. Such policies
are deleted before others are put.
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sagemaker_ab.planning.desired_scaling import TARGET_TRACKING, DesiredPolicy
from sagemaker_ab.planning.names import content_hash
from sagemaker_ab.planning.observed_scaling import ObservedPolicy

Members = Mapping[str, Any]

_TRACKED: Final = ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
_OPTIONAL: Final = (*_TRACKED, "MinAdjustmentMagnitude")
"""Members that a policy must not have when they are not declared."""


@dataclass(frozen=True, slots=True)
class PolicyPut:
    """A policy to put.

    `deletes` are the live policies that must be deleted first, `after` the declared ones that must be put
    first. `blocked_by` is a live policy that nobody may delete, empty if there is none.
    """

    policy: DesiredPolicy
    deletes: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    blocked_by: str = ""


def policy_puts(
    declared: Sequence[DesiredPolicy],
    live: Mapping[str, ObservedPolicy],
    *,
    removed: frozenset[str],
    repaired: frozenset[str],
) -> Iterator[PolicyPut]:
    """Yield the declared policies that AWS does not hold as declared.

    `removed` are live policies that are deleted anyway, `repaired` those to put again although they look
    right.
    """
    names = {policy.name for policy in declared}
    changing = [policy for policy in declared if policy.name in repaired or not _is_declared(policy, live)]
    earlier: set[str] = set()
    deleted = set(removed)
    for policy in changing:
        before = live.get(policy.name)
        if before is not None and before.type != policy.type:
            deleted.add(policy.name)
        rivals = {name for name, other in live.items() if name != policy.name and same_metric(policy, other)}
        foreign = sorted(rivals - names - deleted)
        # A rival that was put before this one tracks another metric by then.
        deleted |= (rivals & names) - earlier
        yield PolicyPut(
            policy,
            deletes=frozenset((rivals | {policy.name}) & deleted),
            after=frozenset(rivals & earlier),
            blocked_by=foreign[0] if foreign else "",
        )
        earlier.add(policy.name)


def _is_declared(policy: DesiredPolicy, live: Mapping[str, ObservedPolicy]) -> bool:
    """Compare the declared members; others are AWS's defaults."""
    found = live.get(policy.name)
    if found is None or found.type != policy.type:
        return False
    wanted, held = _normal(policy.configuration), _normal(found.configuration)
    defaults = {"DisableScaleIn": False} if policy.type == TARGET_TRACKING else {}
    if any({**defaults, **held}.get(member) != value for member, value in wanted.items()):
        return False
    return not any(member in held and member not in wanted for member in _OPTIONAL)


def same_metric(policy: DesiredPolicy, other: ObservedPolicy) -> bool:
    """Return whether two policies track the same metric, which AWS refuses."""
    if policy.type != TARGET_TRACKING or other.type != TARGET_TRACKING:
        return False
    wanted, held = _normal(policy.configuration), _normal(other.configuration)
    return all(wanted.get(member) == held.get(member) for member in _TRACKED)


def _normal(value: Any) -> Any:
    """Leave out what AWS may read back or not: empty values, a default, and the order of lists.

    Dimensions, steps and metric queries mean the same in any order.
    """
    if isinstance(value, Mapping):
        return {
            key: _normal(each)
            for key, each in value.items()
            if each not in (None, [], {}) and not (key == "ReturnData" and each is True)
        }
    if isinstance(value, list):
        return sorted((_normal(each) for each in value), key=content_hash)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value
