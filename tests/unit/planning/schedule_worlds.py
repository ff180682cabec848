"""Scheduled actions of one variant whose bounds in the spec are known since the start of 2026."""

from sagemaker_ab.planning.desired_scaling import Bounds, DesiredScaling
from sagemaker_ab.planning.observed_scaling import ObservedAction, ObservedTarget
from sagemaker_ab.planning.scaling_records import ActionRecord, ScalingRecord

HOUR, DAY = 3600.0, 86_400.0
BEGIN = 1_767_225_600.0
"""Midnight of 1 January 2026, a Thursday, in UTC."""
DECLARED = Bounds(1, 10)


def record(actions, since=BEGIN, **parts):
    known = {name: ActionRecord("", since) for name in actions}
    return ScalingRecord(DECLARED, since, known, **parts)


def held(bounds, actions=None, created=BEGIN, **suspended):
    live = {name: ObservedAction(members, created) for name, members in (actions or {}).items()}
    return ObservedTarget(bounds.minimum, bounds.maximum, {}, suspended, live)


def scaling_of(actions, **parts):
    return DesiredScaling(declared=DECLARED, bounds=DECLARED, scheduled_actions=actions, **parts)
