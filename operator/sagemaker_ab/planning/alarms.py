"""The alarms of scaling policies: which are read, and what is wrong with them.

AWS makes the alarms of target tracking policies. Those of step scaling policies are ours: AWS only calls a
step policy when an alarm names it, so its alarm follows its ARN.
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-step-scaling-policies.html
"""

from collections.abc import Mapping
from typing import Any, Final

from sagemaker_ab.planning.desired import Desired
from sagemaker_ab.planning.desired_scaling import STEP_SCALING, TARGET_TRACKING, DesiredAlarm, alarm_name
from sagemaker_ab.planning.observed import Observed
from sagemaker_ab.planning.observed_scaling import ObservedPolicy
from sagemaker_ab.planning.problem import Problem
from sagemaker_ab.planning.released import Released
from sagemaker_ab.planning.scaling_records import ScalingRecord

Members = Mapping[str, Any]

_UNSET: Final = ("Statistic", "ExtendedStatistic", "Unit")
"""Members that an alarm must not have when they are not declared."""
ALARMS_UNREAD: Final = (
    "The alarms of step scaling policies cannot be read: the operator's role needs the permission"
    " cloudwatch:DescribeAlarms"
)
_SCALING_POLICY: Final = ":scalingPolicy:"
_OF_OTHERS: Final = ("OKActions", "InsufficientDataActions", "AlarmDescription")
"""Members that somebody else may have set. The operator keeps them."""


def alarms_to_read(
    desired: Desired, observed: Observed, records: Mapping[str, ScalingRecord]
) -> frozenset[str]:
    """Return the names of the alarms on which a plan depends: AWS's, and those of step policies.

    Ours are those of the policies that are declared, that exist, and that an earlier spec declared.
    """
    policies = [policy for target in observed.targets.values() for policy in target.policies.values()]
    theirs = {name for policy in policies if policy.type == TARGET_TRACKING for name in policy.alarms}
    recorded = {
        alarm_name(desired.alarm_prefix, variant, policy)
        for variant, record in records.items()
        for policy in record.policies
    }
    return declared_alarms(desired) | policy_alarms(desired, observed) | theirs | recorded


def declared_alarms(desired: Desired) -> frozenset[str]:
    """Return the names of the alarms that the spec declares."""
    scalings = [variant.scaling for variant in desired.variants if variant.scaling]
    return frozenset(p.alarm.name for scaling in scalings for p in scaling.policies if p.alarm)


def policy_alarms(desired: Desired, observed: Observed) -> frozenset[str]:
    """Return the names that our alarms of the existing step policies have."""
    return frozenset(
        alarm_name(desired.alarm_prefix, variant, name)
        for variant, target in observed.targets.items()
        for name, policy in target.policies.items()
        if policy.type == STEP_SCALING
    )


def alarms_handed_over(prefix: str, observed: Observed) -> frozenset[str]:
    """Return the names that begin with our prefix of those alarms that alone fire an existing step policy.

    Without its alarm, the policy of an endpoint that was handed over would never scale again. A policy that
    the new owner's alarm fires as well does not need ours.
    """
    names = {
        alarm_name(prefix, variant, name): frozenset(policy.alarms)
        for variant, target in observed.targets.items()
        for name, policy in target.policies.items()
        if policy.type == STEP_SCALING
    }
    return frozenset(name for name, firing in names.items() if not firing - {name})


def released_alarms(desired: Desired, released: Mapping[str, Released]) -> frozenset[str]:
    """Return the names that our alarms of the released step policies have."""
    return frozenset(
        alarm_name(desired.alarm_prefix, variant, name)
        for variant, record in released.items()
        for name, policy in record.target.policies.items()
        if policy.type == STEP_SCALING
    )


def alarms_problem(desired: Desired, observed: Observed) -> Problem | None:
    """Return why the alarms that the spec declares could not be read, None if they were."""
    return observed.alarms_problem if declared_alarms(desired) else None


def lacks_alarms(policy: ObservedPolicy, alarms: Mapping[str, Members]) -> bool:
    """Return whether an alarm that AWS made for a target tracking policy was deleted.

    AWS makes two, or one if the policy does not scale in. Whether it still lists a deleted alarm with the
    policy is not known.
    """
    made = 1 if policy.configuration.get("DisableScaleIn") else 2
    return len(policy.alarms) < made or any(name not in alarms for name in policy.alarms)


def alarm_to_put(declared: DesiredAlarm, arn: str, live: Members | None) -> Members | None:
    """Return the members of PutMetricAlarm that make an alarm the declared one; None if it is.

    Actions and a description that somebody else has added stay.
    """
    if live is not None and _is_declared(declared.members, arn, live):
        return None
    found = live or {}
    added = {member: found[member] for member in _OF_OTHERS if member in found}
    return {**declared.members, **added, "ActionsEnabled": True, "AlarmActions": _actions(found, arn)}


def alarm_to_follow(live: Members, arn: str) -> Members | None:
    """Return the members that let an alarm of ours fire a policy by its new ARN; None if it does already."""
    if arn in live.get("AlarmActions", ()):
        return None
    return {**live, "AlarmActions": _actions(live, arn)}


def _actions(live: Members, arn: str) -> list[str]:
    """Return the actions of an alarm with its policy's ARN in the place of an earlier one."""
    return [arn, *(action for action in live.get("AlarmActions", ()) if _SCALING_POLICY not in action)]


def _is_declared(declared: Members, arn: str, live: Members) -> bool:
    expected = {"ActionsEnabled": True, **declared, "Dimensions": _by_name(declared["Dimensions"])}
    found = {"TreatMissingData": "missing", **live, "Dimensions": _by_name(live.get("Dimensions", []))}
    if any(found.get(member) != value for member, value in expected.items()):
        return False
    if any(member in live and member not in declared for member in _UNSET):
        return False
    # AWS may read back its default, which is all of the evaluation periods.
    datapoints = live.get("DatapointsToAlarm", declared["EvaluationPeriods"])
    wanted = declared.get("DatapointsToAlarm", declared["EvaluationPeriods"])
    return datapoints == wanted and arn in live.get("AlarmActions", ())


def _by_name(dimensions: list[Members]) -> list[Members]:
    return sorted(dimensions, key=lambda dimension: str(dimension["Name"]))
